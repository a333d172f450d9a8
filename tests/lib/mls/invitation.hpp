// SPDX-License-Identifier: Apache-2.0
// Alice makes a group and lies to Erin, who joins by the Welcome.
#pragma once

#include "lib/mls/tree_validation.hpp"
#include "tests/lib/mls/forge.hpp"

#include <functional>

namespace godwit::testing {

using namespace godwit::mls;

struct Invitation {
    World world{41};
    Member erin = world.newcomer("erin");
    Member hank = world.newcomer("hank"); ///< Leaf 7, only without a path: unmerged, so no parent hash covers him.
    KeyPackageBundle bundle = world.package(erin);
    Welcome welcome;
    std::optional<Group> after; ///< Alice's view.
    GroupSecrets secrets;
    GroupInfo info;
    std::vector<ResolvedPsk> psks;

    explicit Invitation(bool with_path)
    {
        world.psks.psks[Bytes{1}] = Bytes(32, 1);
        world.found("alice", {{custom_extension, Bytes{1}}});
        world.add(0, {"bob", "carol", "dave", "frank"});
        for (std::size_t i = 0; i < 4; ++i)
            world.commit(i);
        world.add(0, {"gina"}); // Unmerged at what the others have set.
        CommitOptions options;
        options.proposals = {Proposal{Add{bundle.key_package}}, Proposal{PreSharedKey{world.external_psk({1})}}};
        options.force_path = with_path;
        if (!with_path) options.proposals.push_back(Proposal{Add{world.package(hank).key_package}});
        auto out = must(world.group(0).commit(world.env(), options));
        auto message = must_decode<MLSMessage>(*out.welcome);
        welcome = *message.as<Welcome>();
        after = std::move(out.next);
        const auto init = HpkeKeyPair::from_private(bundle.init_private);
        secrets = must_decode<GroupSecrets>(plain(must(decrypt_with_label(
            suite_1, *init, "Welcome", welcome.encrypted_group_info, welcome.secrets[0].encrypted_group_secrets))));
        psks = must(resolve_psk_list(world.env(), nullptr, secrets.psks));
        info = must(open_group_info(suite_1, welcome_secret(), welcome.encrypted_group_info));
    }
    WipedBytes welcome_secret() const { return derive_welcome_secret(secrets.joiner_secret, compute_psk_secret(psks)); }
    /// Signs the GroupInfo, seals it, and encrypts the group secrets to Erin.
    void seal(bool sign = true)
    {
        if (sign) sign_group_info(info, GroupTestAccess::signer(world.group(0)));
        welcome.encrypted_group_info = seal_group_info(suite_1, welcome_secret(), info);
        seal_secrets();
    }
    void seal_secrets()
    {
        welcome.secrets[0].encrypted_group_secrets =
            must(encrypt_with_label(suite_1, bundle.key_package.init_key, "Welcome", welcome.encrypted_group_info,
                                    encode_secret(secrets), world.entropy));
    }
    RatchetTree tree() const { return after->tree(); }
    void set_tree(RatchetTree tree, bool fix_hash = true)
    {
        tree.update_hashes();
        if (fix_hash) info.group_context.tree_hash = tree.root_hash();
        for (Extension& extension : info.extensions)
            if (extension.extension_type == ExtensionType::ratchet_tree) extension.extension_data = encode(tree);
    }
    void change_tree(const std::function<void(RatchetTree&)>& change)
    {
        RatchetTree changed = tree();
        change(changed);
        set_tree(std::move(changed));
        seal();
    }
    void change_parent(NodeIndex x, const std::function<void(ParentNode&)>& change)
    {
        change_tree([&](RatchetTree& t) {
            REQUIRE(t.parent_node(x) != nullptr);
            ParentNode node = *t.parent_node(x);
            change(node);
            t.set_parent(x, std::make_shared<const ParentNode>(std::move(node)));
        });
    }
    void change_leaf(LeafIndex i, const std::function<void(LeafNode&)>& change,
                     const SignatureKeyPair* signer = nullptr)
    {
        change_tree([&](RatchetTree& t) {
            LeafNode leaf = *t.leaf(i);
            change(leaf);
            if (signer != nullptr) sign_leaf_node(leaf, *signer, info.group_context.group_id, i);
            t.set_leaf(i, std::make_shared<const LeafNode>(std::move(leaf)));
        });
    }
    MlsResult<Group> join() { return Group::join(world.env(), welcome, bundle); }
};

} // namespace godwit::testing

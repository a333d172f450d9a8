// SPDX-License-Identifier: Apache-2.0
// Welcomes that must be refused.
#include "tests/lib/mls/invitation.hpp"
#include "tests/lib/mls/kinds.hpp"

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

constexpr auto foreign_credential = static_cast<CredentialType>(0xf0ac);

struct Case {
    const char* name;
    MlsError expected;
    std::function<void(Invitation&)> spoil;
    bool with_path = true;
};

void drop_tree(Invitation& i)
{
    std::erase_if(i.info.extensions,
                  [](const Extension& e) { return e.extension_type == ExtensionType::ratchet_tree; });
    i.seal();
}

PreSharedKeyID subgroup_psk(Invitation& i, ResumptionPSKUsage usage)
{
    auto psk = i.world.resumption_psk(i.world.group(0), i.world.group(0).epoch());
    psk.usage = usage;
    return psk;
}

/// Alice, who has set the nodes above her last, gives `x` another key and makes all parent hashes agree with it.
void rekey(Invitation& i, RatchetTree& tree, NodeIndex x, const Bytes& key)
{
    tree.update_hashes();
    Bytes above;
    auto path = tree.filtered_direct_path(0);
    REQUIRE(std::find(path.begin(), path.end(), x) != path.end());
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
        ParentNode node = *tree.parent_node(*at);
        if (*at == x) node.encryption_key = key;
        node.parent_hash = above;
        above = compute_parent_hash(node, tree.original_tree_hash(*right(*at), node.unmerged_leaves));
        tree.set_parent(*at, std::make_shared<const ParentNode>(std::move(node)));
    }
    LeafNode leaf = *tree.leaf(0);
    leaf.parent_hash = above;
    sign_leaf_node(leaf, GroupTestAccess::signer(*i.after), i.info.group_context.group_id, 0);
    tree.set_leaf(0, std::make_shared<const LeafNode>(std::move(leaf)));
}

const std::vector<Case>& cases()
{
    static const std::vector<Case> out{
        {"untouched but sealed again", MlsError::none, [](Invitation& i) { i.seal(); }},
        {"of another suite", MlsError::welcome_wrong_suite, [](Invitation& i) { i.welcome.cipher_suite = suite_3; }},
        {"for somebody else", MlsError::no_matching_key_package,
         [](Invitation& i) { i.welcome.secrets[0].new_member[0] ^= 1; }},
        {"secrets that do not open", MlsError::welcome_decrypt_failed,
         [](Invitation& i) { i.welcome.secrets[0].encrypted_group_secrets.ciphertext[0] ^= 1; }},
        {"secrets for another GroupInfo", MlsError::welcome_decrypt_failed,
         [](Invitation& i) { i.welcome.encrypted_group_info[0] ^= 1; }},
        {"a GroupInfo that does not open", MlsError::group_info_decrypt_failed,
         [](Invitation& i) {
             i.secrets.joiner_secret[0] ^= 1;
             i.seal_secrets();
         }},
        {"a PSK that we do not have", MlsError::psk_not_found,
         [](Invitation& i) {
             i.secrets.psks[0].psk_id = {9};
             i.seal_secrets();
         }},
        {"a PSK nonce that is too short", MlsError::psk_nonce_length,
         [](Invitation& i) {
             i.secrets.psks[0].psk_nonce.pop_back();
             i.seal_secrets();
         }},
        {"one PSK twice", MlsError::psk_duplicate,
         [](Invitation& i) {
             i.secrets.psks.push_back(i.secrets.psks[0]);
             i.seal_secrets();
         }},
        {"two subgroup PSKs", MlsError::psk_mixed_resumption,
         [](Invitation& i) {
             i.secrets.psks = {subgroup_psk(i, ResumptionPSKUsage::branch),
                               subgroup_psk(i, ResumptionPSKUsage::reinit)};
             i.seal_secrets();
         }},
        {"a GroupInfo of another suite", MlsError::group_info_wrong_suite,
         [](Invitation& i) {
             i.info.group_context.cipher_suite = suite_3;
             i.seal();
         }},
        {"a GroupInfo signature that does not verify", MlsError::bad_group_info_signature,
         [](Invitation& i) {
             i.info.signature[0] ^= 1;
             i.seal(false);
         }},
        {"a GroupInfo in another member's name", MlsError::bad_group_info_signature,
         [](Invitation& i) {
             i.info.signer = 2;
             i.seal();
         }},
        {"a GroupInfo in nobody's name", MlsError::group_info_signer_blank,
         [](Invitation& i) {
             i.info.signer = 700;
             i.seal();
         }},
        {"a GroupInfo extension twice", MlsError::duplicate_extension,
         [](Invitation& i) {
             i.info.extensions.push_back(i.info.extensions.back());
             i.seal();
         }},
        {"a group extension that we do not support", MlsError::group_extension_not_supported,
         [](Invitation& i) {
             i.info.group_context.extensions.push_back({static_cast<ExtensionType>(0xf0ab), {}});
             i.seal();
         }},
        {"a group extension twice", MlsError::duplicate_extension,
         [](Invitation& i) {
             i.info.group_context.extensions.push_back(i.info.group_context.extensions[0]);
             i.seal();
         }},
        {"no tree", MlsError::tree_missing, drop_tree},
        {"a tree that is not the one named", MlsError::tree_hash_mismatch,
         [](Invitation& i) {
             i.info.group_context.tree_hash[0] ^= 1;
             i.seal();
         }},
        {"a tree that ends blank", MlsError::tree_last_blank,
         [](Invitation& i) {
             for (Extension& e : i.info.extensions)
                 if (e.extension_type == ExtensionType::ratchet_tree) e.extension_data = Bytes{0x01, 0x00};
             i.seal();
         }},
        {"a tree with a parent for a leaf", MlsError::tree_node_misplaced,
         [](Invitation& i) {
             for (Extension& e : i.info.extensions)
                 if (e.extension_type == ExtensionType::ratchet_tree) e.extension_data = Bytes{0x02, 0x01, 0x02};
             i.seal();
         }},
        {"a parent key that nobody's parent hash covers", MlsError::parent_hash_invalid,
         [](Invitation& i) {
             i.change_parent(1, [&](ParentNode& n) {
                 n.encryption_key = generate_hpke_key_pair(suite_1, i.world.entropy).public_key;
             });
         }},
        {"a parent hash that is not the one above", MlsError::parent_hash_invalid,
         [](Invitation& i) { i.change_parent(3, [](ParentNode& n) { n.parent_hash.assign(32, 1); }); }},
        {"a blank in a chain of parent hashes", MlsError::parent_hash_invalid,
         [](Invitation& i) { i.change_tree([](RatchetTree& t) { t.set_parent(3, nullptr); }); }},
        {"unmerged leaves out of order", MlsError::unmerged_not_sorted,
         [](Invitation& i) { i.change_parent(7, [](ParentNode& n) { n.unmerged_leaves = {6, 5}; }); }},
        {"an unmerged leaf twice", MlsError::unmerged_not_sorted,
         [](Invitation& i) { i.change_parent(7, [](ParentNode& n) { n.unmerged_leaves = {5, 5}; }); }},
        {"an unmerged leaf that is blank", MlsError::unmerged_not_descendant,
         [](Invitation& i) { i.change_parent(7, [](ParentNode& n) { n.unmerged_leaves = {7}; }); }},
        {"an unmerged leaf of another subtree", MlsError::unmerged_not_descendant,
         [](Invitation& i) { i.change_parent(1, [](ParentNode& n) { n.unmerged_leaves = {4}; }); }},
        {"an unmerged leaf that a node between does not know", MlsError::unmerged_inconsistent,
         [](Invitation& i) { i.change_parent(3, [](ParentNode& n) { n.unmerged_leaves = {1}; }); }},
        {"a low-order parent key that the committer's parent hashes cover", MlsError::parent_invalid_key,
         [](Invitation& i) { i.change_tree([&](RatchetTree& t) { rekey(i, t, 3, Bytes(32, 0)); }); }},
        {"a parent with a member's key, covered by parent hashes", MlsError::duplicate_parent_key,
         [](Invitation& i) {
             const Bytes bobs = i.tree().leaf(1)->encryption_key;
             i.change_tree([&](RatchetTree& t) { rekey(i, t, 3, bobs); });
         }},
        {"a leaf whose signature does not verify", MlsError::bad_leaf_signature,
         [](Invitation& i) { i.change_leaf(7, [](LeafNode& l) { l.credential.content = {'c'}; }); }, false},
        {"a leaf whose key is of low order", MlsError::invalid_encryption_key,
         [](Invitation& i) { i.change_leaf(7, [](LeafNode& l) { l.encryption_key.assign(32, 0); }); }, false},
        {"two leaves with one signature key", MlsError::duplicate_signature_key,
         [](Invitation& i) {
             const SignatureKeyPair& bob = GroupTestAccess::signer(i.world.group(1));
             i.change_leaf(7, [&](LeafNode& l) { l.signature_key = bob.public_key; }, &bob);
         },
         false},
        {"two leaves with one encryption key", MlsError::duplicate_encryption_key,
         [](Invitation& i) {
             i.change_leaf(
                 7, [&](LeafNode& l) { l.encryption_key = i.tree().leaf(1)->encryption_key; }, &i.hank.signer);
         },
         false},
        {"a member with a credential type that others lack", MlsError::credential_not_supported,
         [](Invitation& i) {
             i.change_leaf(
                 7,
                 [](LeafNode& l) {
                     l.credential.credential_type = foreign_credential;
                     l.capabilities.credentials.push_back(foreign_credential);
                 },
                 &i.hank.signer);
         },
         false},
        {"a member whose KeyPackage ended before it began", MlsError::lifetime_backwards,
         [](Invitation& i) { i.change_leaf(7, [](LeafNode& l) { l.lifetime = {2, 1}; }, &i.hank.signer); }, false},
        {"a member without a required capability", MlsError::group_extension_not_supported,
         [](Invitation& i) {
             i.change_leaf(
                 7,
                 [](LeafNode& l) {
                     l.capabilities.extensions.clear();
                     l.extensions.clear();
                 },
                 &i.hank.signer);
         },
         false},
        {"a member leaf that a commit has changed, signed", MlsError::parent_hash_invalid,
         [](Invitation& i) {
             const SignatureKeyPair& carol = GroupTestAccess::signer(i.world.group(2));
             i.change_leaf(2, [](LeafNode& l) { l.credential.content = {'c'}; }, &carol);
         }},
        {"a member that the service refuses", MlsError::invalid_credential,
         [](Invitation& i) {
             i.world.service.refused_identity = to_bytes(as_bytes("carol"));
             i.seal();
         }},
        {"a tree without us", MlsError::own_leaf_not_found,
         [](Invitation& i) {
             const SignatureKeyPair& erin = i.bundle.signer;
             i.change_tree([&](RatchetTree& t) {
                 for (LeafIndex at = 0; at < t.leaves(); ++at)
                     if (t.leaf(at) != nullptr && t.leaf(at)->signature_key == erin.public_key) {
                         LeafNode other = *t.leaf(at);
                         other.credential.content = {'e'};
                         sign_leaf_node(other, erin, i.info.group_context.group_id, at);
                         t.set_leaf(at, std::make_shared<const LeafNode>(other));
                     }
             });
         },
         false},
        {"a path secret that leads elsewhere", MlsError::welcome_path_secret_mismatch,
         [](Invitation& i) {
             i.secrets.path_secret->path_secret[0] ^= 1;
             i.seal_secrets();
         }},
        {"no path secret where the commit had a path", MlsError::welcome_path_secret_missing,
         [](Invitation& i) {
             i.secrets.path_secret.reset();
             i.seal_secrets();
         }},
        {"a path secret where the commit had no path", MlsError::welcome_path_secret_mismatch,
         [](Invitation& i) {
             i.secrets.path_secret = PathSecret{WipedBytes(kdf_nh, 3)};
             i.seal_secrets();
         },
         false},
        {"a path secret of wrong length", MlsError::welcome_path_secret_invalid,
         [](Invitation& i) {
             i.secrets.path_secret->path_secret.pop_back();
             i.seal_secrets();
         }},
        {"a confirmation tag that does not verify", MlsError::bad_confirmation_tag,
         [](Invitation& i) {
             i.info.confirmation_tag[0] ^= 1;
             i.seal();
         }},
        {"a transcript that the epoch does not confirm", MlsError::bad_confirmation_tag,
         [](Invitation& i) {
             i.info.group_context.confirmed_transcript_hash[0] ^= 1;
             i.seal();
         }},
    };
    return out;
}

} // namespace

std::vector<Kind> godwit::testing::welcome_kinds()
{
    return kinds_of(cases());
}

TEST_CASE("refused: Welcomes")
{
    for (const Case& c : cases()) {
        Invitation invitation(c.with_path);
        c.spoil(invitation);
        const auto got = invitation.join();
        CHECK_MESSAGE(got.error() == c.expected,
                      c.name << ": expected " << mls_error_name(c.expected) << ", got " << mls_error_name(got.error()));
    }
    std::printf("refusals: Welcomes %zu kinds\n", cases().size() - 1);
}

TEST_CASE("refused: a path secret for a blank node above us")
{
    // Alice and Erin alone: without a path there is no node between them that could have a key.
    World world(46);
    world.found("alice");
    const auto bundle = world.package(world.newcomer("erin"));
    CommitOptions options;
    options.proposals = {Proposal{Add{bundle.key_package}}};
    options.force_path = false;
    const auto out = must(world.group(0).commit(world.env(), options));
    auto message = must_decode<MLSMessage>(*out.welcome);
    Welcome& welcome = *message.as<Welcome>();
    CHECK(Group::join(world.env(), welcome, bundle).ok());
    auto secrets = must_decode<GroupSecrets>(
        plain(must(decrypt_with_label(suite_1, *HpkeKeyPair::from_private(bundle.init_private), "Welcome",
                                      welcome.encrypted_group_info, welcome.secrets[0].encrypted_group_secrets))));
    secrets.path_secret = PathSecret{WipedBytes(kdf_nh, 3)};
    welcome.secrets[0].encrypted_group_secrets =
        must(encrypt_with_label(suite_1, bundle.key_package.init_key, "Welcome", welcome.encrypted_group_info,
                                encode_secret(secrets), world.entropy));
    CHECK(Group::join(world.env(), welcome, bundle).error() == MlsError::welcome_path_secret_invalid);
}

TEST_CASE("refused: KeyPackages whose private half is another's, and groups that we are in already")
{
    Invitation i(true);
    const auto with = [&](const std::function<void(KeyPackageBundle&)>& change) {
        KeyPackageBundle bundle = i.bundle;
        change(bundle);
        return Group::join(i.world.env(), i.welcome, bundle).error();
    };
    const auto other = i.world.package(i.world.newcomer("other"));
    CHECK(with([](auto&) {}) == MlsError::none);
    CHECK(with([&](auto& b) { b.init_private = other.init_private; }) == MlsError::invalid_argument);
    CHECK(with([&](auto& b) { b.encryption_private = other.encryption_private; }) == MlsError::invalid_argument);
    CHECK(with([&](auto& b) { b.signer = other.signer; }) == MlsError::invalid_argument);
    const Group* ours[] = {&i.world.group(1)};
    Environment env = i.world.env();
    env.groups = ours;
    CHECK(Group::join(env, i.welcome, i.bundle).error() == MlsError::group_id_in_use);
}

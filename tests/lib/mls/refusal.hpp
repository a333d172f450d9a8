// SPDX-License-Identifier: Apache-2.0
// Messages that must be refused, each with its own code, and a group that is none the worse for it: its state does not
// change by a bit, the good commit is accepted afterwards, and it can send. The kinds are told by refusal_*_test.cpp.
#pragma once

#include "tests/lib/mls/forge.hpp"

#include <functional>

namespace godwit::testing {

namespace refusal {

using namespace godwit::mls;
using Access = GroupTestAccess;

inline constexpr auto foreign_proposal = static_cast<ProposalType>(0xf0aa);
inline constexpr auto foreign_extension = static_cast<ExtensionType>(0xf0ab);
inline constexpr auto foreign_credential = static_cast<CredentialType>(0xf0ac);

/// Alice misbehaves, Bob judges. Carol and Dave fill a tree of four leaves.
struct Stage {
    World world{31};
    SignatureKeyPair directory = generate_signature_key_pair(world.entropy);
    Bytes replayed;    ///< An application message that Bob has opened.
    Bytes good_commit; ///< Alice's honest one.
    Commit base;       ///< What it holds: a path and no proposals.
    GroupInfo info;    ///< For outsiders.

    Stage()
    {
        RequiredCapabilities required;
        required.proposal_types = {custom_proposal};
        required.credential_types = {CredentialType::basic};
        const ExternalSenders senders{{{directory.public_key, Credential::basic(as_bytes("directory"))}}};
        world.found("alice", {make_extension(ExtensionType::required_capabilities, required),
                              make_extension(ExtensionType::external_senders, senders),
                              {custom_extension, Bytes{1}}});
        world.add(0, {"bob", "carol", "dave"});
        for (std::size_t i = 0; i < 4; ++i)
            world.commit(i);
        world.psks.psks[Bytes{1}] = Bytes(32, 1);
        replayed = must(alice().encrypt(world.env(), as_bytes("once")));
        must(bob().process(world.env(), replayed));
        good_commit = must(alice().commit(world.env(), {})).commit;
        base = commit_of(good_commit);
        info = world.group(2).group_info(world.env(), true, true);
    }
    Group& alice() { return world.group(0); }
    Group& bob() { return world.group(1); }
    const SignatureKeyPair& alice_key() { return Access::signer(alice()); }

    Bytes with_content(const std::function<void(AuthenticatedContent&)>& change)
    {
        AuthenticatedContent content = own_content(alice(), base);
        change(content);
        return publish(alice(), content);
    }
    Bytes with_path(const std::function<void(UpdatePath&)>& change)
    {
        Commit commit = base;
        change(*commit.path);
        return publish_commit(alice(), commit);
    }
    /// The leaf of the path, changed and signed again.
    Bytes with_leaf(const std::function<void(LeafNode&)>& change, const SignatureKeyPair* signer = nullptr)
    {
        return with_path([&](UpdatePath& path) {
            change(path.leaf_node);
            sign_leaf_node(path.leaf_node, signer != nullptr ? *signer : alice_key(), alice().group_id(), 0);
        });
    }
    Bytes with_proposals(std::vector<Proposal> proposals, bool path = true)
    {
        Commit commit;
        for (Proposal& proposal : proposals)
            commit.proposals.push_back(by_value(std::move(proposal)));
        if (path) commit.path = base.path;
        return publish_commit(alice(), commit);
    }
    /// An Add of a newcomer whose KeyPackage was changed; leaf and package are signed again as asked.
    Bytes with_package(const std::function<void(KeyPackage&)>& change, bool sign_leaf = true, bool sign = true)
    {
        const Member erin = world.newcomer("erin");
        KeyPackage package = world.package(erin).key_package;
        change(package);
        if (sign_leaf) sign_leaf_node(package.leaf_node, erin.signer, {}, 0);
        if (sign) sign_key_package(package, erin.signer);
        return with_proposals({Proposal{Add{std::move(package)}}}, false);
    }
    Bytes with_update(const std::function<void(LeafNode&)>& change)
    {
        LeafNode leaf = *alice().tree().leaf(0);
        leaf.encryption_key = generate_hpke_key_pair(suite_1, world.entropy).public_key;
        leaf.leaf_node_source = LeafNodeSource::update;
        leaf.parent_hash.clear();
        change(leaf);
        sign_leaf_node(leaf, alice_key(), alice().group_id(), 0);
        return publish_proposal(alice(), Proposal{Update{std::move(leaf)}});
    }
    /// An external commit, changed before the outsider signs it again.
    Bytes from_outside(const std::function<void(Commit&)>& change, std::optional<LeafIndex> remove = {},
                       bool sign_leaf = false)
    {
        const Member eve = world.newcomer("eve");
        ExternalJoinOptions join;
        join.leaf = eve.leaf;
        join.signer = eve.signer;
        join.remove = remove;
        auto joined = must(Group::join_external(world.env(), info, join));
        auto message = must_decode<MLSMessage>(joined.commit);
        PublicMessage& open = *message.as<PublicMessage>();
        Commit& commit = std::get<Commit>(open.content.content);
        change(commit);
        if (sign_leaf) sign_leaf_node(commit.path->leaf_node, eve.signer, alice().group_id(), joined.group.own_leaf());
        AuthenticatedContent content{WireFormat::mls_public_message, open.content, open.auth};
        sign_content(content, Access::encoded_context(alice()), eve.signer);
        return encode(MLSMessage{PublicMessage{content.content, content.auth, {}}});
    }
    Bytes directory_says(const Proposal& proposal, Sender sender = {SenderType::external, 0},
                         const SignatureKeyPair* signer = nullptr)
    {
        AuthenticatedContent content;
        content.content.group_id = to_bytes(alice().group_id());
        content.content.epoch = alice().epoch();
        content.content.sender = sender;
        content.content.content = proposal;
        sign_content(content, {}, signer != nullptr ? *signer : directory);
        return encode(MLSMessage{PublicMessage{content.content, content.auth, {}}});
    }
    /// A PrivateMessage of Alice, with the parts in reach.
    Bytes closed(const std::function<void(AuthenticatedContent&, SenderData&)>& change,
                 const std::function<void(PrivateMessage&)>& after = {}, const Bytes& padding = {})
    {
        AuthenticatedContent content = own_content(alice(), Bytes{'h', 'i'});
        content.wire_format = WireFormat::mls_private_message;
        Group copy = alice();
        const auto key = must(Access::secret_tree(copy).next(0, RatchetType::application));
        SenderData sender{0, key.generation, {1, 2, 3, 4}};
        sign_content(content, Access::encoded_context(alice()), alice_key());
        change(content, sender);
        const BytesView secret = Access::sender_data_secret(alice());
        PrivateMessage message = seal_private_message(alice().cipher_suite(), content, key.key, sender, secret, 0);
        if (!padding.empty()) message = seal_with_padding(content, key.key, sender, padding);
        if (after) after(message);
        return encode(MLSMessage{std::move(message)});
    }
    PrivateMessage seal_with_padding(const AuthenticatedContent& content, const MessageKey& key,
                                     const SenderData& sender, const Bytes& padding)
    {
        const CipherSuite suite = alice().cipher_suite();
        PrivateMessage out;
        out.group_id = content.content.group_id;
        out.epoch = content.content.epoch;
        Writer plaintext, aad, sender_aad;
        FramedContent::tls_select(plaintext, content.content, ContentType::application);
        FramedContentAuthData::tls_for(plaintext, content.auth, ContentType::application);
        plaintext.raw(padding);
        aad(out.group_id, out.epoch, out.content_type, out.authenticated_data);
        WipedBytes nonce = key.nonce;
        for (std::size_t i = 0; i < 4; ++i)
            nonce[i] ^= sender.reuse_guard[i];
        out.ciphertext = crypto::aead_suite_seal(aead_of(suite), key.key, nonce, aad.view(), plaintext.view());
        const BytesView sample = BytesView(out.ciphertext).first(kdf_nh);
        const BytesView secret = Access::sender_data_secret(alice());
        sender_aad(out.group_id, out.epoch, out.content_type);
        out.encrypted_sender_data = crypto::aead_suite_seal(
            aead_of(suite), expand_with_label(secret, "key", sample, aead_nk(suite)),
            expand_with_label(secret, "nonce", sample, aead_nn), sender_aad.view(), encode(sender));
        return out;
    }
};

struct Case {
    const char* name;
    MlsError expected;
    std::function<Bytes(Stage&)> make;
};

/// Judges them all by Bob, and says how many there were.
inline int run(const std::vector<Case>& cases)
{
    Stage stage;
    const WipedBytes epoch = stage.bob().serialize_epoch(), ratchets = stage.bob().serialize_ratchets();
    for (const Case& c : cases) {
        const Bytes message = c.make(stage);
        const auto got = stage.bob().process(stage.world.env(), message);
        stage.world.service.accept_successors = true;
        stage.world.service.accept_commits = true;
        CHECK_MESSAGE(got.error() == c.expected,
                      c.name << ": expected " << mls_error_name(c.expected) << ", got " << mls_error_name(got.error()));
        CHECK_MESSAGE(stage.bob().serialize_epoch() == epoch, c.name);
        CHECK_MESSAGE(stage.bob().serialize_ratchets() == ratchets, c.name);
        Group copy = stage.bob();
        const auto good = copy.process(stage.world.env(), stage.good_commit);
        CHECK_MESSAGE(good.ok(), c.name << ": afterwards the good commit got " << mls_error_name(good.error()));
        CHECK_MESSAGE(copy.encrypt(stage.world.env(), as_bytes("go on")).ok(), c.name);
    }
    return static_cast<int>(cases.size());
}

[[nodiscard]] const std::vector<Case>& framing_cases();
[[nodiscard]] const std::vector<Case>& external_commit_cases();
[[nodiscard]] const std::vector<Case>& path_cases();
[[nodiscard]] const std::vector<Case>& proposal_cases();

} // namespace refusal
} // namespace godwit::testing

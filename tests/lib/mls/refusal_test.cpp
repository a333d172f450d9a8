// SPDX-License-Identifier: Apache-2.0
// Messages that must be refused, each with its own code, and a group that is none the worse for it: its state does not
// change by a bit, the good commit is accepted afterwards, and it can send.
#include "tests/lib/mls/forge.hpp"

#include <functional>

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;
using Access = GroupTestAccess;

namespace {

constexpr auto foreign_proposal = static_cast<ProposalType>(0xf0aa);
constexpr auto foreign_extension = static_cast<ExtensionType>(0xf0ab);

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
        leaf.encryption_key = generate_hpke_key_pair(world.entropy).public_key;
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
    Bytes directory_says(const Proposal& proposal, Sender sender = {SenderType::external, 0})
    {
        AuthenticatedContent content;
        content.content.group_id = to_bytes(alice().group_id());
        content.content.epoch = alice().epoch();
        content.content.sender = sender;
        content.content.content = proposal;
        sign_content(content, {}, directory);
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

Bytes flipped(Bytes bytes, std::size_t at)
{
    bytes.at(at) ^= 1;
    return bytes;
}

const std::vector<Case>& framing_cases()
{
    static const std::vector<Case> cases{
        {"cut off", MlsError::truncated,
         [](Stage& s) { return Bytes(s.good_commit.begin(), s.good_commit.end() - 1); }},
        {"one byte more", MlsError::trailing_bytes,
         [](Stage& s) {
             Bytes out = s.good_commit;
             out.push_back(0);
             return out;
         }},
        {"another protocol version", MlsError::unsupported_version, [](Stage& s) { return flipped(s.good_commit, 0); }},
        {"an unknown wire format", MlsError::wrong_wire_format,
         [](Stage& s) {
             Bytes out = s.good_commit;
             out[3] = 9;
             return out;
         }},
        {"a KeyPackage where a message belongs", MlsError::wrong_wire_format,
         [](Stage& s) { return encode(MLSMessage{s.world.package(s.world.newcomer("x")).key_package}); }},
        {"a length in more bytes than needed", MlsError::invalid_varint,
         [](Stage& s) {
             Bytes out = s.good_commit; // group_id is 32 bytes: 20 becomes 40 20.
             out[4] = 0x40;
             out.insert(out.begin() + 5, 0x20);
             return out;
         }},
        {"a sender type that does not exist", MlsError::invalid_enum,
         [](Stage& s) {
             Bytes out = s.good_commit; // version, format, group_id, epoch, then the sender type.
             out[4 + 33 + 8] = 9;
             return out;
         }},
        {"a presence octet of 2", MlsError::invalid_optional,
         [](Stage& s) {
             Bytes out = s.good_commit; // ..., sender, authenticated_data, content type, proposals<V>, path.
             out[4 + 33 + 8 + 5 + 1 + 1 + 1] = 2;
             return out;
         }},
        {"another group", MlsError::wrong_group,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.group_id[0] ^= 1; }); }},
        {"a commit of the next epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.with_content([](auto& c) { ++c.content.epoch; }); }},
        {"a commit of the last epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.with_content([](auto& c) { --c.content.epoch; }); }},
        {"application data in the open", MlsError::public_application_message,
         [](Stage& s) { return publish(s.alice(), own_content(s.alice(), Bytes{1, 2})); }},
        {"a member that does not exist", MlsError::unknown_sender,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender.index = 70000; }); }},
        {"in the name of another member", MlsError::bad_signature,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender.index = 2; }); }},
        {"a commit by an external sender", MlsError::sender_not_allowed,
         [](Stage& s) { return s.with_content([](auto& c) { c.content.sender = {SenderType::external, 0}; }); }},
        {"a commit by a new_member_proposal sender", MlsError::sender_not_allowed,
         [](Stage& s) {
             return s.with_content([](auto& c) { c.content.sender = {SenderType::new_member_proposal, 0}; });
         }},
        {"a proposal by a new_member_commit sender", MlsError::sender_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::new_member_commit, 0}); }},
        {"a membership tag that does not verify", MlsError::bad_membership_tag,
         [](Stage& s) { return flipped(s.good_commit, s.good_commit.size() - 1); }},
        {"a signature that does not verify", MlsError::bad_signature,
         [](Stage& s) {
             AuthenticatedContent content = own_content(s.alice(), s.base);
             content.auth.signature = Bytes(64, 1);
             return encode(
                 MLSMessage{PublicMessage{content.content, content.auth, Access::membership_tag(s.alice(), content)}});
         }},
        {"an echo of our own proposal", MlsError::own_message,
         [](Stage& s) { return publish_proposal(s.bob(), Proposal{Remove{2}}); }},
        {"a replayed application message", MlsError::generation_used, [](Stage& s) { return s.replayed; }},
        {"a generation too far ahead", MlsError::generation_too_far,
         [](Stage& s) { return s.closed([](auto&, auto& sender) { sender.generation = forward_steps_max + 2; }); }},
        {"the end of the ratchet", MlsError::generation_exhausted,
         [](Stage& s) { return s.closed([](auto&, auto& sender) { sender.generation = 0xffffffff; }); }},
        {"sender data that does not open", MlsError::bad_sender_data,
         [](Stage& s) {
             return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.encrypted_sender_data[3] ^= 1; });
         }},
        {"content that does not open", MlsError::bad_ciphertext,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.ciphertext.back() ^= 1; }); }},
        {"authenticated data that was exchanged", MlsError::bad_ciphertext,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.authenticated_data = {7}; }); }},
        {"padding that is not zero", MlsError::nonzero_padding,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, {}, Bytes{0, 0, 4, 0}); }},
        {"a sealed message of a blank leaf", MlsError::unknown_sender,
         [](Stage& s) {
             return s.closed(
                 [](AuthenticatedContent& c, SenderData& d) { c.content.sender.index = d.leaf_index = 99; });
         }},
        {"a sealed message with a bad signature", MlsError::bad_signature,
         [](Stage& s) { return s.closed([](AuthenticatedContent& c, auto&) { c.auth.signature[9] ^= 1; }); }},
        {"a sealed message of a future epoch", MlsError::wrong_epoch,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.epoch += 1; }); }},
        {"a sealed message of an epoch long gone", MlsError::epoch_too_old,
         [](Stage& s) { return s.closed([](auto&, auto&) {}, [](PrivateMessage& m) { m.epoch = 0; }); }},
        {"a sealed handshake message of a past epoch", MlsError::wrong_epoch,
         [](Stage& s) {
             return s.closed([](auto&, auto&) {},
                             [](PrivateMessage& m) {
                                 m.epoch -= 1;
                                 m.content_type = ContentType::commit;
                             });
         }},
    };
    return cases;
}

const std::vector<Case>& path_cases()
{
    static const std::vector<Case> cases{
        {"no path where one is required: nothing proposed", MlsError::path_required,
         [](Stage& s) { return publish_commit(s.alice(), {}); }},
        {"no path where one is required: a Remove", MlsError::path_required,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{2}}}, false); }},
        {"a leaf signature that does not verify", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.leaf_node.signature[0] ^= 1; }); }},
        {"a leaf with source update", MlsError::wrong_leaf_source,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::update; }); }},
        {"a leaf with source key_package", MlsError::wrong_leaf_source,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::key_package; }); }},
        {"the old leaf key again", MlsError::path_leaf_same_key,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(0)->encryption_key; });
         }},
        {"another member's key in the leaf", MlsError::path_key_reused,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"another member's key in the path", MlsError::path_key_reused,
         [](Stage& s) {
             return s.with_path(
                 [&](UpdatePath& p) { p.nodes[0].encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"a path that is too short", MlsError::path_wrong_length,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes.pop_back(); }); }},
        {"a path that is too long", MlsError::path_wrong_length,
         [](Stage& s) {
             return s.with_path([&](UpdatePath& p) {
                 p.nodes.push_back(p.nodes.back());
                 p.nodes.back().encryption_key = generate_hpke_key_pair(s.world.entropy).public_key;
             });
         }},
        {"a ciphertext too few", MlsError::path_wrong_ciphertext_count,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes[1].encrypted_path_secret.clear(); }); }},
        {"a ciphertext too many", MlsError::path_wrong_ciphertext_count,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) {
                 p.nodes[0].encrypted_path_secret.push_back(p.nodes[0].encrypted_path_secret[0]);
             });
         }},
        {"a path secret that does not open", MlsError::path_decrypt_failed,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) { p.nodes[0].encrypted_path_secret[0].ciphertext[0] ^= 1; });
         }},
        {"a KEM output of low order", MlsError::path_decrypt_failed,
         [](Stage& s) {
             return s.with_path([](UpdatePath& p) { p.nodes[0].encrypted_path_secret[0].kem_output = Bytes(32, 0); });
         }},
        {"path secrets that lead to other keys", MlsError::path_key_mismatch,
         [](Stage& s) {
             RatchetTree tree = s.alice().tree();
             auto started = start_path(tree, 0, *tree.leaf(0), s.alice_key(), s.alice().group_id(), s.world.entropy);
             for (PathStep& step : started.steps)
                 step.path_secret[0] ^= 1;
             GroupContext context = s.alice().context();
             ++context.epoch;
             context.tree_hash = tree.root_hash();
             Commit commit;
             commit.path = must(seal_path(suite_1, tree, 0, started, {}, encode(context), s.world.entropy));
             return publish_commit(s.alice(), commit);
         }},
        {"a leaf that claims another parent hash", MlsError::parent_hash_invalid,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.parent_hash[0] ^= 1; }); }},
        {"a path key that the leaf's parent hash does not cover", MlsError::parent_hash_invalid,
         [](Stage& s) {
             return s.with_path([&](UpdatePath& p) {
                 p.nodes[1].encryption_key = generate_hpke_key_pair(s.world.entropy).public_key;
             });
         }},
        {"a low-order key in the path", MlsError::invalid_public_key,
         [](Stage& s) { return s.with_path([](UpdatePath& p) { p.nodes[0].encryption_key = Bytes(32, 0); }); }},
        {"a short key in the leaf", MlsError::invalid_public_key,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.encryption_key.pop_back(); }); }},
        {"a signature key of wrong length", MlsError::invalid_public_key,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.signature_key.push_back(1); }); }},
        {"a credential that the service refuses", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_leaf([&](LeafNode& l) { l.credential.content = s.world.service.refused_identity; });
         }},
        {"a credential that cannot follow the old one", MlsError::invalid_credential_successor,
         [](Stage& s) {
             s.world.service.accept_successors = false;
             return s.with_leaf([](LeafNode& l) { l.credential.content = {'b', 'o', 'b'}; });
         }},
        {"a credential type that its own capabilities lack", MlsError::credential_not_listed,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) { l.credential.credential_type = CredentialType::x509; });
         }},
        {"a credential type that others lack", MlsError::credential_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.credential.credential_type = CredentialType::x509;
                 l.capabilities.credentials.push_back(CredentialType::x509);
             });
         }},
        {"capabilities without the others' credential type", MlsError::credential_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.credential.credential_type = CredentialType::x509;
                 l.capabilities.credentials = {CredentialType::x509};
             });
         }},
        {"a leaf extension that its own capabilities lack", MlsError::leaf_extension_not_listed,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.extensions.push_back({foreign_extension, {}}); }); }},
        {"a leaf extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) { l.extensions = {{custom_extension, {}}, {custom_extension, {}}}; });
         }},
        {"capabilities without mls10", MlsError::version_not_supported,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.versions.clear(); }); }},
        {"capabilities without the group's suite", MlsError::cipher_suite_not_supported,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.cipher_suites = {suite_3}; }); }},
        {"capabilities without a required proposal type", MlsError::required_capability_missing,
         [](Stage& s) { return s.with_leaf([](LeafNode& l) { l.capabilities.proposals.clear(); }); }},
        {"capabilities without the group's extension", MlsError::group_extension_not_supported,
         [](Stage& s) {
             return s.with_leaf([](LeafNode& l) {
                 l.capabilities.extensions.clear();
                 l.extensions.clear();
             });
         }},
        {"another member's signature key", MlsError::duplicate_signature_key,
         [](Stage& s) {
             const SignatureKeyPair& carol = Access::signer(s.world.group(2));
             return s.with_leaf([&](LeafNode& l) { l.signature_key = carol.public_key; }, &carol);
         }},
        {"a confirmation tag that does not verify", MlsError::bad_confirmation_tag,
         [](Stage& s) { return publish_commit(s.alice(), s.base); }},
        {"a commit that the application forbids", MlsError::refused_by_application,
         [](Stage& s) {
             s.world.service.accept_commits = false;
             return s.good_commit;
         }},
    };
    return cases;
}

const std::vector<Case>& proposal_cases()
{
    static const std::vector<Case> cases{
        {"a proposal that nobody saw", MlsError::unknown_proposal,
         [](Stage& s) {
             Commit commit = s.base;
             commit.proposals.push_back({Bytes(32, 5)});
             return publish_commit(s.alice(), commit);
         }},
        {"the committer's own Update", MlsError::update_by_committer,
         [](Stage& s) { return s.with_proposals({Proposal{Update{*s.alice().tree().leaf(0)}}}); }},
        {"the committer removes itself", MlsError::remove_committer,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{0}}}); }},
        {"a Remove of nobody", MlsError::remove_blank_leaf,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{77}}}); }},
        {"two Removes of one member", MlsError::update_after_remove_or_update,
         [](Stage& s) { return s.with_proposals({Proposal{Remove{2}}, Proposal{Remove{2}}}); }},
        {"two Adds of one client", MlsError::add_same_client_twice,
         [](Stage& s) {
             const Member erin = s.world.newcomer("erin");
             return s.with_proposals(
                 {Proposal{Add{s.world.package(erin).key_package}}, Proposal{Add{s.world.package(erin).key_package}}},
                 false);
         }},
        {"an Add of a member", MlsError::add_existing_member,
         [](Stage& s) {
             return s.with_proposals({Proposal{Add{s.world.package(*s.world.members[2]).key_package}}}, false);
         }},
        {"an Add with a member's encryption key", MlsError::duplicate_encryption_key,
         [](Stage& s) {
             return s.with_package(
                 [&](KeyPackage& p) { p.leaf_node.encryption_key = s.alice().tree().leaf(2)->encryption_key; });
         }},
        {"a KeyPackage signature that does not verify", MlsError::bad_key_package_signature,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.signature[0] ^= 1; }, false, false); }},
        {"a KeyPackage leaf signature that does not verify", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.signature[0] ^= 1; }, false); }},
        {"a KeyPackage of another suite", MlsError::key_package_wrong_suite,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.cipher_suite = suite_3; }); }},
        {"a KeyPackage of another version", MlsError::key_package_wrong_version,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.version = static_cast<ProtocolVersion>(2); }); }},
        {"an init key that is the leaf key", MlsError::init_key_reused,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.init_key = p.leaf_node.encryption_key; }); }},
        {"an init key of low order", MlsError::invalid_public_key,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.init_key = Bytes(32, 0); }); }},
        {"an expired KeyPackage", MlsError::leaf_expired,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.lifetime = {5, 6}; }); }},
        {"a KeyPackage from the future", MlsError::leaf_not_yet_valid,
         [](Stage& s) {
             return s.with_package(
                 [](KeyPackage& p) { p.leaf_node.lifetime = {world_now_s + 60, world_now_s + 3600}; });
         }},
        {"a KeyPackage that lives too long", MlsError::lifetime_too_long,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.lifetime.not_after = ~0ull; }); }},
        {"a KeyPackage leaf with source commit", MlsError::wrong_leaf_source,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) { p.leaf_node.leaf_node_source = LeafNodeSource::commit; });
         }},
        {"a KeyPackage extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_package(
                 [](KeyPackage& p) { p.extensions = {{custom_extension, {}}, {custom_extension, {}}}; });
         }},
        {"an Add that lacks a required capability", MlsError::required_capability_missing,
         [](Stage& s) { return s.with_package([](KeyPackage& p) { p.leaf_node.capabilities.proposals.clear(); }); }},
        {"an Add that lacks the group's extension", MlsError::group_extension_not_supported,
         [](Stage& s) {
             return s.with_package([](KeyPackage& p) {
                 p.leaf_node.capabilities.extensions.clear();
                 p.leaf_node.extensions.clear();
             });
         }},
        {"an Add of a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_package(
                 [&](KeyPackage& p) { p.leaf_node.credential.content = s.world.service.refused_identity; });
         }},
        {"a PSK nonce that is too short", MlsError::psk_nonce_length,
         [](Stage& s) {
             auto psk = s.world.external_psk({1});
             psk.psk_nonce.pop_back();
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"a PSK with usage branch", MlsError::psk_usage_not_allowed,
         [](Stage& s) {
             auto psk = s.world.resumption_psk(s.alice(), s.alice().epoch());
             psk.usage = ResumptionPSKUsage::branch;
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"a PSK with usage reinit", MlsError::psk_usage_not_allowed,
         [](Stage& s) {
             auto psk = s.world.resumption_psk(s.alice(), s.alice().epoch());
             psk.usage = ResumptionPSKUsage::reinit;
             return s.with_proposals({Proposal{PreSharedKey{psk}}}, false);
         }},
        {"one PSK twice", MlsError::psk_duplicate,
         [](Stage& s) {
             const auto psk = s.world.external_psk({1});
             return s.with_proposals({Proposal{PreSharedKey{psk}}, Proposal{PreSharedKey{psk}}}, false);
         }},
        {"a PSK that we do not have", MlsError::psk_not_found,
         [](Stage& s) { return s.with_proposals({Proposal{PreSharedKey{s.world.external_psk({66})}}}, false); }},
        {"two GroupContextExtensions", MlsError::multiple_group_context_extensions,
         [](Stage& s) {
             const Proposal same{GroupContextExtensions{s.alice().context().extensions}};
             return s.with_proposals({same, same});
         }},
        {"a known extension that does not decode", MlsError::invalid_extension,
         [](Stage& s) {
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{{ExtensionType::required_capabilities, Bytes{1, 2, 3}}}}}});
         }},
        {"a group extension twice", MlsError::duplicate_extension,
         [](Stage& s) {
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{{custom_extension, {}}, {custom_extension, {}}}}}});
         }},
        {"new requirements that members do not meet", MlsError::required_capability_missing,
         [](Stage& s) {
             RequiredCapabilities required;
             required.credential_types = {CredentialType::x509};
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{make_extension(ExtensionType::required_capabilities, required)}}}});
         }},
        {"a new extension that members do not support", MlsError::group_extension_not_supported,
         [](Stage& s) { return s.with_proposals({Proposal{GroupContextExtensions{{{foreign_extension, {}}}}}}); }},
        {"an external sender that the service refuses", MlsError::invalid_credential,
         [](Stage& s) {
             const ExternalSenders senders{
                 {{s.directory.public_key, Credential::basic(s.world.service.refused_identity)}}};
             return s.with_proposals(
                 {Proposal{GroupContextExtensions{{make_extension(ExtensionType::external_senders, senders)}}}});
         }},
        {"a ReInit in company", MlsError::reinit_with_others,
         [](Stage& s) {
             return s.with_proposals({Proposal{ReInit{Bytes{1}, ProtocolVersion::mls10, suite_1, {}}},
                                      Proposal{PreSharedKey{s.world.external_psk({1})}}});
         }},
        {"a ReInit to a lower version", MlsError::reinit_version_lower,
         [](Stage& s) {
             return s.with_proposals({Proposal{ReInit{Bytes{1}, static_cast<ProtocolVersion>(0), suite_1, {}}}});
         }},
        {"an ExternalInit of a member", MlsError::external_init_not_allowed,
         [](Stage& s) { return s.with_proposals({Proposal{ExternalInit{Bytes(32, 9)}}}); }},
        {"a custom proposal that not all support", MlsError::proposal_type_not_supported,
         [](Stage& s) { return s.with_proposals({Proposal{CustomProposal{foreign_proposal, {}}}}); }},
        // The same judgement when proposals arrive on their own.
        {"an Update that keeps its key", MlsError::update_same_key,
         [](Stage& s) {
             return s.with_update([&](LeafNode& l) { l.encryption_key = s.alice().tree().leaf(0)->encryption_key; });
         }},
        {"an Update with source commit", MlsError::wrong_leaf_source,
         [](Stage& s) { return s.with_update([](LeafNode& l) { l.leaf_node_source = LeafNodeSource::commit; }); }},
        {"an Update to a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.with_update([&](LeafNode& l) { l.credential.content = s.world.service.refused_identity; });
         }},
        {"an Update to a credential that cannot follow", MlsError::invalid_credential_successor,
         [](Stage& s) {
             s.world.service.accept_successors = false;
             return s.with_update([](LeafNode& l) { l.credential.content = {'x'}; });
         }},
        {"an ExternalInit as a proposal", MlsError::external_init_not_allowed,
         [](Stage& s) { return publish_proposal(s.alice(), Proposal{ExternalInit{Bytes(32, 9)}}); }},
        {"an external sender outside the list", MlsError::unknown_sender,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::external, 1}); }},
        {"an Update by an external sender", MlsError::proposal_by_external_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{Update{*s.alice().tree().leaf(0)}}); }},
        {"a custom proposal by an external sender", MlsError::proposal_by_external_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{CustomProposal{custom_proposal, {}}}); }},
        {"a newcomer that proposes a Remove", MlsError::proposal_by_external_not_allowed,
         [](Stage& s) { return s.directory_says(Proposal{Remove{2}}, {SenderType::new_member_proposal, 0}); }},
        {"a newcomer's Add, signed by somebody else", MlsError::bad_signature,
         [](Stage& s) {
             return s.directory_says(Proposal{Add{s.world.package(s.world.newcomer("x")).key_package}},
                                     {SenderType::new_member_proposal, 0});
         }},
    };
    return cases;
}

const std::vector<Case>& external_commit_cases()
{
    static const std::vector<Case> cases{
        {"external: a proposal by reference", MlsError::external_commit_by_reference,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.push_back({Bytes(32, 1)}); }); }},
        {"external: no ExternalInit", MlsError::external_init_count,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.clear(); }); }},
        {"external: two ExternalInits", MlsError::external_init_count,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.proposals.push_back(c.proposals[0]); }); }},
        {"external: an Add", MlsError::external_commit_proposal_not_allowed,
         [](Stage& s) {
             const auto package = s.world.package(s.world.newcomer("friend")).key_package;
             return s.from_outside([&](Commit& c) { c.proposals.push_back(by_value(Proposal{Add{package}})); });
         }},
        {"external: two Removes", MlsError::external_commit_multiple_removes,
         [](Stage& s) {
             return s.from_outside([](Commit& c) {
                 c.proposals.push_back(by_value(Proposal{Remove{2}}));
                 c.proposals.push_back(by_value(Proposal{Remove{3}}));
             });
         }},
        {"external: a Remove of nobody", MlsError::remove_blank_leaf,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.proposals.push_back(by_value(Proposal{Remove{70}})); });
         }},
        {"external: no path", MlsError::path_required,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.path.reset(); }); }},
        {"external: a KEM output of low order", MlsError::bad_external_init,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.proposals[0] = by_value(Proposal{ExternalInit{Bytes(32, 0)}}); });
         }},
        {"external: a KEM output of another group", MlsError::bad_confirmation_tag,
         [](Stage& s) {
             const Bytes other = generate_hpke_key_pair(s.world.entropy).public_key;
             return s.from_outside([&](Commit& c) { c.proposals[0] = by_value(Proposal{ExternalInit{other}}); });
         }},
        {"external: a refused credential", MlsError::invalid_credential,
         [](Stage& s) {
             return s.from_outside(
                 [&](Commit& c) { c.path->leaf_node.credential.content = s.world.service.refused_identity; }, {}, true);
         }},
        {"external: a resync with a foreign credential", MlsError::invalid_credential_successor,
         [](Stage& s) {
             Bytes out = s.from_outside([](Commit&) {}, LeafIndex{2});
             s.world.service.accept_successors = false;
             return out;
         }},
        {"external: a leaf for another group", MlsError::bad_leaf_signature,
         [](Stage& s) { return s.from_outside([](Commit& c) { c.path->leaf_node.signature[0] ^= 1; }); }},
        {"external: signed by another key than the leaf's", MlsError::bad_signature,
         [](Stage& s) {
             Bytes out = s.from_outside([](Commit&) {});
             auto message = must_decode<MLSMessage>(out);
             message.as<PublicMessage>()->auth.signature[5] ^= 1;
             return encode(message);
         }},
        {"external: capabilities that lack a requirement", MlsError::required_capability_missing,
         [](Stage& s) {
             return s.from_outside([](Commit& c) { c.path->leaf_node.capabilities.proposals.clear(); }, {}, true);
         }},
    };
    return cases;
}

int run(const std::vector<Case>& cases)
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

} // namespace

TEST_CASE("refused: framing")
{
    std::printf("refusals: framing %d kinds\n", run(framing_cases()));
}
TEST_CASE("refused: paths and leaves of commits")
{
    std::printf("refusals: paths %d kinds\n", run(path_cases()));
}
TEST_CASE("refused: proposals")
{
    std::printf("refusals: proposals %d kinds\n", run(proposal_cases()));
}
TEST_CASE("refused: external commits")
{
    std::printf("refusals: external commits %d kinds\n", run(external_commit_cases()));
}

TEST_CASE("refused: two members' Updates and Removes by reference, for one leaf")
{
    Stage stage;
    World& world = stage.world;
    const Bytes update = must(world.group(2).propose_update(world.env()));
    const Bytes remove = publish_proposal(stage.alice(), Proposal{Remove{2}});
    Bytes references[2];
    int i = 0;
    for (const Bytes& message : {update, remove})
        references[i++] = must(stage.bob().process(world.env(), message)).proposal_ref;
    Commit commit = stage.base;
    for (const Bytes& reference : references)
        commit.proposals.push_back({reference});
    CHECK(stage.bob().process(world.env(), publish_commit(stage.alice(), commit)).error() ==
          MlsError::update_after_remove_or_update);
    // An Update from outside the group has no leaf to go to; the wire cannot carry one, so ask directly.
    const Proposal outside{Update{*stage.alice().tree().leaf(0)}};
    const Environment env = world.env();
    const ProposalListInput input{stage.bob().context(), stage.bob().tree(), LeafIndex{0}, false, false, env};
    CHECK(check_proposal({&outside, Sender{SenderType::external, 0}}, input) == MlsError::update_not_by_member);
}

TEST_CASE("bounds: the proposal cache of an epoch is finite")
{
    Stage stage;
    World& world = stage.world;
    MlsError last = MlsError::none;
    std::size_t accepted = 0;
    for (std::size_t i = 0; i <= cached_proposals_max; ++i) {
        const Bytes message = publish_proposal(stage.alice(), Proposal{PreSharedKey{world.external_psk({1})}});
        last = stage.bob().process(world.env(), message).error();
        if (last == MlsError::none) ++accepted;
    }
    CHECK(accepted == cached_proposals_max);
    CHECK(last == MlsError::proposal_cache_full);
    CHECK(stage.bob().propose(world.env(), Proposal{Remove{2}}).error() == MlsError::proposal_cache_full);
}

TEST_CASE("the last epoch: nothing follows it")
{
    Stage stage;
    Access::set_epoch(stage.alice(), ~0ull);
    CHECK(stage.alice().commit(stage.world.env(), {}).error() == MlsError::epoch_exhausted);
}

TEST_CASE("callers are told what makes no sense")
{
    Stage stage;
    World& world = stage.world;
    CHECK(stage.alice().propose(world.env(), Proposal{Update{*stage.alice().tree().leaf(0)}}).error() ==
          MlsError::invalid_argument);
    CHECK(stage.alice().export_secret("x", {}, crypto::hkdf_expand_bytes_max + 1).error() == MlsError::export_too_long);
    CHECK(stage.alice().encrypt(world.env(), Bytes(message_bytes_max, 0)).error() == MlsError::message_too_large);
    Member odd = world.newcomer("odd");
    odd.leaf.capabilities.extensions = {ExtensionType::ratchet_tree};
    CHECK(create_key_package(suite_1, odd.signer, odd.leaf, world_lifetime, world.entropy).error() ==
          MlsError::default_type_listed);
    const auto unsupported = static_cast<CipherSuite>(2);
    CHECK(create_key_package(unsupported, odd.signer, odd.leaf, world_lifetime, world.entropy).error() ==
          MlsError::unsupported_cipher_suite);
    CHECK(Group::create(world.env(), unsupported, Bytes{1}, odd.leaf, odd.signer, world_lifetime).error() ==
          MlsError::unsupported_cipher_suite);
    const Error shown = to_error(MlsError::bad_signature);
    CHECK(shown.code == ErrorCode::authentication_failed);
    CHECK(shown.detail == "mls: bad_signature");
    CHECK(mls_error_name(static_cast<MlsError>(9999)) == "unknown");
}

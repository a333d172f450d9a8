// SPDX-License-Identifier: Apache-2.0
// What a relay, a stranger, a withdrawn device or a member that does not keep to the rules can send: each with its
// verdict, and the group as it was.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

using namespace godwit;
using namespace godwit::test;
using mls::MlsError;
using seal::Groups;
using CommitVerdict = seal::CommitOutcome::Verdict;
using Verdict = seal::Opened::Verdict;

namespace {

/// The epoch part of the group, as it would be stored: nothing that was refused may change it.
Bytes epoch_state(Member& member, const ConversationId& conversation)
{
    member.tick([](Groups&) { return 0; });
    const auto value = stored(member, conversation, "epoch");
    return value ? to_bytes(*value) : Bytes{};
}

struct MessageAttack {
    const char* name;
    Verdict verdict;
    seal::Opened (*send)(Four&, const Bytes&); ///< To bob1; the bytes: an honest message 1 of ann1, not opened.
};

seal::Opened at_bob(Four& f, BytesView sealed, const Member& from, const MessageId& id = message_id(1),
                    seal::Purpose purpose = seal::Purpose::content)
{
    return f.open(f.bob1, from, id, sealed, purpose);
}

mls::MLSMessage decoded(const Bytes& bytes)
{
    return must(mls::decode<mls::MLSMessage>(bytes));
}

/// A message that `by` signs and frames by hand.
Bytes forge_message(Four& f, Member& by, mls::LeafIndex claimed, std::uint32_t generation, std::size_t bytes)
{
    using Access = mls::GroupTestAccess;
    auto group = group_of(by, f.conversation);
    mls::AuthenticatedContent content;
    content.wire_format = mls::WireFormat::mls_private_message;
    content.content.group_id = to_bytes(group.group_id());
    content.content.epoch = group.epoch();
    content.content.sender = {mls::SenderType::member, claimed};
    content.content.authenticated_data = seal::bind(1, message_id(1));
    content.content.content = Bytes(bytes, 7);
    mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
    const mls::SenderData sender{claimed, generation, {}};
    // Every member can derive the keys of every other one.
    const auto peek = must(Access::secret_tree(group).peek(claimed, mls::RatchetType::application, generation)).key;
    return mls::encode(mls::MLSMessage{
        mls::seal_private_message(group.cipher_suite(), content, peek, sender, Access::sender_data_secret(group), 0)});
}

const MessageAttack message_attacks[]{
    {"another device claimed by the relay", Verdict::forged,
     [](Four& f, const Bytes& sealed) { return at_bob(f, sealed, f.ann2); }},
    {"a device that is nobody's", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         return f.bob1.tick(
             [&](Groups& g) { return g.open(seal::Purpose::content, message_id(1), DeviceId{}, sealed); });
     }},
    {"our own, reflected", Verdict::forged,
     [](Four& f, const Bytes&) {
         const auto own = f.seal(f.bob1, message_id(1), "mine");
         return at_bob(f, own.bytes, f.bob1);
     }},
    {"for another purpose", Verdict::forged,
     [](Four& f, const Bytes& sealed) { return at_bob(f, sealed, f.ann1, message_id(1), seal::Purpose::control); }},
    {"under another id", Verdict::forged,
     [](Four& f, const Bytes& sealed) { return at_bob(f, sealed, f.ann1, message_id(2)); }},
    {"purpose rewritten", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->authenticated_data = seal::bind(2, message_id(1));
         return at_bob(f, mls::encode(message), f.ann1, message_id(1), seal::Purpose::control);
     }},
    {"id rewritten", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->authenticated_data = seal::bind(1, message_id(9));
         return at_bob(f, mls::encode(message), f.ann1, message_id(9));
     }},
    {"epoch of the future", Verdict::ahead,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->epoch = 77;
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"epoch before we were there", Verdict::behind,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->epoch = 0;
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"incarnation of the past", Verdict::behind,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->group_id = seal::encode_group_id(f.conversation, 0);
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"incarnation of the future", Verdict::ahead,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->group_id = seal::encode_group_id(f.conversation, 2);
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"a conversation that we do not have", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->group_id = seal::encode_group_id(ConversationId{}, 1);
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"a group id of another kind", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->group_id.push_back(0);
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"a commit as a message", Verdict::forged,
     [](Four& f, const Bytes&) { return at_bob(f, f.change(f.ann2).commit, f.ann2); }},
    {"nothing", Verdict::forged, [](Four& f, const Bytes&) { return at_bob(f, {}, f.ann1); }},
    {"noise", Verdict::forged, [](Four& f, const Bytes&) { return at_bob(f, Bytes(300, 0xa5), f.ann1); }},
    {"trailing bytes", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         Bytes longer = sealed;
         longer.push_back(0);
         return at_bob(f, longer, f.ann1);
     }},
    {"more than an envelope holds", Verdict::forged,
     [](Four& f, const Bytes& sealed) {
         auto message = decoded(sealed);
         message.as<mls::PrivateMessage>()->ciphertext.resize(wire::envelope_bytes_max);
         return at_bob(f, mls::encode(message), f.ann1);
     }},
    {"a member in the name of another one", Verdict::forged,
     [](Four& f, const Bytes&) {
         const auto claimed = *seal::find_device(group_of(f.ann2, f.conversation).tree(), f.ann1.id);
         return at_bob(f, forge_message(f, f.ann2, claimed, 0, 10), f.ann1);
     }},
    {"more content than this protocol has", Verdict::forged,
     [](Four& f, const Bytes&) {
         const auto own = group_of(f.ann2, f.conversation).own_leaf();
         return at_bob(f, forge_message(f, f.ann2, own, 5, wire::content_bytes_max + 1), f.ann2);
     }},
};

TEST_CASE("hostile: messages")
{
    for (const auto& attack : message_attacks) {
        SUBCASE(attack.name) // One world each: an attack may use up what the next one needs.
        {
            CAPTURE(attack.name);
            Four f;
            const auto honest = f.seal(f.ann1, message_id(1), "honest");
            const Bytes before = epoch_state(f.bob1, f.conversation);
            const auto got = attack.send(f, honest.bytes);
            CHECK_MESSAGE(got.verdict == attack.verdict, name(got.verdict));
            CHECK(got.content.empty());
            CHECK(epoch_state(f.bob1, f.conversation) == before);
            // And it has not taken the key of the honest one.
            CHECK(at_bob(f, honest.bytes, f.ann1).verdict == Verdict::opened);
            CHECK(at_bob(f, honest.bytes, f.ann1).verdict == Verdict::repeated);
            f.everybody_talks();
        }
    }
}

TEST_CASE("hostile: every flipped byte of a message, and every cut")
{
    Four f;
    const auto honest = f.seal(f.ann1, message_id(1), "honest");
    for (std::size_t i = 0; i < honest.bytes.size(); ++i) {
        CAPTURE(i);
        Bytes bad = honest.bytes;
        bad[i] ^= 0x41;
        const auto got = at_bob(f, bad, f.ann1);
        CHECK(got.verdict != Verdict::opened);
        CHECK(got.verdict != Verdict::repeated);
        CHECK(at_bob(f, BytesView(honest.bytes).first(i), f.ann1).verdict != Verdict::opened);
    }
    CHECK(at_bob(f, honest.bytes, f.ann1).verdict == Verdict::opened);
}

TEST_CASE("hostile: a withdrawn device is not heard in the epochs of its time")
{
    Four f;
    const auto last = f.seal(f.bob2, message_id(1), "sent before, delivered after");
    std::erase(f.world.lists["bob"], f.bob2.id);
    const auto out = f.change(f.ann1);
    // bob2 does not take note, and speaks on in its old epoch.
    const auto defiant = f.bob2.tick(
        [&](Groups& g) { return g.seal(f.circle, seal::Purpose::content, message_id(2), as_bytes("still here")); });
    REQUIRE(defiant.ok());
    for (Member* member : {&f.ann2, &f.bob1})
        CHECK(f.commit(*member, f.ann1, out).verdict == CommitVerdict::applied);
    f.accepted(f.ann1);
    CHECK(f.open(f.ann1, f.bob2, message_id(1), last.bytes).verdict == Verdict::departed);
    CHECK(f.open(f.bob1, f.bob2, message_id(2), defiant->bytes).verdict == Verdict::departed);
    // Its commit, too: of an epoch that is over.
    std::vector<DeviceId> bad;
    const auto revolt = f.bob2.tick([&](Groups& g) { return g.change(f.circle, {}, bad, start_ms); });
    REQUIRE(revolt.ok());
    CHECK(f.commit(f.ann1, f.bob2, *revolt).verdict == CommitVerdict::rival);
    CHECK_FALSE(f.ann1.groups->is_member(f.conversation, f.bob2.id));
}

TEST_CASE("hostile: who knows the group of a conversation is not told what is ahead of strangers")
{
    Four f;
    const auto honest = f.seal(f.ann1, message_id(1), "honest");
    Member& ann3 = f.world.device("ann", "ann3");
    CHECK(f.open(ann3, f.ann1, message_id(1), honest.bytes).verdict == Verdict::ahead);
    f.world.pairs.clear(); // Blocked, say.
    CHECK(f.open(ann3, f.ann1, message_id(1), honest.bytes).verdict == Verdict::forged);
}

// ---- commits ----

struct CommitAttack {
    const char* name;
    CommitVerdict verdict;
    MlsError error;
    seal::CommitOutcome (*send)(Four&, Member& stranger); ///< To bob1.
};

constexpr std::uint64_t commit_id = 4711;

seal::CommitOutcome commit_at_bob(Four& f, BytesView sealed, const DeviceId& from, std::uint64_t id = commit_id)
{
    return f.bob1.tick([&](Groups& g) { return g.commit(message_id(id), from, sealed, f.world.now_ms); });
}

/// ann1 commits what it likes.
seal::CommitOutcome lawless_commit(Four& f, std::vector<mls::Proposal> proposals, mls::CommitOptions options = {},
                                   mls::GroupOptions format = {})
{
    auto group = group_of(f.ann1, f.conversation);
    group.set_options(format);
    options.proposals = std::move(proposals);
    options.authenticated_data = seal::bind(seal::commit_purpose, message_id(commit_id));
    const auto made = must(group.commit(lawless(f.ann1), options));
    return commit_at_bob(f, made.commit, f.ann1.id);
}

mls::KeyPackage package_of(Member& member, const mls::LeafNodeOptions& leaf, mls::Lifetime lifetime,
                           mls::CipherSuite suite = seal::suite)
{
    const auto signer = mls::SignatureKeyPair::from_seed(member.seed);
    return must(mls::create_key_package(suite, signer, leaf, lifetime, member.entropy)).key_package;
}

constexpr mls::Lifetime lifetime{start_ms / 1000 - 3600, start_ms / 1000 + 24 * 3600};

mls::Proposal add_of(Member& member)
{
    return {mls::Add{package_of(member, seal::leaf_options(member.certificate), lifetime)}};
}

seal::CommitOutcome external(Four& f, Member& by, BytesView certificate, const std::optional<DeviceId>& removes,
                             std::uint64_t bound = commit_id)
{
    const auto group = group_of(f.ann1, f.conversation);
    mls::ExternalJoinOptions join;
    join.leaf = seal::leaf_options(certificate);
    join.signer = mls::SignatureKeyPair::from_seed(by.seed);
    if (removes) join.remove = seal::find_device(group.tree(), *removes);
    join.authenticated_data = seal::bind(seal::commit_purpose, message_id(bound));
    auto made = mls::Group::join_external(lawless(by), group.group_info(lawless(f.ann1), true, true), join);
    // One that mls itself would not make: a second leaf of the same key.
    if (!made) return {CommitVerdict::rejected, {}, {}, static_cast<std::uint32_t>(made.error()), "not made"};
    return commit_at_bob(f, made->commit, by.id);
}

Bytes certificate_for(const Member& device, std::string_view by_account, std::string_view signer)
{
    wire::DeviceCertificate certificate;
    certificate.user = by_account;
    certificate.device = device.id;
    certificate.device_name = "forged";
    certificate = identity::sign_certificate(certificate, account_seed(signer));
    certificate.account_key = account_key(by_account);
    return wire::encode(certificate);
}

const CommitAttack commit_attacks[]{
    {"adds an outsider", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member& eve) { return lawless_commit(f, {add_of(eve)}); }},
    {"adds an outsider with a certificate that names Bob's account", CommitVerdict::rejected,
     MlsError::invalid_credential,
     [](Four& f, Member& eve) {
         return lawless_commit(
             f, {{mls::Add{package_of(eve, seal::leaf_options(certificate_for(eve, "bob", "eve")), lifetime)}}});
     }},
    {"adds an outsider with somebody else's certificate", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member& eve) {
         return lawless_commit(f, {{mls::Add{package_of(eve, seal::leaf_options(f.ann2.certificate), lifetime)}}});
     }},
    {"changes the accounts", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         return lawless_commit(
             f, {{mls::GroupContextExtensions{seal::context_extensions({account_key("ann"), account_key("eve")})}}});
     }},
    {"changes nothing, by a context proposal", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         return lawless_commit(f,
                               {{mls::GroupContextExtensions{group_of(f.ann1, f.conversation).context().extensions}}});
     }},
    {"ends the group for another", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         return lawless_commit(
             f,
             {{mls::ReInit{seal::encode_group_id(f.conversation, 9), mls::ProtocolVersion::mls10, seal::suite, {}}}});
     }},
    {"injects a PSK", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         mls::PreSharedKeyID id;
         id.psk_id = Bytes(4, 1);
         id.psk_nonce = Bytes(mls::kdf_nh, 2);
         return lawless_commit(f, {{mls::PreSharedKey{id}}});
     }},
    {"takes the certificate of another device", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member&) {
         mls::CommitOptions options;
         options.leaf = seal::leaf_options(f.ann2.certificate);
         return lawless_commit(f, {}, options);
     }},
    {"takes a signature key of its own", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member& eve) {
         mls::CommitOptions options;
         options.signer = mls::SignatureKeyPair::from_seed(eve.seed);
         return lawless_commit(f, {}, options);
     }},
    {"becomes another device of its account", CommitVerdict::rejected, MlsError::invalid_credential_successor,
     [](Four& f, Member&) {
         Member& ann3 = f.world.device("ann", "ann3");
         mls::CommitOptions options;
         options.leaf = seal::leaf_options(ann3.certificate);
         options.signer = mls::SignatureKeyPair::from_seed(ann3.seed);
         auto out = lawless_commit(f, {}, options);
         f.world.lists["ann"].pop_back();
         return out;
     }},
    {"in the open", CommitVerdict::rejected, MlsError::sender_not_allowed,
     [](Four& f, Member&) { return lawless_commit(f, {}, {}, {mls::HandshakeFormat::public_message, 0}); }},
    {"a proposal as a commit", CommitVerdict::rejected, MlsError::wrong_wire_format,
     [](Four& f, Member&) {
         auto group = group_of(f.ann1, f.conversation);
         const auto proposal = must(group.propose(lawless(f.ann1), {mls::Remove{1}}));
         return commit_at_bob(f, proposal, f.ann1.id);
     }},
    {"a proposal in the open", CommitVerdict::rejected, MlsError::sender_not_allowed,
     [](Four& f, Member&) {
         auto group = group_of(f.ann1, f.conversation);
         group.set_options({mls::HandshakeFormat::public_message, 0});
         return commit_at_bob(f, must(group.propose(lawless(f.ann1), {mls::Remove{1}})), f.ann1.id);
     }},
    {"names a proposal that nobody has", CommitVerdict::rejected, MlsError::unknown_proposal,
     [](Four& f, Member&) {
         auto group = group_of(f.ann1, f.conversation);
         static_cast<void>(
             must(group.propose(lawless(f.ann1), {mls::Remove{*seal::find_device(group.tree(), f.ann2.id)}})));
         mls::CommitOptions options;
         options.authenticated_data = seal::bind(seal::commit_purpose, message_id(commit_id));
         return commit_at_bob(f, must(group.commit(lawless(f.ann1), options)).commit, f.ann1.id);
     }},
    {"under another id", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         const auto made = f.change(f.ann1);
         return commit_at_bob(f, made.commit, f.ann1.id);
     }},
    {"under another device", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) {
         const auto made = f.change(f.ann1);
         return f.bob1.tick([&](Groups& g) { return g.commit(made.id, f.ann2.id, made.commit, start_ms); });
     }},
    {"a message as a commit", CommitVerdict::foreign, MlsError::none,
     [](Four& f, Member&) { return commit_at_bob(f, f.seal(f.ann1, message_id(commit_id), "x").bytes, f.ann1.id); }},
    {"longer than a commit may be", CommitVerdict::rejected, MlsError::message_too_large,
     [](Four& f, Member&) {
         auto message = decoded(f.change(f.ann1).commit);
         message.as<mls::PrivateMessage>()->ciphertext.resize(wire::commit_bytes_max);
         return commit_at_bob(f, mls::encode(message), f.ann1.id);
     }},
    {"noise behind an honest beginning", CommitVerdict::rejected, MlsError::truncated,
     [](Four& f, Member&) {
         const auto made = f.change(f.ann1);
         return commit_at_bob(f, BytesView(made.commit).first(80), f.ann1.id);
     }},
    {"a stranger joins from outside", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member& eve) { return external(f, eve, eve.certificate, std::nullopt); }},
    {"a stranger joins with Bob's name on the certificate", CommitVerdict::rejected, MlsError::invalid_credential,
     [](Four& f, Member& eve) { return external(f, eve, certificate_for(eve, "bob", "eve"), std::nullopt); }},
    {"a new device takes the place of another one", CommitVerdict::rejected, MlsError::invalid_credential_successor,
     [](Four& f, Member&) {
         Member& ann3 = f.world.device("ann", "ann3");
         const auto out = external(f, ann3, ann3.certificate, f.bob2.id);
         f.world.lists["ann"].pop_back();
         return out;
     }},
    {"a member joins beside itself", CommitVerdict::rejected, MlsError::duplicate_signature_key,
     [](Four& f, Member&) { return external(f, f.ann2, f.ann2.certificate, std::nullopt); }},
    {"from outside, under another id", CommitVerdict::rejected, MlsError::refused_by_application,
     [](Four& f, Member&) { return external(f, f.ann2, f.ann2.certificate, f.ann2.id, 1); }},
    {"of an older incarnation", CommitVerdict::foreign, MlsError::none,
     [](Four& f, Member&) {
         auto message = decoded(f.change(f.ann1).commit);
         message.as<mls::PrivateMessage>()->group_id = seal::encode_group_id(f.conversation, 0);
         return commit_at_bob(f, mls::encode(message), f.ann1.id);
     }},
    {"of the future", CommitVerdict::ahead, MlsError::none,
     [](Four& f, Member&) {
         auto message = decoded(f.change(f.ann1).commit);
         message.as<mls::PrivateMessage>()->epoch = 100;
         return commit_at_bob(f, mls::encode(message), f.ann1.id);
     }},
};

TEST_CASE("hostile: commits")
{
    for (const auto& attack : commit_attacks) {
        SUBCASE(attack.name)
        {
            CAPTURE(attack.name);
            Four f;
            Member& eve = f.world.device("eve", "eve1");
            const Bytes before = epoch_state(f.bob1, f.conversation);
            const auto got = attack.send(f, eve);
            CHECK_MESSAGE(got.verdict == attack.verdict, name(got.verdict));
            CHECK_MESSAGE(got.mls_error == static_cast<std::uint32_t>(attack.error), got.detail);
            CHECK(epoch_state(f.bob1, f.conversation) == before);
            // The epoch is open still: an honest commit is taken, and everybody talks.
            for (Member* member : f.all)
                member->tick([&](Groups& g) {
                    g.refused(f.conversation);
                    return 0;
                });
            f.world.accept(f.bob2, f.change(f.bob2));
            f.everybody_talks();
        }
    }
}

TEST_CASE("hostile: every flipped byte of a commit, and of one from outside")
{
    Four f;
    const auto inside = f.change(f.ann1);
    const auto outside = f.rejoin(f.ann2);
    for (const auto* made : {&inside, &outside}) {
        const DeviceId from = made == &inside ? f.ann1.id : f.ann2.id;
        const Bytes before = epoch_state(f.bob1, f.conversation);
        for (std::size_t i = 0; i < made->commit.size(); i += 3) {
            CAPTURE(i);
            Bytes bad = made->commit;
            bad[i] ^= 0x21;
            CHECK(f.bob1.groups->commit(made->id, from, bad, start_ms).verdict != CommitVerdict::applied);
        }
        CHECK(epoch_state(f.bob1, f.conversation) == before);
    }
    f.world.accept(f.ann1, inside);
    CHECK(f.bob1.groups->version(f.conversation)->epoch == inside.from.epoch + 1);
}

} // namespace

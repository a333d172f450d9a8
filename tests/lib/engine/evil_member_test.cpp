// SPDX-License-Identifier: Apache-2.0
// A member that does not keep to the rules, the relay honest: nobody else is bricked, what it did has a name, and what
// it sends fills nobody's memory.
#include "tests/lib/engine/evil_member.hpp"

#include "lib/identity/certificate.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

struct BadCommit {
    const char* name;
    const char* detail; ///< What the others say that it is.
    Lie (*lie)(Siege&, const mls::Group&);
};

mls::LeafIndex leaf_of(const mls::Group& group, Client& client)
{
    return *seal::find_device(group.tree(), id_of(client));
}

const BadCommit bad_commits[]{
    {"a wrong confirmation tag", "bad_confirmation_tag",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
         return out;
     }},
    {"a wrong parent hash", "parent_hash_invalid",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.leaf = [](mls::LeafNode& leaf) { leaf.parent_hash.assign(32, 7); };
         return out;
     }},
    {"a tree with another key than the path says", "parent_hash_invalid",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.path = [](mls::UpdatePath& path) { path.nodes.back().encryption_key.assign(32, 9); };
         return out;
     }},
    {"a path that is too short", "path_wrong_length",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.path = [](mls::UpdatePath& path) { path.nodes.pop_back(); };
         return out;
     }},
    {"path secrets for nobody", "path_wrong_ciphertext_count",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.path = [](mls::UpdatePath& path) { path.nodes.back().encrypted_path_secret.clear(); };
         return out;
     }},
    {"a leaf that is not signed", "bad_leaf_signature",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.path = [](mls::UpdatePath& path) { path.leaf_node.signature[0] ^= 1; };
         return out;
     }},
    {"no path, and nothing proposed", "path_required",
     [](Siege&, const mls::Group&) {
         Lie out;
         out.with_path = false;
         return out;
     }},
    {"a Remove of itself", "remove_committer",
     [](Siege& s, const mls::Group& group) {
         Lie out;
         out.proposals = {mls::Proposal{mls::Remove{leaf_of(group, s.mallory)}}};
         return out;
     }},
    {"an extension of the group's", "refused_by_application",
     [](Siege&, const mls::Group& group) {
         Lie out;
         out.proposals = {mls::Proposal{mls::GroupContextExtensions{group.context().extensions}}};
         return out;
     }},
};

} // namespace

TEST_CASE("a member commits what is not valid: refused by all, named, the epoch open again")
{
    for (const auto& bad : bad_commits) {
        SUBCASE(bad.name)
        {
            CAPTURE(bad.name);
            Siege siege(601);
            const auto before = group_of(siege.mallory, siege.conversation);
            const auto bytes = mls_bytes(siege.alice, siege.conversation);
            const auto rejected = siege.world.relay_counters().group_rejects;
            for (int n = 0; n < 3; ++n) { // As often as it likes.
                const auto id = siege.fresh_id();
                const auto sealed = siege.lie(before, id, bad.lie(siege, before));
                const auto answer = siege.commit(siege.mallory, before, id, sealed, siege.false_info(before));
                CHECK(answer.error.code == ErrorCode::ok);
                siege.world.run_for(seconds(3));
            }
            REQUIRE(siege.all_told(SecurityKind::commit_rejected));
            for (auto* one : siege.honest) {
                const auto* told = siege.last(*one, SecurityKind::commit_rejected);
                CHECK(told->user == "mallory");
                CHECK(told->device == id_of(siege.mallory));
                CHECK_MESSAGE(told->detail.find(bad.detail) != std::string::npos, told->detail);
            }
            CHECK(siege.world.relay_counters().group_rejects > rejected);
            siege.goes_on();
            CHECK(mls_bytes(siege.alice, siege.conversation) < 2 * bytes);
        }
    }
}

TEST_CASE("a member commits what one device accepts and another cannot: both come together again")
{
    Siege siege(602);
    const auto before = group_of(siege.mallory, siege.conversation);
    const auto id = siege.fresh_id();
    Lie lie;
    bool says_that_phone_is_out = false;
    SUBCASE("a path secret that is rubbish for the phone")
    {
        // Each of Alice's devices has a ciphertext of its own: the phone's is the last of its node.
        const auto target = leaf_of(before, siege.phone);
        lie.path = [&, target](mls::UpdatePath& path) {
            auto tree = before.tree();
            std::size_t node = 0;
            for (const auto x : tree.filtered_direct_path(before.own_leaf())) {
                const auto copath = mls::node_of(before.own_leaf()) < x ? *mls::right(x) : *mls::left(x);
                if (mls::is_below(mls::node_of(target), copath)) {
                    const auto resolution = tree.resolution(copath);
                    const auto at = std::find(resolution.begin(), resolution.end(), mls::node_of(target));
                    const auto place = at == resolution.end() ? 0 : at - resolution.begin();
                    path.nodes[node].encrypted_path_secret[static_cast<std::size_t>(place)].ciphertext[0] ^= 1;
                }
                ++node;
            }
        };
    }
    SUBCASE("it removes the phone, which cannot see that the others will refuse it")
    {
        says_that_phone_is_out = true;
        const auto out = leaf_of(before, siege.phone);
        lie.proposals = {mls::Proposal{mls::Remove{out}}};
        lie.tree = [out](mls::RatchetTree& tree) { tree.remove_leaf(out); };
        lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
    }
    const auto sealed = siege.lie(before, id, lie);
    const auto answer = siege.commit(siege.mallory, before, id, sealed, siege.false_info(before));
    REQUIRE(answer.error.code == ErrorCode::ok);
    auto& who_refuses = says_that_phone_is_out ? siege.alice : siege.phone;
    REQUIRE(siege.world.run_until([&] { return told(who_refuses, SecurityKind::commit_rejected) > 0; }));
    CHECK(siege.last(who_refuses, SecurityKind::commit_rejected)->device == id_of(siege.mallory));
    siege.goes_on(minutes(10));
}

TEST_CASE("a member puts a device out that its account lists: named, and the device comes back")
{
    Siege siege(603);
    auto before = group_of(siege.mallory, siege.conversation);
    const auto id = siege.fresh_id();
    mls::CommitOptions options;
    options.proposals = {mls::Proposal{mls::Remove{leaf_of(before, siege.phone)}}};
    options.authenticated_data = seal::bind(seal::commit_purpose, id);
    const auto made = must(before.commit(siege.lawless(), options));
    bool says_so = true;
    SUBCASE("and tells it") {}
    SUBCASE("and does not")
    {
        says_so = false;
    }
    const auto answer =
        siege.commit(siege.mallory, before, id, made.commit, made.next.group_info(siege.lawless(), true, true),
                     says_so ? std::set<DeviceId>{} : std::set<DeviceId>{id_of(siege.phone)});
    REQUIRE(answer.error.code == ErrorCode::ok);
    REQUIRE(siege.world.run_until([&] { return told(siege.alice, SecurityKind::device_evicted) > 0; }));
    const auto* evicted = siege.last(siege.alice, SecurityKind::device_evicted);
    CHECK(evicted->device == id_of(siege.phone));
    CHECK_MESSAGE(evicted->detail.find("of mallory") != std::string::npos, evicted->detail);
    siege.goes_on();
    CHECK(told(siege.phone, SecurityKind::group_rejoined) >= 1);
}

TEST_CASE("a member adds a device that its account does not list: named, removed, and nothing was sealed to it")
{
    Siege siege(604);
    auto before = group_of(siege.mallory, siege.conversation);
    const auto identity = *siege.mallory.store.identity();
    const Bytes seed(32, 0x5e);
    const auto signer = mls::SignatureKeyPair::from_seed(seed);
    wire::DeviceCertificate certificate;
    certificate.user = "mallory";
    certificate.device = *DeviceId::from(signer.public_key);
    certificate.created_ms = 1;
    certificate.device_name = "under the bed";
    const auto signed_one = wire::encode(identity::sign_certificate(certificate, identity.account_seed));
    const auto now_s = static_cast<std::uint64_t>(siege.world.wall_ms()) / 1000;
    const auto bundle = must(mls::create_key_package(seal::suite, signer, seal::leaf_options(signed_one),
                                                     {now_s - 3600, now_s + 3600}, siege.entropy));
    const auto id = siege.fresh_id();
    mls::CommitOptions options;
    options.proposals = {mls::Proposal{mls::Add{bundle.key_package}}};
    options.authenticated_data = seal::bind(seal::commit_purpose, id);
    const auto made = must(before.commit(siege.lawless(), options));
    const auto answer =
        siege.commit(siege.mallory, before, id, made.commit, made.next.group_info(siege.lawless(), true, true));
    REQUIRE(answer.error.code == ErrorCode::ok);
    // The device under the bed has its Welcome by another way, and listens.
    auto message = must(mls::decode<mls::MLSMessage>(*made.welcome));
    auto listener = must(mls::Group::join(siege.lawless(), *message.as<mls::Welcome>(), bundle));
    const auto secret = siege.alice.send("mallory", "not for that one");
    REQUIRE(siege.all_told(SecurityKind::device_unlisted));
    for (auto* one : siege.honest) {
        CHECK(siege.last(*one, SecurityKind::device_unlisted)->user == "mallory");
        CHECK(siege.last(*one, SecurityKind::device_unlisted)->device == certificate.device);
    }
    siege.goes_on();
    CHECK(siege.alice.state(secret) == MessageState::delivered);
    CHECK_FALSE(seal::find_device(group_of(siege.alice, siege.conversation).tree(), certificate.device).has_value());
    // What Alice sealed meanwhile is of an epoch that the listener is not in.
    const auto envelope = siege.alice.store.envelope(secret);
    if (envelope && !envelope->sealed.empty()) CHECK_FALSE(listener.process(siege.lawless(), envelope->sealed).ok());
    CHECK(group_of(siege.alice, siege.conversation).epoch() > listener.epoch());
}

TEST_CASE("a member's other device joins from outside and puts somebody else out: refused by all, named")
{
    Siege siege(605);
    auto& tablet = siege.world.client("mallory.tablet");
    siege.silent.insert(&tablet);
    siege.no_packages.insert(&tablet);
    siege.enter(tablet);
    siege.world.run_for(seconds(5));
    const auto before = group_of(siege.mallory, siege.conversation);
    const auto identity = *tablet.store.identity();
    const auto id = siege.fresh_id();
    mls::ExternalJoinOptions join;
    join.leaf = seal::leaf_options(identity.certificate);
    join.signer = mls::SignatureKeyPair::from_seed(identity.device_seed);
    join.remove = leaf_of(before, siege.phone);
    join.authenticated_data = seal::bind(seal::commit_purpose, id);
    const auto made =
        must(mls::Group::join_external(siege.lawless(), before.group_info(siege.lawless(), true, true), join));
    const auto answer =
        siege.commit(tablet, before, id, made.commit, made.group.group_info(siege.lawless(), true, true));
    REQUIRE(answer.error.code == ErrorCode::ok);
    REQUIRE(siege.all_told(SecurityKind::commit_rejected));
    for (auto* one : siege.honest) {
        const auto* told = siege.last(*one, SecurityKind::commit_rejected);
        CHECK(told->device == id_of(tablet));
        CHECK_MESSAGE(told->detail.find("invalid_credential_successor") != std::string::npos, told->detail);
    }
    siege.goes_on();
    CHECK(seal::find_device(group_of(siege.alice, siege.conversation).tree(), id_of(siege.phone)).has_value());
}

TEST_CASE("a member repeats commits of its own: the relay has an answer, nobody moves")
{
    Siege siege(606);
    auto before = group_of(siege.mallory, siege.conversation);
    const auto id = siege.fresh_id();
    mls::CommitOptions options;
    options.authenticated_data = seal::bind(seal::commit_purpose, id);
    const auto made = must(before.commit(siege.lawless(), options));
    const auto info = made.next.group_info(siege.lawless(), true, true);
    REQUIRE(siege.commit(siege.mallory, before, id, made.commit, info).error.code == ErrorCode::ok);
    siege.world.run_for(seconds(5));
    const auto epoch = group_of(siege.alice, siege.conversation).epoch();
    CHECK(epoch == before.epoch() + 1);
    // The same again; under another id; as a message.
    for (int n = 0; n < 20; ++n) {
        (void)siege.commit(siege.mallory, before, id, made.commit, info);
        CHECK(siege.commit(siege.mallory, before, siege.fresh_id(), made.commit, info).error.code != ErrorCode::ok);
        siege.mail(siege.fresh_id(), made.commit);
        siege.world.run_for(seconds(1));
    }
    siege.world.run_for(seconds(10));
    for (auto* one : siege.honest) {
        CHECK(group_of(*one, siege.conversation).epoch() == epoch);
        CHECK(told(*one, SecurityKind::group_rejoined) == 0);
    }
    siege.goes_on();
}

TEST_CASE("a member jumps ahead in its ratchet: nobody follows further than forward_steps_max, and little is kept")
{
    Siege siege(607);
    for (const std::uint32_t generation : {0xffffffffu, 0xfffffffeu, 0x80000000u, mls::forward_steps_max + 2000}) {
        const auto id = siege.fresh_id();
        siege.mail(id, siege.message_of_generation(generation, id, as_bytes("far")));
    }
    siege.world.run_for(seconds(5));
    for (auto* one : siege.honest)
        CHECK(group_of(*one, siege.conversation).skipped_keys() <= mls::forward_steps_max);
    // As far as it may, again and again.
    std::uint32_t generation = 1000;
    for (int n = 0; n < 12; ++n, generation += mls::forward_steps_max) {
        const auto id = siege.fresh_id();
        mls::Group group = group_of(siege.mallory, siege.conversation);
        auto& ratchets = mls::GroupTestAccess::secret_tree(group);
        while (must(ratchets.next(group.own_leaf(), mls::RatchetType::application)).generation + 1 < generation)
            ;
        mls::AuthenticatedContent content;
        content.wire_format = mls::WireFormat::mls_private_message;
        content.content.group_id = to_bytes(group.group_id());
        content.content.epoch = group.epoch();
        content.content.sender = {mls::SenderType::member, group.own_leaf()};
        content.content.authenticated_data = seal::bind(static_cast<std::uint8_t>(seal::Purpose::content), id);
        content.content.content = to_bytes(as_bytes("skipped"));
        mls::sign_content(content, mls::GroupTestAccess::encoded_context(group), mls::GroupTestAccess::signer(group));
        const auto key = must(ratchets.next(group.own_leaf(), mls::RatchetType::application));
        const mls::SenderData sender{group.own_leaf(), key.generation, {}};
        siege.mail(id, mls::encode(mls::MLSMessage{
                           mls::seal_private_message(group.cipher_suite(), content, key.key, sender,
                                                     mls::GroupTestAccess::sender_data_secret(group), 0)}));
        siege.world.run_for(seconds(1));
        for (auto* one : siege.honest) {
            CHECK(group_of(*one, siege.conversation).skipped_keys() <= mls::skipped_keys_max);
            CHECK(mls_bytes(*one, siege.conversation) < 128 * 1024);
        }
    }
    CHECK(group_of(siege.alice, siege.conversation).skipped_keys() > 0); // It was followed as far as it may go.
    siege.goes_on(minutes(5), false);
}

TEST_CASE("a member mails every kind of MLS message, and rubbish: nobody moves, nothing is shown")
{
    Siege siege(608);
    auto group = group_of(siege.mallory, siege.conversation);
    auto open = group;
    open.set_options({mls::HandshakeFormat::public_message, 0});
    const auto env = siege.lawless();
    const auto now_s = static_cast<std::uint64_t>(siege.world.wall_ms()) / 1000;
    const auto bundle = must(mls::create_key_package(seal::suite, mls::GroupTestAccess::signer(group),
                                                     seal::leaf_options(siege.mallory.store.identity()->certificate),
                                                     {now_s - 3600, now_s + 3600}, siege.entropy));
    mls::Welcome welcome;
    welcome.cipher_suite = seal::suite;
    welcome.encrypted_group_info = Bytes(100, 1);
    welcome.secrets.push_back({Bytes(32, 1), {Bytes(32, 2), Bytes(64, 3)}});
    auto closed = group;
    const Bytes honest = must(closed.encrypt(env, as_bytes("x"), seal::bind(1, siege.fresh_id())));
    std::vector<Bytes> letters{
        must(open.propose(env, mls::Proposal{mls::Remove{0}})),
        must(open.commit(env, {})).commit,
        must(group.propose(env, mls::Proposal{mls::Remove{0}})),
        must(mls::Group(group_of(siege.mallory, siege.conversation)).commit(env, {})).commit,
        mls::encode(mls::MLSMessage{welcome}),
        mls::encode(mls::MLSMessage{group.group_info(env, true, true)}),
        mls::encode(mls::MLSMessage{bundle.key_package}),
        honest, // Bound to another id.
        Bytes(1000, 0xa5),
        Bytes{0, 1},
        Bytes{},
    };
    Bytes unknown_format = honest;
    unknown_format[3] = 9;
    letters.push_back(unknown_format);
    const auto epoch = group_of(siege.alice, siege.conversation).epoch();
    const auto seen = siege.alice.heard.received.size();
    const auto bytes = mls_bytes(siege.alice, siege.conversation);
    for (int n = 0; n < 5; ++n)
        for (const auto& letter : letters)
            siege.mail(siege.fresh_id(), letter);
    siege.world.run_for(seconds(20));
    for (auto* one : siege.honest) {
        CHECK(group_of(*one, siege.conversation).epoch() == epoch);
        CHECK(siege.alarms_of_forgery(*one) > 0);
        CHECK(told(*one, SecurityKind::group_rejoined) == 0);
    }
    CHECK(siege.alice.heard.received.size() == seen);
    CHECK(mls_bytes(siege.alice, siege.conversation) < bytes + 8 * 1024);
    siege.goes_on();
}

TEST_CASE(
    "a member's commit puts a device out and is refused by all others: taken back, and that device goes on as before")
{
    Siege siege(609);
    auto& tablet = siege.world.client("mallory.tablet");
    siege.enter(tablet);
    REQUIRE(siege.world.run_until([&] { return group_of(siege.phone, siege.conversation).tree().member_count() == 4; },
                                  minutes(2)));
    siege.world.run_for(seconds(15));
    const auto before = group_of(siege.mallory, siege.conversation);
    REQUIRE(group_of(siege.phone, siege.conversation).epoch() == before.epoch());
    const auto out = leaf_of(before, siege.phone);
    const auto taken_back = siege.world.relay_counters().group_rejects;
    const auto id = siege.fresh_id();
    Lie lie;
    lie.proposals = {mls::Proposal{mls::Remove{out}}};
    lie.tree = [out](mls::RatchetTree& tree) { tree.remove_leaf(out); };
    lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
    bool restarts = false;
    SUBCASE("at once") {}
    SUBCASE("and it restarts meanwhile")
    {
        restarts = true;
    }
    const auto answer = siege.commit(siege.mallory, before, id, siege.lie(before, id, lie), siege.false_info(before));
    REQUIRE(answer.error.code == ErrorCode::ok);
    if (restarts) {
        siege.world.run_for(milliseconds(60));
        siege.phone.crash();
        siege.world.run_for(seconds(5));
        siege.phone.start();
    }
    REQUIRE(siege.world.run_until([&] { return siege.world.relay_counters().group_rejects > taken_back; }));
    siege.world.run_for(seconds(15));
    // The same group, the same epoch, the same keys; and nobody had to commit for it.
    CHECK(siege.head(siege.phone) == siege.head(siege.alice));
    CHECK(group_of(siege.phone, siege.conversation).epoch() == before.epoch());
    CHECK(std::ranges::equal(group_of(siege.phone, siege.conversation).group_id(), before.group_id()));
    if (!restarts) {
        const auto* told_back = siege.last(siege.phone, SecurityKind::group_rejoined);
        REQUIRE(told_back != nullptr);
        CHECK(told_back->device == id_of(siege.mallory));
        CHECK_MESSAGE(told_back->detail.find("taken back") != std::string::npos, told_back->detail);
    }
    siege.goes_on();
    CHECK(std::ranges::equal(group_of(siege.phone, siege.conversation).group_id(), before.group_id()));
}

// SPDX-License-Identifier: Apache-2.0
// Stories of what must not be had by the way: the id of a conversation of two, the link of a group for who was put out,
// memory by Welcomes; and of a leaf that gets fresh keys, whoever is missing.
#include "tests/lib/engine/evil_member.hpp"
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

#include "lib/engine/account.hpp"
#include "lib/identity/conversation_id.hpp"
#include "lib/seal/key_packages.hpp"
#include "tests/support/memory_store.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

namespace {

PublicKey key_of(Client& client)
{
    return client.store.identity()->account_key;
}

seal::DeviceKeys keys_of(Client& client)
{
    return engine::account::device_keys(*client.store.identity());
}

/// Alice knows Bob and Carol, who do not know each other; the relay is honest, and its hand is there.
struct Friends {
    World world;
    EvilRelay evil{world};
    Client &alice, &bob, &carol;

    explicit Friends(std::uint64_t seed)
        : world(seed), alice(world.client("alice")), bob(world.client("bob")), carol(world.client("carol"))
    {
        world.befriend(alice, bob);
        world.befriend(alice, carol);
        world.run_for(seconds(5));
    }
    ConversationId pair() { return identity::conversation_of(key_of(bob), key_of(carol)); }
    void check_they_talk(Client& a, Client& b)
    {
        for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
            const auto id = from->send(to->account(), "it is me");
            CHECK(world.run_until([&] { return from->state(id) == MessageState::delivered; }, minutes(2)));
        }
    }
};

/// The relay has no KeyPackage of Bob's, and his own device does not hear of the group either.
struct BobWithoutLeaf {
    bool handed_out = false; ///< His KeyPackages.
    bool joins = false;      ///< His own device, from outside.

    explicit BobWithoutLeaf(Friends& f)
    {
        f.evil.on_way_up = [this, &f](Client& from, frame::ClientFrame& what) {
            auto* request = std::get_if<frame::Request>(&what);
            if (request == nullptr) return true;
            if (const auto* fetch = std::get_if<frame::KeyPackageFetch>(&request->body))
                if (fetch->user == "bob" && !handed_out) {
                    f.evil.push(from, frame::Response{request->id, {ErrorCode::ok, {}, 0}, frame::KeyPackages{}});
                    return false;
                }
            if (&from != &f.bob || joins) return true;
            return !std::holds_alternative<frame::GroupFetch>(request->body);
        };
    }
    BobWithoutLeaf(const BobWithoutLeaf&) = delete;
    BobWithoutLeaf& operator=(const BobWithoutLeaf&) = delete;
};

/// Notes of what happened to the group.
std::size_t told_of_group(Client& client, const std::string& with)
{
    const auto all = client.history(with);
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [](const auto& one) { return std::holds_alternative<content::GroupNote>(one.body); }));
}

/// Believes what it is told.
class Nobody final : public seal::Directory {
public:
    std::optional<seal::Circle> circle_of(const ConversationId&) const override { return std::nullopt; }
};

MessageId mail_id(std::uint8_t n)
{
    MessageId out;
    out.bytes[0] = 0xe0;
    out.bytes[1] = n;
    return out;
}

} // namespace

TEST_CASE("a contact makes a group under the id of a conversation of two: nobody follows, and it is in nobody's way")
{
    Friends f(731);
    const auto follow = [&](std::uint8_t n) {
        Nobody nobody;
        MemoryStore store;
        test::SeededEntropy entropy(n);
        seal::Groups groups(keys_of(f.alice), store, entropy, nobody);
        seal::Circle circle{f.pair(), {}, true, seal::GroupPlan{}};
        auto& policy = circle.plan->policy;
        policy.profile = Bytes(64, 7);
        for (auto* one : {&f.alice, &f.bob, &f.carol}) {
            policy.members.push_back({one->account(), key_of(*one), one == &f.alice ? Role::owner : Role::member, 0});
            if (one != &f.carol) circle.parties.push_back({one->account(), key_of(*one), {id_of(*one)}});
        }
        if (n == 2) std::erase_if(policy.members, [&](const auto& one) { return one.user == "carol"; });
        std::sort(policy.members.begin(), policy.members.end(),
                  [](const auto& a, const auto& b) { return a.account_key < b.account_key; });
        std::vector<DeviceId> bad;
        store.begin();
        const auto made =
            groups.create(circle, 1, {{id_of(f.bob), *(f.evil.packages["bob"].rbegin() + n)}}, bad, f.world.wall_ms());
        groups.flush();
        REQUIRE(store.commit().ok());
        REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().detail));
        REQUIRE(bad.empty());
        f.evil.deliver(f.bob, id_of(f.alice), {mail_id(n), made->welcome});
        f.world.run_for(seconds(5));
    };
    SUBCASE("that names the other one: it is known at once")
    {
        follow(1);
        CHECK(told(f.bob, SecurityKind::group_invalid) == 1);
        CHECK(told(f.bob, What::joined) == 0);
    }
    SUBCASE("that does not: it gives way when the two become contacts")
    {
        follow(2);
        CHECK(told(f.bob, What::joined) == 1);
    }
    SUBCASE("when they are contacts")
    {
        f.world.befriend(f.bob, f.carol);
        follow(2);
        CHECK(told(f.bob, What::joined) == 0);
    }
    SUBCASE("as the relay says")
    {
        f.evil.push(f.bob, frame::GroupNews{f.pair(), 1, 0, true});
        f.world.run_for(seconds(5));
        f.world.befriend(f.bob, f.carol);
        f.evil.push(f.bob, frame::GroupNews{f.pair(), 2, 0, true});
        f.world.run_for(seconds(5));
    }
    f.world.befriend(f.bob, f.carol);
    f.check_they_talk(f.bob, f.carol);
    // What was told of the group while it was believed stands there, as what happened.
    CHECK(f.bob.history("carol").size() - told_of_group(f.bob, "carol") == 2);
    CHECK(f.bob.store.conversation(f.pair())->kind == ConversationKind::direct);
    CHECK(f.bob.wait(f.bob.ask(request::GroupAbout{f.pair()})).error.code == ErrorCode::invalid_argument);
}

TEST_CASE("who was put out does not come back by the link that they know; by the next one, when somebody gives it")
{
    Crew crew(733, {"bob", "carol"});
    const auto group = crew.create(
        request::GroupCreate{ConversationKind::group, "open", {"bob", "carol"}, "", Role::admin, JoinRule::link});
    const auto link_of = [&] { return std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value); };
    const auto link = link_of();
    CHECK(link_of() == link);
    crew.must(crew.alice, request::GroupRemove{group, {"carol"}});
    crew.settle();
    crew.must(crew["carol"], request::GroupJoin{link});
    crew.settle(seconds(20));
    CHECK(crew.members(crew.alice, group) == "alice* bob");
    CHECK_FALSE(crew.about(crew["carol"], group).active); // As before she asked: her history is there.
    CHECK(link_of() != link);
    crew.must(crew["carol"], request::GroupJoin{link_of()});
    crew.settle(seconds(20));
    CHECK(crew.members(crew["bob"], group) == "alice* bob carol");
}

TEST_CASE("whom this account has blocked its devices do not let in; another admin may")
{
    Crew crew(734, {"bob", "carol"});
    const auto group =
        crew.create(request::GroupCreate{ConversationKind::group, "open", {"bob"}, "", Role::admin, JoinRule::link});
    const auto link = std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value);
    crew.must(crew.alice, request::ContactBlock{"carol"});
    crew.must(crew["carol"], request::GroupJoin{link});
    crew.settle(minutes(1));
    CHECK(crew.members(crew["bob"], group) == "alice* bob");
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::admin});
    crew.settle(minutes(1));
    CHECK(crew.members(crew["bob"], group) == "alice* bob+ carol");
}

TEST_CASE("who came in by link and is put out at once stays out, however many devices would have let them in")
{
    for (std::uint64_t seed = 7331; seed < 7337; ++seed) {
        CAPTURE(seed);
        Crew crew(seed, {"bob", "carol"});
        std::vector<Client*> doors{&crew.alice, &crew.enter("alice.phone"), &crew.enter("alice.desk")};
        const auto group = crew.create(
            request::GroupCreate{ConversationKind::group, "open", {"bob"}, "", Role::member, JoinRule::link});
        const auto link = [&] { return std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value); };
        crew.must(crew["carol"], request::GroupJoin{link()});
        const auto is_in = [&](Client& who) {
            const auto members = crew.about(who, group).members;
            return std::any_of(members.begin(), members.end(), [](const auto& one) { return one.user == "carol"; });
        };
        REQUIRE(crew.world.run_until([&] { return is_in(crew.alice); }, seconds(20)));
        crew.must(crew.alice, request::GroupRemove{group, {"carol"}});
        crew.settle(seconds(90));
        for (auto* one : doors)
            CHECK_FALSE(is_in(*one));
        CHECK_FALSE(is_in(crew["bob"]));
        const auto joined = told(crew["carol"], event::GroupChanged::What::joined);
        crew.must(crew["carol"], request::GroupJoin{link()});
        crew.settle(seconds(60));
        CHECK(is_in(crew["bob"]));
        CHECK(told(crew["carol"], event::GroupChanged::What::joined) == joined + 1);
    }
}

TEST_CASE("a device that is listed, has no KeyPackage and never comes keeps nobody from fresh keys")
{
    Friends f(734);
    f.check_they_talk(f.alice, f.bob);
    f.evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        return from.name != "bob.phone" || request == nullptr ||
               (!std::holds_alternative<frame::GroupFetch>(request->body) &&
                !std::holds_alternative<frame::KeyPackagePublish>(request->body));
    };
    auto& phone = f.world.client("bob.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    phone.crash();
    f.world.run_for(minutes(5));
    const auto changed = [&] {
        return std::count_if(f.evil.commits.begin(), f.evil.commits.end(),
                             [&](const auto& one) { return one.by == &f.alice && one.what.with == "bob"; });
    };
    const auto before = changed();
    f.world.run_for(minutes(60));
    CHECK(changed() == before); // Trying again and again is not worth an epoch.
    f.alice.crash();
    f.alice.clock_skew_ms += seal::update_after_ms + 1;
    f.alice.start();
    CHECK(f.world.run_until([&] { return changed() > before; }, minutes(5)));
    f.world.run_for(minutes(60));
    CHECK(changed() == before + 1);
    f.check_they_talk(f.alice, f.bob);
}

TEST_CASE("one KeyPackage, Welcomes to any number of groups whose trees never come: few of them are kept")
{
    Friends f(735);
    constexpr std::size_t kept = 16; // welcomes_waiting_max
    test::SeededEntropy entropy(9);
    const SayingYes yes;
    const mls::Environment env{entropy, yes, f.world.wall_ms()};
    const auto package = must(mls::decode<mls::MLSMessage>(f.evil.packages["bob"].back()));
    const auto keys = keys_of(f.alice);
    const auto signer = mls::SignatureKeyPair::from_seed(keys.device_seed);
    std::set<ConversationId> wanted;
    f.evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        const auto* get = request == nullptr ? nullptr : std::get_if<frame::GroupTreeGet>(&request->body);
        if (get == nullptr || &from != &f.bob) return true;
        wanted.insert(get->conversation);
        return false;
    };
    for (std::uint8_t n = 0; n < kept + 8; ++n) {
        ConversationId conversation;
        conversation.bytes.fill(static_cast<std::uint8_t>(n + 1));
        const auto group = must(mls::Group::create(env, seal::suite, seal::encode_group_id(conversation, 1),
                                                   seal::leaf_options(keys.certificate), signer,
                                                   seal::lifetime_from(f.world.wall_ms())));
        mls::CommitOptions options;
        options.proposals = {mls::Proposal{mls::Add{*package.as<mls::KeyPackage>()}}};
        options.tree_in_welcome = false;
        auto sender = group;
        f.evil.deliver(f.bob, id_of(f.alice), {mail_id(n), *must(sender.commit(env, options)).welcome});
    }
    f.world.run_for(seconds(3));
    CHECK(wanted.size() == kept);
    f.evil.turn_honest();
    f.world.run_for(minutes(2));
    f.check_they_talk(f.alice, f.bob);
}

TEST_CASE("the relay has no KeyPackages for a moment: the group waits for them, and is made with everybody's devices")
{
    Friends f(736);
    auto refusals = 0;
    f.evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        if (&from != &f.alice || request == nullptr || refusals == 2) return true;
        if (!std::holds_alternative<frame::KeyPackageFetch>(request->body)) return true;
        ++refusals;
        f.evil.push(f.alice, frame::Response{request->id, {ErrorCode::rate_limited, "not so fast", 100}, {}});
        return false;
    };
    const auto reply =
        f.alice.wait(f.alice.ask(request::GroupCreate{ConversationKind::group, "crew", {"bob", "carol"}}));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    const auto group = std::get<ConversationId>(reply.value);
    CHECK(refusals == 2);
    std::vector<const frame::GroupCommit*> made;
    for (const auto& one : f.evil.commits)
        if (one.what.conversation == group) made.push_back(&one.what);
    REQUIRE(made.size() == 1);
    CHECK(made.front()->members.size() == 3);
    const std::set<DeviceId> newcomers(made.front()->newcomers.begin(), made.front()->newcomers.end());
    CHECK(newcomers == std::set<DeviceId>{id_of(f.bob), id_of(f.carol)});
}

// They are in the policy, so they are members; what they lack is a leaf.
TEST_CASE("whoever is taken in without a leaf comes in at last")
{
    Friends f(737);
    BobWithoutLeaf bob(f);
    const auto reply =
        f.alice.wait(f.alice.ask(request::GroupCreate{ConversationKind::group, "crew", {"bob", "carol"}}));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    const auto group = std::get<ConversationId>(reply.value);
    f.world.run_for(minutes(1));
    CHECK(told(f.bob, What::joined) == 0);
    const auto commits_of = [&](const Client& who) {
        return std::count_if(f.evil.commits.begin(), f.evil.commits.end(),
                             [&](const auto& one) { return one.by == &who && one.what.conversation == group; });
    };
    SUBCASE("by itself, from outside")
    {
        bob.joins = true;
        f.bob.crash();
        f.bob.start();
        CHECK(f.world.run_until([&] { return told(f.bob, What::joined) == 1; }, minutes(1)));
        CHECK(commits_of(f.bob) == 1);
    }
    SUBCASE("by who is in, once there is a KeyPackage")
    {
        bob.handed_out = true;
        CHECK(f.world.run_until([&] { return told(f.bob, What::joined) == 1; }, minutes(90)));
        CHECK(commits_of(f.bob) == 0);
    }
    request::Send hello;
    hello.conversation = group;
    hello.text = "here I am";
    const auto said = f.bob.wait(f.bob.ask(hello));
    CHECK(said.error.code == ErrorCode::ok);
    const auto heard = [&](Client& who) {
        request::History page{{}, 10, {}, group};
        const auto all = who.wait(who.ask(page));
        return std::get<std::vector<Message>>(all.value).size() == 1;
    };
    CHECK(f.world.run_until([&] { return heard(f.alice) && heard(f.carol); }, minutes(2)));
}

TEST_CASE("whose last device has gone, and never had a leaf, is waited for by nothing that is said")
{
    Friends f(738);
    const auto gone = f.bob.wait(f.bob.ask(request::Logout{}));
    REQUIRE_MESSAGE(gone.error.code == ErrorCode::ok, gone.error.detail);
    const auto reply =
        f.alice.wait(f.alice.ask(request::GroupCreate{ConversationKind::group, "crew", {"bob", "carol"}}));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    const auto group = std::get<ConversationId>(reply.value);
    f.world.run_for(seconds(10));
    request::Send send;
    send.conversation = group;
    send.text = "hello";
    const auto said = f.alice.wait(f.alice.ask(send));
    REQUIRE_MESSAGE(said.error.code == ErrorCode::ok, said.error.detail);
    f.world.run_for(minutes(2));
    CHECK(f.carol.store.has_message(group, std::get<MessageId>(said.value)));
    CHECK(f.alice.state(std::get<MessageId>(said.value)) == MessageState::delivered);
    CHECK(f.alice.status().outbox_messages == 0);
}

TEST_CASE(
    "a device for which the relay has no KeyPackage for a while reads what was said meanwhile, when it has come in")
{
    Friends f(739);
    BobWithoutLeaf bob(f);
    const auto reply =
        f.alice.wait(f.alice.ask(request::GroupCreate{ConversationKind::group, "crew", {"bob", "carol"}}));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    const auto group = std::get<ConversationId>(reply.value);
    f.world.run_for(seconds(10));
    SUBCASE("it is there") {}
    SUBCASE("it is away")
    {
        f.bob.crash();
    }
    const bool away = !f.bob.running();
    request::Send send;
    send.conversation = group;
    send.text = "hello";
    const auto said = f.alice.wait(f.alice.ask(send));
    REQUIRE_MESSAGE(said.error.code == ErrorCode::ok, said.error.detail);
    f.world.run_for(minutes(1));
    bob.handed_out = bob.joins = true;
    if (away) f.bob.start();
    f.world.run_for(minutes(3));
    CHECK(f.bob.store.has_message(group, std::get<MessageId>(said.value)));
    CHECK(f.alice.status().outbox_messages == 0);
}

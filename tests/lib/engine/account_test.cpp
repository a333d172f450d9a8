// SPDX-License-Identifier: Apache-2.0
// Stories of accounts, devices and contacts.
#include "lib/seal/groups.hpp"
#include "lib/seal/link_grant.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

template <class E>
const E* last(const Client& client)
{
    const E* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<E>(&event)) out = one;
    return out;
}

std::vector<std::string> texts(const std::vector<Message>& messages)
{
    std::vector<std::string> out;
    for (const auto& message : messages)
        out.push_back(message.text);
    return out;
}
using Texts = std::vector<std::string>;

ErrorCode code(Client& client, Request request)
{
    return client.wait(client.ask(std::move(request))).error.code;
}

// Keys that are values here are wiped when they go.
static_assert(std::is_same_v<decltype(port::StoredIdentity::account_seed), WipingBytes>);
static_assert(std::is_same_v<decltype(port::StoredIdentity::device_seed), WipingBytes>);
static_assert(std::is_same_v<decltype(engine::Credentials::login_secret), WipingBytes>);
static_assert(std::is_same_v<decltype(engine::Credentials::vault_key), WipingBytes>);
static_assert(std::is_same_v<decltype(engine::DialRelay::device_seed), WipingBytes>);
static_assert(std::is_same_v<decltype(engine::OpenPath::device_seed), WipingBytes>);
static_assert(std::is_same_v<decltype(seal::DeviceKeys::device_seed), WipingBytes>);
static_assert(std::is_same_v<decltype(seal::LinkGrant::account_seed), WipingBytes>);

} // namespace

TEST_CASE("registration: the answer is lost, the process dies; the second try gets the same account")
{
    World world(1);
    auto& alice = world.client("alice");
    alice.start();
    SUBCASE("the answer is lost")
    {
        const auto id = alice.enter(true);
        world.run_for(milliseconds(200)); // Hello, Welcome, RegisterAccount are on their way
        world.cut(alice);
        const auto answer = alice.wait(id);
        CHECK((answer.error.code == ErrorCode::timed_out || answer.error.code == ErrorCode::ok));
        CHECK((answer.error.code == ErrorCode::ok || answer.error.retry_after_ms >= 1000)); // it may be repeated
        world.restore(alice);
    }
    SUBCASE("the process dies at every moment of the first second")
    {
        for (int ms = 0; ms < 300; ms += 7) {
            alice.enter(true);
            world.run_for(milliseconds(ms));
            alice.crash();
            alice.start();
            if (alice.store.identity() && alice.store.identity()->logged_in) break;
            world.run_for(milliseconds(50));
        }
    }
    if (!alice.store.identity() || !alice.store.identity()->logged_in) {
        const auto answer = alice.wait(alice.enter(true));
        CHECK_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    }
    REQUIRE(world.run_until([&] { return alice.status().connected; }, minutes(1)));
    CHECK(alice.status().user == "alice");
    CHECK(world.relay_counters().registrations <= 1);
}

TEST_CASE("registration: what can be refused is refused, and leaves a home that can try again")
{
    World world(2);
    auto& alice = world.client("alice");
    alice.start();
    REQUIRE(alice.wait(alice.enter(true)).error.code == ErrorCode::ok);
    CHECK(alice.wait(alice.enter(true)).error.code == ErrorCode::already_registered);

    auto& thief = world.client("alice.thief");
    thief.start();
    CHECK(thief.wait(thief.enter(true, "another password")).error.code == ErrorCode::name_taken);
    CHECK_FALSE(thief.store.identity());
    CHECK(thief.status().user.empty());
    CHECK(thief.wait(thief.enter(false, "guess")).error.code == ErrorCode::wrong_credentials);
    CHECK(code(thief, request::Send{"bob", "hi", {}}) == ErrorCode::not_registered);
    CHECK(code(thief, request::Contacts{}) == ErrorCode::not_registered);
    CHECK(code(thief, request::Logout{}) == ErrorCode::not_registered);

    world.relay_crash();
    auto& bob = world.client("bob");
    bob.start();
    CHECK(bob.wait(bob.enter(true)).error.code == ErrorCode::not_connected);
    world.relay_start();
    CHECK(bob.wait(bob.enter(true)).error.code == ErrorCode::ok);
}

TEST_CASE("a second registration or login while one is under way: busy")
{
    World world(3);
    auto& alice = world.client("alice");
    alice.start();
    const auto first = alice.enter(true);
    CHECK(alice.wait(alice.enter(true)).error.code == ErrorCode::busy);
    CHECK(alice.wait(first).error.code == ErrorCode::ok);
}

TEST_CASE(
    "the second device: logs in with the password, does not stall on what was before its time, and all copies agree")
{
    World world(4);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    (void)alice.send("bob", "before the phone");
    (void)bob.send("alice", "I hear you");
    REQUIRE(world.run_until([&] { return world.all_terminal(alice) && world.all_terminal(bob); }));

    auto& phone = world.client("alice.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return phone.status().connected && !phone.contacts().empty(); }));
    world.run_for(seconds(1));

    // Bob's next words name messages that the phone never got: it shows them soon, and calls it no gap.
    (void)bob.send("alice", "to both of you");
    REQUIRE(world.run_until([&] { return !phone.heard.received.empty(); }, seconds(4)));
    CHECK_FALSE(phone.heard.received[0].gap_before);

    // What one own device sends, the other has, as sent, without being told of it as news.
    const auto id = alice.send("bob", "from the desk");
    REQUIRE(world.run_until([&] { return phone.state(id).has_value(); }, seconds(10)));
    CHECK(phone.state(id) == MessageState::sent);
    CHECK(phone.heard.received.size() == 1);
    const auto told = std::any_of(phone.heard.states.begin(), phone.heard.states.end(),
                                  [&](const auto& s) { return s.id == id && s.state == MessageState::sent; });
    CHECK(told);
    const auto from_phone = phone.send("bob", "from the phone");
    REQUIRE(world.run_until([&] { return bob.state(from_phone).has_value() && alice.state(from_phone).has_value(); },
                            seconds(10)));
    CHECK(texts(phone.history("bob")) == Texts{"to both of you", "from the desk", "from the phone"});
    CHECK(texts(alice.history("bob")) == texts(bob.history("alice")));
    REQUIRE(world.run_until(
        [&] { return world.all_terminal(alice) && world.all_terminal(bob) && world.all_terminal(phone); }, minutes(1)));
}

TEST_CASE(
    "logout: what was not delivered is cancelled, the history stays; login brings the account back as a new device")
{
    World world(5);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    bob.crash();
    world.run_for(seconds(1));
    const auto id = alice.send("bob", "never mind");
    const auto before = alice.status().device;
    REQUIRE(code(alice, request::Logout{}) == ErrorCode::ok);
    CHECK(alice.state(id) == MessageState::failed);
    CHECK(alice.heard.states.back().reason == "cancelled");
    CHECK_FALSE(alice.status().connected);
    CHECK(code(alice, request::Send{"bob", "hello?", {}}) == ErrorCode::not_registered);
    CHECK(alice.history("bob").size() == 1);
    CHECK(last<event::LoggedOut>(alice) == nullptr); // it was the user's wish

    auto& other = world.client("carol");
    static_cast<void>(other);
    REQUIRE(alice.wait(alice.enter(false)).error.code == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return alice.status().connected && !alice.contacts().empty(); }));
    CHECK(alice.status().device != before);
    bob.start();
    const auto again = alice.send("bob", "hello again");
    REQUIRE(world.run_until([&] { return alice.state(again) == MessageState::delivered; }, seconds(30)));
}

TEST_CASE("two devices let others in at the same moment: each newcomer ends up in the list, at the first try")
{
    World world(6);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& desk = world.client("alice.desk");
    desk.start();
    REQUIRE(desk.wait(desk.enter(false)).error.code == ErrorCode::ok);
    const auto devices_of = [](Client& client) {
        const auto answer = client.wait(client.ask(request::Devices{}));
        return std::get<std::vector<Device>>(answer.value).size();
    };
    REQUIRE(world.run_until([&] { return devices_of(alice) == 2 && devices_of(desk) == 2; }));

    std::vector<Client*> newcomers;
    std::vector<std::string> codes;
    for (const auto* name : {"alice.phone", "alice.tablet", "alice.watch"}) {
        auto& one = world.client(name);
        one.start();
        const auto answer = one.wait(one.ask(request::LinkCode{world.relay_address().to_text(), name}));
        REQUIRE(answer.error.code == ErrorCode::ok);
        newcomers.push_back(&one);
        codes.push_back(std::get<std::string>(answer.value));
    }
    std::vector<RequestId> grants;
    for (std::size_t i = 0; i < codes.size(); ++i)
        grants.push_back((i % 2 == 0 ? alice : desk).ask(request::DeviceLink{codes[i]}));
    for (std::size_t i = 0; i < codes.size(); ++i)
        CHECK((i % 2 == 0 ? alice : desk).wait(grants[i]).error.code == ErrorCode::ok);
    for (auto* one : newcomers) {
        CAPTURE(one->name);
        CHECK(world.run_until([&] { return one->status().connected && devices_of(*one) == 5; }));
        CHECK(last<event::Linked>(*one) != nullptr);
        CHECK(last<event::Warning>(*one) == nullptr);
    }
    CHECK(devices_of(alice) == 5);
    const auto id = bob.send("alice", "to all five");
    for (auto* one : newcomers)
        CHECK(world.run_until([&] { return one->state(id).has_value(); }, minutes(1)));
    for (const auto* one : {&alice, &bob, &desk, newcomers[0], newcomers[1], newcomers[2]})
        for (const auto& event : one->heard.others)
            if (const auto* security = std::get_if<event::Security>(&event))
                CHECK(security->kind == SecurityKind::device_added);
}

TEST_CASE("contacts: asked, accepted, removed, blocked; what waits for them fails with the reason")
{
    World world(6);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    for (auto* one : {&alice, &bob}) {
        one->start();
        REQUIRE(one->wait(one->enter(true)).error.code == ErrorCode::ok);
        REQUIRE(world.run_until([&] { return one->status().connected; }));
    }
    CHECK(code(alice, request::ContactAdd{"nobody"}) == ErrorCode::no_such_user);
    CHECK(code(alice, request::ContactAdd{"alice"}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::Send{"bob", "hi", {}}) == ErrorCode::not_a_contact);
    CHECK(code(alice, request::ContactAdd{"bob"}) == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return last<event::ContactRequest>(bob) != nullptr; }));
    CHECK(last<event::ContactRequest>(bob)->user == "alice");
    CHECK(code(alice, request::Send{"bob", "hi", {}}) == ErrorCode::not_a_contact);
    CHECK(code(bob, request::ContactAccept{"alice"}) == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return last<event::ContactAccepted>(alice) != nullptr; }));
    REQUIRE(world.run_until(
        [&] { return last<event::Presence>(alice) != nullptr && last<event::Presence>(alice)->online; }));

    const auto id = alice.send("bob", "friends now");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }));
    world.cut(bob);
    alice.wait(alice.ask(request::SetPolicy{PathPolicy::direct_only}));
    const auto waiting = alice.send("bob", "does this still reach you");
    world.run_for(seconds(5));
    SUBCASE("removed")
    {
        CHECK(code(alice, request::ContactRemove{"bob"}) == ErrorCode::ok);
        REQUIRE(world.run_until([&] { return last<event::ContactRemoved>(alice) != nullptr; }));
        CHECK(alice.state(waiting) == MessageState::failed);
        CHECK(alice.contacts().empty());
        CHECK(alice.history("bob").size() == 2); // history stays
        world.restore(bob);
        REQUIRE(world.run_until([&] { return last<event::ContactRemoved>(bob) != nullptr; }, minutes(2)));
        CHECK(code(bob, request::Send{"alice", "why?", {}}) == ErrorCode::not_a_contact);
    }
    SUBCASE("blocked")
    {
        CHECK(code(alice, request::ContactBlock{"bob"}) == ErrorCode::ok);
        REQUIRE(world.run_until([&] { return alice.state(waiting) == MessageState::failed; }));
        CHECK(alice.heard.states.back().reason == "not_a_contact");
        CHECK(code(alice, request::Send{"bob", "no", {}}) == ErrorCode::blocked);
        world.restore(bob);
        REQUIRE(world.run_until([&] { return bob.status().connected; }, minutes(2)));
        const auto shouted = bob.send("alice", "can you hear me");
        world.run_for(minutes(1));
        CHECK_FALSE(alice.store.message(shouted).has_value());
        CHECK(alice.heard.received.empty());
        CHECK(code(alice, request::ContactUnblock{"bob"}) == ErrorCode::ok);
        world.run_for(seconds(1));
        CHECK(code(alice, request::Send{"bob", "I can now", {}}) == ErrorCode::ok);
    }
}

TEST_CASE("sending: the same key gives the same message; bad input says what is wrong")
{
    World world(7);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto first = alice.wait(alice.ask(request::Send{"bob", "once", "key-1"}));
    alice.crash();
    alice.start();
    const auto second = alice.wait(alice.ask(request::Send{"bob", "once", "key-1"}));
    CHECK(std::get<MessageId>(first.value) == std::get<MessageId>(second.value));
    CHECK(alice.history("bob").size() == 1);
    CHECK(code(alice, request::Send{"bob", "", {}}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::Send{"bob", "\xff", {}}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::Send{"bob", std::string(text_bytes_max + 1, 'x'), {}}) == ErrorCode::message_too_large);
    CHECK(code(alice, request::History{"bob", 0, {}}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::History{"bob", request::history_limit_max + 1, {}}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::History{"nobody", 5, {}}) == ErrorCode::not_a_contact);
    CHECK(code(alice, request::History{"bob", 5, MessageId{}}) == ErrorCode::invalid_argument);
    CHECK(code(alice, request::Login{}) == ErrorCode::internal); // passwords stop at the shell
    const auto longest = alice.send("bob", std::string(text_bytes_max, 'x'));
    REQUIRE(world.run_until([&] { return alice.state(longest) == MessageState::delivered; }));
}

TEST_CASE("the outbox has an end: quota_exceeded, and room again when something is delivered")
{
    World world(8);
    engine::Config config;
    config.outbox_device_messages_max = 5;
    auto& alice = world.client("alice", config);
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    world.relay_crash();
    world.run_for(seconds(1));
    for (int n = 0; n < 5; ++n)
        (void)alice.send("bob", "number " + std::to_string(n));
    CHECK(code(alice, request::Send{"bob", "one more", {}}) == ErrorCode::quota_exceeded);
    world.relay_start();
    REQUIRE(world.run_until([&] { return world.all_terminal(alice); }, minutes(2)));
    CHECK(code(alice, request::Send{"bob", "one more", {}}) == ErrorCode::ok);
}

TEST_CASE("the relay demands a newer client: the user is told, and the relay is not hammered")
{
    relay::Config relay;
    relay.client_version_min = "9.0.0";
    World world(9, relay);
    auto& alice = world.client("alice");
    alice.start();
    CHECK(alice.wait(alice.enter(true)).error.code == ErrorCode::update_required);
    REQUIRE(last<event::Update>(alice) != nullptr);
    CHECK(last<event::Update>(alice)->required);
    CHECK(last<event::Update>(alice)->version == "9.0.0");
    world.run_for(minutes(10));
    CHECK(alice.dials(RelayTransport::quic) == 1);
}

TEST_CASE(
    "the disk refuses at every write of a conversation: nothing is said that is not so, nothing is lost or doubled")
{
    for (std::uint64_t nth = 1; nth <= 60; ++nth) {
        CAPTURE(nth);
        World world(1000 + nth);
        auto& alice = world.client("alice");
        auto& bob = world.client("bob");
        world.befriend(alice, bob);
        auto& failing = nth % 2 == 0 ? alice : bob;
        failing.store.fail_at(nth / 2 + 1);
        for (int n = 0; n < 3; ++n) {
            alice.ask(request::Send{"bob", "a" + std::to_string(n), {}});
            bob.ask(request::Send{"alice", "b" + std::to_string(n), {}});
            world.run_for(milliseconds(300));
        }
        failing.store.fail_at(0);
        REQUIRE(world.run_until([&] { return world.all_terminal(alice) && world.all_terminal(bob); }, minutes(2)));
        CHECK(world.check_conversation(alice, bob) == "");
    }
}

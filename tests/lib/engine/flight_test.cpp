// SPDX-License-Identifier: Apache-2.0
// Stories of devices and a relay: which way words take, and why.
#include "lib/engine/wake_seldom.hpp"
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

std::vector<std::string> texts(const std::vector<Message>& messages)
{
    std::vector<std::string> out;
    for (const auto& message : messages)
        out.push_back(message.text);
    return out;
}

using Texts = std::vector<std::string>;

/// Two friends and a relay.
struct Pair {
    World world;
    Client& alice;
    Client& bob;

    explicit Pair(std::uint64_t seed, engine::Config config = {}, relay::Config relay = {})
        : world(seed, std::move(relay)), alice(world.client("alice", config)), bob(world.client("bob", config))
    {
        world.befriend(alice, bob);
    }
    event::MessageStateChanged delivered(Client& from, const MessageId& id, Duration within = seconds(10))
    {
        const auto is_delivered = [&] { return from.state(id) == MessageState::delivered; };
        REQUIRE(world.run_until(is_delivered, within));
        return from.heard.states.back();
    }
    event::MessageStateChanged say(const std::string& text)
    {
        const auto id = alice.send("bob", text);
        return delivered(alice, id);
    }
};

template <class E>
std::size_t count(const Client& client)
{
    std::size_t out = 0;
    for (const auto& event : client.heard.others)
        if (std::holds_alternative<E>(event)) ++out;
    return out;
}

template <class E>
const E* last(const Client& client)
{
    const E* out = nullptr;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<E>(&event)) out = one;
    return out;
}

} // namespace

TEST_CASE("the first flight: a message goes directly, and nothing of it touches the relay")
{
    Pair pair(1);
    const auto state = pair.say("hello");
    CHECK(state.state == MessageState::delivered);
    CHECK(state.path == Path::direct);
    CHECK(state.reason == "direct path open");
    CHECK(state.elapsed_us > 0);
    CHECK(state.with == "bob");
    REQUIRE(pair.bob.heard.received.size() == 1);
    CHECK(pair.bob.heard.received[0].text == "hello");
    CHECK(pair.bob.heard.received[0].path == Path::direct);
    CHECK(pair.alice.status().content_bytes_mailbox == 0);
    CHECK(pair.alice.status().content_bytes_direct > 0);
    CHECK(pair.world.relay_counters().content_envelopes_stored == 0);
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");

    std::vector<MessageState> journey;
    for (const auto& one : pair.alice.heard.states)
        journey.push_back(one.state);
    CHECK(journey == std::vector<MessageState>{MessageState::accepted, MessageState::sent, MessageState::delivered});
}

TEST_CASE("the peer is offline: the mailbox, at once; fetched, receipted and emptied when they come back")
{
    Pair pair(2);
    pair.bob.crash();
    REQUIRE(pair.world.run_until(
        [&] { return last<event::Presence>(pair.alice) != nullptr && !last<event::Presence>(pair.alice)->online; }));
    const auto id = pair.alice.send("bob", "for later");
    REQUIRE(pair.world.run_until([&] { return pair.alice.state(id) == MessageState::sent; }, seconds(1)));
    CHECK(pair.alice.heard.states.back().path == Path::mailbox);
    CHECK(pair.alice.heard.states.back().reason == "peer offline");
    pair.world.run_for(minutes(5));
    pair.bob.start();
    const auto state = pair.delivered(pair.alice, id);
    CHECK(state.path == Path::mailbox);
    CHECK(state.reason == "peer offline");
    CHECK(pair.bob.heard.received.at(0).path == Path::mailbox);
    pair.world.run_for(seconds(5));
    const auto& counters = pair.world.relay_counters();
    CHECK(counters.content_envelopes_stored == counters.content_envelopes_acknowledged);
}

TEST_CASE("no NAT opens: two seconds of patience, then the mailbox, and no second wait; when it opens, direct again")
{
    Pair pair(3);
    pair.world.network.direct_possible = false;
    const auto begin = pair.world.now();
    auto state = pair.say("first");
    CHECK(state.path == Path::mailbox);
    CHECK(state.reason == "no direct path after 2.0 s: NAT did not open");
    CHECK(pair.world.now() - begin > seconds(2));
    CHECK(pair.world.now() - begin < milliseconds(2500));

    const auto second = pair.world.now();
    state = pair.say("second");
    CHECK(state.path == Path::mailbox);
    CHECK(pair.world.now() - second < milliseconds(500));

    pair.world.network.direct_possible = true;
    pair.world.run_for(minutes(1));
    CHECK(pair.say("third").path == Path::direct);
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
}

TEST_CASE("the direct path goes silent in mid-flight: what was on it goes by the mailbox, once")
{
    Pair pair(4);
    CHECK(pair.say("before").path == Path::direct);
    pair.alice.wait(pair.alice.ask(request::Fault{true}));
    const auto begin = pair.world.now();
    const auto state = pair.say("into the silence");
    CHECK(state.path == Path::mailbox);
    CHECK(state.reason == "direct path silent for 2.5 s");
    CHECK(pair.world.now() - begin < seconds(3));
    const auto next = pair.world.now();
    CHECK(pair.say("and after").path == Path::mailbox);
    CHECK(pair.world.now() - next < milliseconds(500));
    CHECK(texts(pair.bob.history("alice")) == Texts{"before", "into the silence", "and after"});

    pair.alice.wait(pair.alice.ask(request::Fault{false}));
    pair.world.run_for(minutes(1));
    CHECK(pair.say("back").path == Path::direct);
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
    // The application saw it all.
    bool shown_mailbox = false;
    for (const auto& event : pair.alice.heard.others)
        if (const auto* path = std::get_if<event::PathChanged>(&event))
            shown_mailbox = shown_mailbox || path->path == Path::mailbox;
    CHECK(shown_mailbox);
    CHECK(last<event::PathChanged>(pair.alice)->path == Path::direct);
}

TEST_CASE("TURN carries when nothing better does, and gives way to a direct path")
{
    World world(5);
    world.network.turn_possible = true;
    world.network.direct_possible = false;
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto id = alice.send("bob", "through TURN");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }, seconds(5)));
    CHECK(alice.heard.states.back().path == Path::turned);
    CHECK(alice.status().content_bytes_mailbox == 0);

    world.network.direct_possible = true;
    world.run_for(minutes(1));
    CHECK(alice.live_peer_links(Path::direct) == 1);
    CHECK(alice.live_peer_links(Path::turned) == 0); // not needed any more
    CHECK(bob.live_peer_links(Path::turned) == 0);
    CHECK(alice.contacts().at(0).path == Path::direct);
}

TEST_CASE("policies: relay_only shows no address, direct_only leaves no content with the relay, race uses all")
{
    Pair pair(6);
    auto& [world, alice, bob] = pair;
    SUBCASE("relay_only, no TURN: no path is opened, none is accepted")
    {
        alice.wait(alice.ask(request::SetPolicy{PathPolicy::relay_only}));
        const auto state = pair.say("hidden");
        CHECK(state.path == Path::mailbox);
        CHECK(state.reason == "policy relay_only");
        const auto back = bob.send("alice", "and back");
        const auto begin = world.now();
        CHECK(pair.delivered(bob, back).path == Path::mailbox);
        CHECK(bob.heard.states.back().reason.find("peer takes no direct path") != std::string::npos);
        CHECK(world.now() - begin < seconds(1)); // told no, so nobody waits for the clock
        CHECK(alice.opened_paths() == 0);
        CHECK(alice.live_peer_links(Path::direct) == 0);
    }
    SUBCASE("relay_only closes a direct path that is open")
    {
        CHECK(pair.say("open").path == Path::direct);
        alice.wait(alice.ask(request::SetPolicy{PathPolicy::relay_only}));
        world.run_for(seconds(1));
        CHECK(alice.live_peer_links(Path::direct) == 0);
        CHECK(bob.live_peer_links(Path::direct) == 0);
        CHECK(pair.say("hidden").path == Path::mailbox);
    }
    SUBCASE("direct_only waits")
    {
        alice.wait(alice.ask(request::SetPolicy{PathPolicy::direct_only}));
        world.network.direct_possible = false;
        const auto id = alice.send("bob", "only directly");
        world.run_for(minutes(2));
        CHECK(alice.state(id) == MessageState::accepted);
        CHECK(world.relay_counters().content_envelopes_stored == 0);
        world.network.direct_possible = true;
        CHECK(pair.delivered(alice, id, minutes(6)).path == Path::direct);
    }
    SUBCASE("race")
    {
        CHECK(pair.say("open").path == Path::direct);
        alice.wait(alice.ask(request::SetPolicy{PathPolicy::race}));
        (void)pair.say("both ways");
        world.run_for(seconds(2));
        CHECK(alice.status().content_bytes_mailbox > 0);
        CHECK(texts(bob.history("alice")) == Texts{"open", "both ways"});
    }
    SUBCASE("the policy survives a restart")
    {
        alice.wait(alice.ask(request::SetPolicy{PathPolicy::direct_only}));
        alice.crash();
        alice.start();
        CHECK(alice.status().policy == PathPolicy::direct_only);
    }
}

TEST_CASE("the relay dies: a direct conversation does not notice; what needs it says not_connected")
{
    Pair pair(7);
    CHECK(pair.say("one").path == Path::direct);
    pair.world.relay_crash();
    CHECK(pair.say("two").path == Path::direct);
    CHECK(pair.world.run_until([&] { return !pair.alice.status().connected; }, seconds(1)));
    CHECK(count<event::Disconnected>(pair.alice) >= 1);
    CHECK(pair.alice.wait(pair.alice.ask(request::ContactAdd{"carol"})).error.code == ErrorCode::not_connected);
    pair.world.relay_start();
    REQUIRE(
        pair.world.run_until([&] { return pair.alice.status().connected && pair.bob.status().connected; }, minutes(2)));
    CHECK(pair.say("three").path == Path::direct);
}

TEST_CASE("offline at all: a message is accepted and waits")
{
    Pair pair(8);
    pair.world.cut(pair.alice);
    pair.world.run_for(minutes(2));
    const auto id = pair.alice.send("bob", "patience");
    pair.world.run_for(seconds(10));
    CHECK(pair.alice.state(id) == MessageState::accepted);
    CHECK(pair.alice.status().outbox_messages == 1);
    pair.world.restore(pair.alice);
    (void)pair.delivered(pair.alice, id, minutes(1));
}

TEST_CASE("UDP is blocked: TLS carries the session within a second, and is tried at once the next time")
{
    World world(9);
    world.network.quic_blocked = true;
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    const auto begin = world.now();
    world.befriend(alice, bob);
    CHECK(world.now() - begin < seconds(3));
    CHECK(alice.status().over == RelayTransport::tls);
    world.break_links(alice);
    const auto broken = world.now();
    REQUIRE(world.run_until([&] { return count<event::Connected>(alice) == 2; }));
    CHECK(world.now() - broken < milliseconds(800)); // back-off and a dial, no waiting for QUIC first
}

TEST_CASE("the network changed: the new relay link stands before the old one goes, the path too; nothing is lost")
{
    Pair pair(10);
    auto& [world, alice, bob] = pair;
    CHECK(pair.say("one").path == Path::direct);
    const auto dials = alice.dials(RelayTransport::quic);
    const auto opened = alice.opened_paths();
    alice.wait(alice.ask(request::NetworkChanged{}));
    const auto id = alice.send("bob", "on the move");
    (void)pair.delivered(alice, id, seconds(1));
    world.run_for(seconds(10));
    CHECK(alice.dials(RelayTransport::quic) == dials + 1);
    CHECK(alice.opened_paths() == opened + 1);
    CHECK(count<event::Disconnected>(alice) == 0);
    CHECK(alice.live_peer_links(Path::direct) == 1); // the older was pruned
    CHECK(bob.live_peer_links(Path::direct) == 1);
    CHECK(world.check_conversation(alice, bob) == "");
}

TEST_CASE("both begin to talk in the same moment: one path comes of it")
{
    for (std::uint64_t seed = 11; seed < 31; ++seed) {
        CAPTURE(seed);
        Pair pair(seed);
        const auto a = pair.alice.ask(request::Send{"bob", "from alice", {}});
        const auto b = pair.bob.ask(request::Send{"alice", "from bob", {}});
        static_cast<void>(a);
        static_cast<void>(b);
        REQUIRE(pair.world.run_until(
            [&] { return pair.world.all_terminal(pair.alice) && pair.world.all_terminal(pair.bob); }, seconds(2)));
        CHECK(pair.alice.heard.states.back().path == Path::direct);
        CHECK(pair.bob.heard.states.back().path == Path::direct);
        pair.world.run_for(seconds(5));
        CHECK(pair.alice.live_peer_links(Path::direct) == 1);
        CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
    }
}

TEST_CASE("an open conversation has its path before the first word; a closed one costs nothing")
{
    Pair pair(31);
    pair.world.run_for(minutes(1));
    CHECK(pair.alice.opened_paths() == 0);
    (void)pair.alice.history("bob");
    pair.world.run_for(seconds(1));
    CHECK(pair.alice.live_peer_links(Path::direct) == 1);
    const auto begin = pair.world.now();
    CHECK(pair.say("at once").path == Path::direct);
    CHECK(pair.world.now() - begin < milliseconds(100));
    // Nobody looks any more: the link goes, and an idle client sleeps.
    pair.world.run_for(minutes(25));
    CHECK(pair.alice.live_peer_links(Path::direct) == 0);
    const auto ticks = pair.alice.ticks();
    pair.world.run_for(minutes(60));
    CHECK((pair.alice.ticks() - ticks) / 60 <= 6); // a keepalive's ping, pong and timer each 25 s
}

TEST_CASE("two who have said nothing for a while: the direct path goes, and comes back when one says something")
{
    engine::Config config;
    engine::wake_seldom(config);
    Pair pair(36, config);
    (void)pair.say("first");
    pair.world.run_for(minutes(2));
    CHECK(pair.alice.live_peer_links(Path::direct) == 1); // it is still the same conversation
    pair.world.run_for(minutes(2));
    CHECK(pair.alice.live_peer_links(Path::direct) == 0);
    CHECK(pair.bob.live_peer_links(Path::direct) == 0);
    const auto opened = pair.alice.opened_paths() + pair.bob.opened_paths();
    for (auto* one : {&pair.alice, &pair.bob}) {
        const auto ticks = one->ticks();
        pair.world.run_for(minutes(60));
        CHECK(one->ticks() - ticks <= 24); // a ping of the relay, its pong and a timer each 10 min
    }
    CHECK(pair.alice.opened_paths() + pair.bob.opened_paths() == opened); // nobody has missed it
    (void)pair.alice.history("bob"); // she looks at what was said: a word may follow, and finds a path
    pair.world.run_for(seconds(5));
    CHECK(pair.alice.live_peer_links(Path::direct) == 1);
    pair.world.run_for(minutes(6));
    CHECK(pair.alice.live_peer_links(Path::direct) == 0);
    CHECK(pair.alice.opened_paths() + pair.bob.opened_paths() == opened + 2); // once, and not again and again
    const auto state = pair.say("second");
    CHECK(state.path == Path::direct);
    CHECK(pair.world.relay_counters().content_envelopes_stored == 0);
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
}

TEST_CASE("a mailbox that is full: what does not fit waits here, and goes when there is room")
{
    relay::Config relay;
    relay.limits.mailbox_messages_max = 12; // a quarter of it from one sender
    engine::Config config;
    config.mailbox_retry = seconds(1);
    Pair pair(32, config, relay);
    pair.bob.crash();
    pair.world.run_for(seconds(1));
    for (int n = 0; n < 20; ++n)
        (void)pair.alice.send("bob", "number " + std::to_string(n));
    pair.world.run_for(seconds(10));
    std::size_t sent = 0;
    for (const auto& row : pair.alice.history("bob"))
        if (row.state == MessageState::sent) ++sent;
    CHECK(sent == 3);
    pair.world.network.direct_possible = false;
    pair.bob.start();
    REQUIRE(pair.world.run_until([&] { return pair.world.all_terminal(pair.alice); }, minutes(2)));
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
}

TEST_CASE(
    "both write more than a mailbox takes, only by mailbox: it goes as fast as it is fetched, and every receipt comes")
{
    relay::Config relay;
    relay.limits.mailbox_messages_max = 40; // ten from one sender
    Pair pair(35, {}, relay);
    for (auto* one : {&pair.alice, &pair.bob})
        one->wait(one->ask(request::SetPolicy{PathPolicy::relay_only}));
    for (int n = 0; n < 60; ++n) {
        pair.alice.ask(request::Send{"bob", "ping " + std::to_string(n), {}});
        pair.bob.ask(request::Send{"alice", "pong " + std::to_string(n), {}});
    }
    pair.world.run_for(seconds(1));
    CHECK(pair.world.relay_counters().content_envelopes_refused > 0); // the quota was reached
    REQUIRE(pair.world.run_until(
        [&] { return pair.world.all_terminal(pair.alice) && pair.world.all_terminal(pair.bob); }, seconds(20)));
    CHECK(pair.world.check_conversation(pair.alice, pair.bob) == "");
}

TEST_CASE("a deadline passes: failed, expired, and the outbox is empty")
{
    engine::Config config;
    config.delivery_deadline_ms = 60'000;
    Pair pair(33, config);
    pair.bob.crash();
    pair.world.run_for(seconds(1));
    const auto id = pair.alice.send("bob", "too late");
    pair.world.run_for(seconds(59));
    CHECK(pair.alice.state(id) == MessageState::sent);
    pair.world.run_for(seconds(2));
    CHECK(pair.alice.state(id) == MessageState::failed);
    CHECK(pair.alice.heard.states.back().reason == "expired");
    CHECK(pair.alice.status().outbox_messages == 0);
}

TEST_CASE(
    "events not taken: a bounded number is shown, the rest waits in the store, in order; a restart shows them again")
{
    engine::Config config;
    config.events_untaken_max = 4;
    Pair pair(34, config);
    pair.bob.takes_events = false;
    Texts all;
    for (int n = 0; n < 11; ++n) {
        all.push_back("number " + std::to_string(n));
        (void)pair.say(all.back());
    }
    CHECK(pair.bob.heard.received.size() == 4);
    pair.bob.crash();
    pair.bob.heard.received.clear();
    pair.bob.takes_events = true;
    pair.bob.start();
    REQUIRE(pair.world.run_until([&] { return pair.bob.heard.received.size() >= 11; }));
    CHECK(texts(pair.bob.heard.received) == all);
    pair.world.run_for(seconds(1));
    pair.bob.crash();
    pair.bob.start();
    pair.world.run_for(seconds(1));
    CHECK(pair.bob.heard.received.size() == 11); // taken is taken
}

TEST_CASE("a receipt finds the sender's mailbox full: it is owed on, and comes when there is room again")
{
    relay::Config relay;
    relay.limits.mailbox_messages_max = 12;
    relay.limits.mailbox_sender_percent_max = 100;
    Pair pair(31, {}, relay);
    auto& world = pair.world;
    world.network.direct_possible = false;
    auto& phone = world.client("bob.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return phone.status().connected && !phone.contacts().empty(); }));
    world.run_for(seconds(1));
    (void)pair.say("hello"); // All are in the group, at one epoch.
    REQUIRE(world.run_until([&] { return world.all_terminal(pair.alice) && !phone.heard.received.empty(); }));
    world.run_for(seconds(5));
    pair.bob.crash();
    world.run_for(seconds(1));
    const auto id = pair.alice.send("bob", "for the desk");
    REQUIRE(world.run_until([&] { return pair.alice.state(id) == MessageState::delivered; })); // The phone has it.
    pair.alice.crash();
    world.run_for(seconds(1));
    for (int n = 0; n < 14; ++n)
        (void)phone.send("alice", "word " + std::to_string(n));
    world.run_for(seconds(5)); // Her mailbox is full.
    pair.bob.start();
    REQUIRE(world.run_until([&] { return pair.bob.heard.received.size() == 2; }));
    world.run_for(seconds(10));
    pair.alice.start();
    CHECK(world.run_until([&] { return world.all_terminal(pair.alice); }, minutes(1)));
}

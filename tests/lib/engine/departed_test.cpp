// SPDX-License-Identifier: Apache-2.0
// A contact whom the relay's operator removes: what it has sent is read first, by whoever comes later.
#include "tests/lib/engine/evil_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// As DELETE /v1/accounts does.
void remove(World& world, const std::string& user)
{
    world.relay.input(
        [&](relay::Core& core, Moment now) { REQUIRE(core.gate().remove(user, true, now, relay::relays_own).ok()); });
}

std::size_t removals(const Client& client, const std::string& user)
{
    std::size_t out = 0;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::ContactRemoved>(&event); one != nullptr && one->user == user) ++out;
    return out;
}

std::optional<ContactState> state_of(Client& client, const std::string& user)
{
    for (const auto& contact : client.contacts())
        if (contact.user == user) return contact.state;
    return std::nullopt;
}

} // namespace

TEST_CASE("who was away when a contact was removed reads what it said, and then the contact goes")
{
    World world(11);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    const auto first = alice.send("bob", "first");
    REQUIRE(world.run_until([&] { return alice.state(first) == MessageState::delivered; }));
    world.run_for(seconds(10));
    bob.crash();
    world.run_for(seconds(60));
    const auto second = alice.send("bob", "second");
    const auto third = alice.send("bob", "third");
    REQUIRE(world.run_until(
        [&] { return alice.state(second) == MessageState::sent && alice.state(third) == MessageState::sent; }));
    remove(world, "alice");
    world.run_for(minutes(5));

    bob.start();
    REQUIRE(world.run_until([&] { return removals(bob, "alice") == 1; }, minutes(2)));
    CHECK(texts(bob, "alice") == Texts{"first", "second", "third"});
    CHECK_FALSE(state_of(bob, "alice"));
    CHECK(alarms(bob) == 0);
    CHECK(bob.status().frames_rejected == 0);
    world.run_for(minutes(5));
    CHECK(removals(bob, "alice") == 1);
    CHECK(alarms(bob) == 0);
}

TEST_CASE("who has not come since they are contacts: the conversation opens, its messages are read, nothing is false")
{
    World world(12);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    for (auto* const one : {&alice, &bob}) {
        one->start();
        REQUIRE(one->wait(one->enter(true)).error.code == ErrorCode::ok);
    }
    world.run_for(seconds(10));
    REQUIRE(alice.wait(alice.ask(request::ContactAdd{"bob"})).error.code == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return state_of(bob, "alice") == ContactState::incoming; }));
    REQUIRE(bob.wait(bob.ask(request::ContactAccept{"alice"})).error.code == ErrorCode::ok);
    bob.crash();
    REQUIRE(world.run_until([&] { return state_of(alice, "bob") == ContactState::accepted; }));
    world.run_for(seconds(60));
    const auto message = alice.send("bob", "are you there?");
    REQUIRE(world.run_until([&] { return alice.state(message) == MessageState::sent; }));
    remove(world, "alice");
    world.run_for(minutes(5));

    bob.start();
    REQUIRE(world.run_until([&] { return removals(bob, "alice") == 1; }, minutes(2)));
    CHECK(texts(bob, "alice") == Texts{"are you there?"});
    CHECK(alarms(bob) == 0);
    CHECK(bob.status().frames_rejected == 0);
    world.run_for(minutes(5));
    CHECK(alarms(bob) == 0);
    CHECK_FALSE(state_of(bob, "alice"));
}

// SPDX-License-Identifier: Apache-2.0
// Stories of where one feature meets another: timers and what could not be said, recalls and full outboxes, places and
// what is sent on, what is hidden and what comes late.
#include "tests/lib/engine/chat_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

event::Reply ask(Client& client, Request what)
{
    return client.wait(client.ask(std::move(what)));
}

ErrorCode code(Client& client, Request what)
{
    return ask(client, std::move(what)).error.code;
}

const content::Location& place_in(const Message& message)
{
    const auto* const place = std::get_if<content::Location>(&message.body);
    REQUIRE(place != nullptr);
    return *place;
}

} // namespace

TEST_CASE("a recall finds room where too many messages wait already, and no message takes that room")
{
    engine::Config config;
    config.outbox_device_messages_max = 32;
    Three t(900, config);
    const auto regretted = t.say(t.alice, "bob", "to the wrong person");
    REQUIRE(finds(t.phone, "wrong person"));
    t.phone.crash();
    for (int i = 0; i < 40; ++i)
        (void)t.say(t.alice, "bob", "more and more");
    REQUIRE(code(t.alice, request::Recall{regretted}) == ErrorCode::ok);
    t.settle();
    t.phone.start();
    t.settle(minutes(2));
    CHECK_FALSE(finds(t.bob, "wrong person"));
    CHECK_FALSE(finds(t.phone, "wrong person"));
}

TEST_CASE("a message to come that failed goes by its time, like any other")
{
    Three t(901);
    request::Send send{"bob", "never said", {}};
    send.at_ms = t.world.wall_ms() + 60'000;
    send.lifetime = content::Lifetime{4, content::Lifetime::From::sent};
    REQUIRE(code(t.alice, send) == ErrorCode::ok);
    REQUIRE(code(t.alice, request::ContactRemove{"bob"}) == ErrorCode::ok);
    t.settle(std::chrono::seconds(62));
    CHECK(finds(t.alice, "never said"));
    t.settle(minutes(1));
    CHECK_FALSE(finds(t.alice, "never said"));
}

TEST_CASE("of a live location the place where it was last is sent on, and that stays where it is")
{
    Three t(902);
    request::Send send{"bob", "", {}};
    content::Location where;
    where.latitude_e7 = 10;
    where.live_seconds = 3600;
    send.body = where;
    const auto live = id_in(ask(t.alice, send));
    t.settle(std::chrono::seconds(10));
    REQUIRE(code(t.alice, request::MoveLocation{live, 20, 30, 5}) == ErrorCode::ok);
    t.settle(std::chrono::seconds(10));
    for (const bool merged : {false, true}) {
        CAPTURE(merged);
        REQUIRE(code(t.bob, request::Forward{{live}, {"alice", {}}, merged, "where she was"}) == ErrorCode::ok);
        t.settle();
        const auto got = newest(t.alice, "bob");
        if (merged) {
            const auto* const bundle = std::get_if<content::Forwarded>(&got.body);
            REQUIRE(bundle != nullptr);
            REQUIRE(bundle->items.size() == 1);
            const auto body = wire::decode_body(bundle->items[0].body);
            REQUIRE(body);
            CHECK(std::get<content::Location>(*body).latitude_e7 == 20);
            CHECK(std::get<content::Location>(*body).live_seconds == 0);
        } else {
            CHECK(place_in(got).latitude_e7 == 20);
            CHECK(place_in(got).longitude_e7 == 30);
            CHECK(place_in(got).live_seconds == 0);
            CHECK(got.live_until_ms == 0);
            CHECK(code(t.bob, request::MoveLocation{got.id, 1, 1, 1}) == ErrorCode::invalid_argument);
        }
    }
}

TEST_CASE("a hidden conversation comes back by its next message, also by one that was written before it was hidden")
{
    Three t(904);
    (void)t.say(t.alice, "bob", "first");
    t.world.cut(t.alice);
    t.settle(seconds(30));
    const auto late = t.alice.send("bob", "late");
    t.settle();
    (void)t.bob.send("alice", "are you there?");
    t.settle();
    request::SetConversation hide;
    hide.where = {"alice", {}};
    hide.hidden = true;
    REQUIRE(code(t.bob, hide) == ErrorCode::ok);
    t.settle();
    REQUIRE(list(t.bob).empty());
    t.world.restore(t.alice);
    REQUIRE(t.world.run_until([&] { return t.alice.state(late) == MessageState::delivered; }, minutes(3)));
    t.settle(minutes(1));
    REQUIRE(list(t.bob).size() == 1);
    CHECK(list(t.bob)[0].unread == 2);
}

TEST_CASE("a person and a conversation that is not theirs: neither is guessed")
{
    Three t(905);
    (void)t.say(t.alice, "bob", "hello");
    const auto with_bob = list(t.alice).at(0).id;
    request::Send both{"alice", "for whom?", {}};
    both.conversation = with_bob;
    CHECK(code(t.alice, both) == ErrorCode::invalid_argument);
    both.to = "bob";
    CHECK(code(t.alice, both) == ErrorCode::ok);
}

TEST_CASE("how long one's own can be taken back goes by when it was said, whatever clock the other side has")
{
    World world(906);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    world.run_for(seconds(10));
    bob.crash();
    bob.clock_skew_ms = 20LL * 3600 * 1000;
    bob.start();
    world.run_for(seconds(10));
    (void)bob.send("alice", "from tomorrow");
    world.run_for(seconds(10));
    REQUIRE(code(alice, request::SetRecallWindow{5}) == ErrorCode::ok);
    const auto said = alice.send("bob", "said");
    world.run_for(seconds(8));
    CHECK(code(alice, request::Recall{said}) == ErrorCode::invalid_argument);
}

// SPDX-License-Identifier: Apache-2.0
// Stories of what goes on after a message was sent: it moves, it is written anew and remembered, it comes late, its
// clock is wrong.
#include "tests/lib/engine/chat_story.hpp"

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;

namespace {

event::Reply ask(Client& client, Request what)
{
    return client.wait(client.ask(std::move(what)));
}

ErrorCode code(Client& client, Request what)
{
    return ask(client, std::move(what)).error.code;
}

std::size_t moved(const Client& client)
{
    std::size_t out = 0;
    for (const auto& one : all<event::MessageChanged>(client))
        if (one.what == event::MessageChanged::What::moved) ++out;
    return out;
}

std::int32_t latitude(const Message& message)
{
    const auto* location = std::get_if<content::Location>(&message.body);
    REQUIRE(location != nullptr);
    return location->latitude_e7;
}

std::vector<std::string> versions(Client& client, const MessageId& id)
{
    std::vector<std::string> out;
    const auto reply = ask(client, request::Versions{id});
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    for (const auto& one : std::get<std::vector<MessageVersion>>(reply.value))
        out.push_back(one.text);
    return out;
}

struct Movers : Three {
    using Three::Three;

    MessageId share_place(std::uint32_t seconds_live)
    {
        request::Send send{"bob", "", {}};
        content::Location where;
        where.latitude_e7 = 1;
        where.live_seconds = seconds_live;
        send.body = where;
        const auto reply = ask(alice, send);
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        settle();
        return std::get<MessageId>(reply.value);
    }
};

} // namespace

TEST_CASE("a live location is followed on all devices; a receiver that speaks five times a second floods nobody")
{
    Movers t(801);
    const auto id = t.share_place(600);
    CHECK(newest(t.bob, "alice").live_until_ms == newest(t.alice, "bob").live_until_ms);
    constexpr int moves = 100;
    for (int n = 1; n <= moves; ++n) {
        REQUIRE(code(t.alice, request::MoveLocation{id, 100 + n, 200, 7}) == ErrorCode::ok);
        t.world.run_for(milliseconds(200));
    }
    t.settle(seconds(10));
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        CAPTURE(client->name);
        const auto m = newest(*client, client == &t.alice ? "bob" : "alice");
        CHECK(latitude(m) == 100 + moves);
        CHECK(m.moved_ms > m.sent_ms);
    }
    CHECK(moved(t.bob) >= 4); // 20 seconds, every five.
    CHECK(moved(t.bob) <= 8);
    CHECK(code(t.bob, request::MoveLocation{id, 1, 2, 3}) == ErrorCode::invalid_argument); // It is alice's.
    CHECK(code(t.alice, request::MoveLocation{id, 900'000'001, 2, 3}) == ErrorCode::invalid_argument);

    CHECK(code(t.alice, request::EndLocation{id}) == ErrorCode::ok);
    t.settle();
    for (auto* client : {&t.alice, &t.bob, &t.phone})
        CHECK(newest(*client, client == &t.alice ? "bob" : "alice").live_until_ms == 0);
    CHECK(code(t.alice, request::MoveLocation{id, 1, 2, 3}) == ErrorCode::invalid_argument);
    CHECK(code(t.alice, request::EndLocation{id}) == ErrorCode::invalid_argument);
    CHECK(t.alice.status().outbox_messages == 0);
}

TEST_CASE("a live location of somebody who is away: one place waits, the newest; its time ends it")
{
    Movers t(802);
    const auto id = t.share_place(300);
    t.bob.crash();
    t.phone.crash();
    for (int n = 1; n <= 40; ++n) {
        REQUIRE(code(t.alice, request::MoveLocation{id, 100 + n, 200, 7}) == ErrorCode::ok);
        t.settle(seconds(5));
    }
    CHECK(t.alice.status().outbox_messages < 20);
    t.bob.start();
    t.settle(seconds(30));
    CHECK(latitude(newest(t.bob, "alice")) == 140);
    t.settle(minutes(5));
    CHECK(code(t.alice, request::MoveLocation{id, 1, 2, 3}) == ErrorCode::invalid_argument);
    CHECK(latitude(newest(t.bob, "alice")) == 140);
}

TEST_CASE("a live location that is ended on one device and moved on another at the same time has ended on all")
{
    Movers t(803);
    request::Send send{"alice", "", {}};
    content::Location where;
    where.latitude_e7 = 1;
    where.live_seconds = 3600;
    send.body = where;
    const auto said = ask(t.bob, send);
    REQUIRE_MESSAGE(said.error.code == ErrorCode::ok, said.error.detail);
    const auto id = std::get<MessageId>(said.value);
    t.settle();
    t.world.relay_crash();
    for (auto* client : {&t.alice, &t.bob, &t.phone})
        t.world.cut(*client);
    REQUIRE(code(t.bob, request::EndLocation{id}) == ErrorCode::ok);
    t.settle(seconds(1));
    REQUIRE(code(t.phone, request::MoveLocation{id, 5, 5, 5}) == ErrorCode::ok);
    t.settle(seconds(10));
    for (auto* client : {&t.alice, &t.bob, &t.phone})
        t.world.restore(*client);
    t.world.relay_start();
    t.settle(minutes(1));
    const auto ended = newest(t.bob, "alice");
    CHECK(latitude(ended) == 1);
    for (auto* client : {&t.alice, &t.phone}) {
        CAPTURE(client->name);
        const auto m = newest(*client, client == &t.alice ? "bob" : "alice");
        CHECK(latitude(m) == 1);
        CHECK(m.live_until_ms == 0);
        CHECK(m.moved_ms == ended.moved_ms);
    }
    CHECK(code(t.phone, request::MoveLocation{id, 6, 6, 6}) == ErrorCode::invalid_argument);
}

TEST_CASE("a move that waits to be told is told after a crash")
{
    Movers t(804);
    const auto id = t.share_place(600);
    for (int n = 1; n <= 3; ++n)
        REQUIRE(code(t.alice, request::MoveLocation{id, 100 + n, 200, 7}) == ErrorCode::ok);
    t.alice.crash();
    t.settle(seconds(10));
    REQUIRE(latitude(newest(t.bob, "alice")) != 103);
    t.alice.start();
    t.settle(seconds(20));
    for (auto* client : {&t.alice, &t.bob, &t.phone})
        CHECK(latitude(newest(*client, client == &t.alice ? "bob" : "alice")) == 103);
    CHECK_FALSE(t.alice.store.value("places/waiting"));
}

TEST_CASE("taken back and then over: a device to which it was on its way has nothing of it, as all others")
{
    Movers t(805);
    (void)t.alice.send("bob", "so that there is a path between the two");
    t.settle();
    REQUIRE(t.alice.live_peer_links(Path::direct) > 0);
    t.phone.crash();
    t.world.relay_crash();
    t.settle();
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    const auto id = std::get<MessageId>(ask(t.alice, send).value);
    t.settle();
    REQUIRE(newest(t.bob, "alice").id == id);
    REQUIRE(code(t.alice, request::Recall{id}) == ErrorCode::ok);
    t.settle(minutes(2));
    t.world.relay_start();
    t.phone.start();
    t.settle(minutes(2));
    CHECK(t.phone.store.message(id).has_value());
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        CAPTURE(client->name);
        CHECK(client->history(client == &t.alice ? "bob" : "alice").size() == 1);
    }
}

TEST_CASE("what was said before an edit is kept where the account wishes it, on all its devices, and nowhere else")
{
    Movers t(803);
    CHECK(code(t.bob, request::SetVersions{message_versions_max + 1}) == ErrorCode::invalid_argument);
    CHECK(code(t.bob, request::SetVersions{8}) == ErrorCode::ok);
    t.settle();
    const auto id = t.alice.send("bob", "one");
    t.settle();
    CHECK(code(t.alice, request::Edit{id, "two", {}, {}}) == ErrorCode::ok);
    t.settle();
    CHECK(code(t.alice, request::Edit{id, "three", {}, {}}) == ErrorCode::ok);
    t.settle();
    const std::vector<std::string> before{"one", "two"};
    CHECK(versions(t.bob, id) == before);
    CHECK(versions(t.phone, id) == before);
    CHECK(newest(t.phone, "alice").versions == 2);
    CHECK(versions(t.alice, id).empty());
    CHECK(code(t.bob, request::Versions{}) == ErrorCode::invalid_argument);
    CHECK(code(t.phone, request::SetVersions{0}) == ErrorCode::ok);
    t.settle();
    CHECK(versions(t.bob, id).empty());
    CHECK(versions(t.phone, id).empty());
    CHECK(newest(t.bob, "alice").text == "three");
}

TEST_CASE("what is set of a conversation in which nothing was said yet is in the list of every device")
{
    Movers t(811);
    request::SetConversation set{{"alice", {}}};
    set.draft = "dear alice";
    set.pinned = true;
    CHECK(code(t.bob, set) == ErrorCode::ok);
    t.settle();
    auto& tablet = t.world.client("bob.tablet");
    tablet.start();
    REQUIRE(tablet.wait(tablet.enter(false)).error.code == ErrorCode::ok);
    t.settle(seconds(20));
    for (auto* device : {&t.bob, &t.phone, &tablet}) {
        CAPTURE(device->name);
        const auto reply = ask(*device, request::Conversations{});
        const auto& list = std::get<std::vector<Conversation>>(reply.value);
        REQUIRE(list.size() == 1);
        CHECK(list[0].with == "alice");
        CHECK(list[0].draft == "dear alice");
        CHECK(list[0].pinned);
    }
}

TEST_CASE("how long one's own can be taken back is the account's wish, and all its devices keep to it")
{
    Movers t(810);
    CHECK(code(t.bob, request::SetRecallWindow{request::recall_seconds_max + 1}) == ErrorCode::invalid_argument);
    const auto usual = t.bob.send("alice", "said long ago");
    t.settle(minutes(10));
    CHECK(code(t.phone, request::Recall{usual}) == ErrorCode::ok);
    t.settle();
    CHECK(newest(t.alice, "bob").recalled_ms != 0);

    CHECK(code(t.bob, request::SetRecallWindow{120}) == ErrorCode::ok);
    const auto soon = t.bob.send("alice", "soon");
    const auto late = t.bob.send("alice", "late");
    t.settle(seconds(60));
    CHECK(code(t.bob, request::Recall{soon}) == ErrorCode::ok);
    t.settle(seconds(90));
    for (auto* device : {&t.bob, &t.phone})
        CHECK(code(*device, request::Recall{late}) == ErrorCode::invalid_argument);
    // Nobody but the author asks what the author wished: it is longer again.
    CHECK(code(t.phone, request::SetRecallWindow{3600}) == ErrorCode::ok);
    t.settle();
    CHECK(code(t.bob, request::Recall{late}) == ErrorCode::ok);
    t.settle();
    CHECK(newest(t.alice, "bob").recalled_ms != 0);

    CHECK(code(t.bob, request::SetRecallWindow{0}) == ErrorCode::ok);
    const auto never_again = t.bob.send("alice", "this stays");
    t.settle();
    CHECK(code(t.bob, request::Recall{never_again}) == ErrorCode::invalid_argument);
    CHECK(newest(t.alice, "bob").text == "this stays");
}

TEST_CASE("a message that was on its way when its reader had read further is not told as read, until it is")
{
    Movers t(804);
    const auto first = t.alice.send("bob", "first");
    t.settle();
    t.world.cut(t.alice);
    t.settle(seconds(30));
    const auto late = t.alice.send("bob", "late");
    t.settle();
    (void)t.bob.send("alice", "are you there?");
    CHECK(code(t.bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    t.settle(seconds(10));
    t.world.restore(t.alice);
    REQUIRE(t.world.run_until([&] { return t.alice.state(late) == MessageState::delivered; }, minutes(3)));
    t.settle(minutes(1));
    const auto read_by = [&] {
        const auto list = std::get<std::vector<Conversation>>(ask(t.alice, request::Conversations{}).value);
        REQUIRE(list.size() == 1);
        REQUIRE(list[0].read_by.size() == 1);
        return list[0].read_by[0].up_to;
    };
    CHECK(read_by() == first);
    CHECK(all<event::ReadUpTo>(t.alice).back().up_to == first);
    CHECK(code(t.bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    t.settle(seconds(30));
    CHECK_FALSE(read_by() == first);
    CHECK_FALSE(all<event::ReadUpTo>(t.alice).back().up_to == first);
}

TEST_CASE("a clock that is three days behind: the first disappearing message lives as long as it should")
{
    World world(805);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    world.run_for(seconds(10));
    alice.crash();
    alice.clock_skew_ms = -3LL * 24 * 3600 * 1000;
    alice.start();
    world.run_for(seconds(10));
    request::Send send{"bob", "soon gone", {}};
    send.lifetime = content::Lifetime{3600, content::Lifetime::From::sent};
    CHECK(code(alice, send) == ErrorCode::ok);
    world.run_for(minutes(30));
    REQUIRE(bob.history("alice").size() == 1);
    CHECK(alice.history("bob").size() == 1);
    world.run_for(minutes(31));
    CHECK(bob.history("alice").empty());
    CHECK(alice.history("bob").empty());
}

TEST_CASE("clocks that are wrong: a fast one shows what disappears, and what is read by a slow one is read everywhere")
{
    World world(806);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    auto& phone = world.client("bob.phone");
    world.befriend(alice, bob);
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    world.run_for(seconds(10));
    const auto set = [&](Client& client, std::int64_t skew_ms) {
        client.crash();
        client.clock_skew_ms = skew_ms;
        client.start();
        world.run_for(seconds(10));
    };
    set(bob, 120'000);
    request::Send send{"bob", "soon gone", {}};
    send.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    CHECK(code(alice, send) == ErrorCode::ok);
    world.run_for(seconds(20));
    for (auto* one : {&bob, &phone})
        CHECK(one->history("alice").size() == 1);
    world.run_for(seconds(75)); // The wall clock is looked at twice a minute.
    for (auto* one : {&bob, &phone})
        CHECK(one->history("alice").empty());

    set(bob, 0);
    set(phone, -40LL * 24 * 3600 * 1000);
    (void)alice.send("bob", "read me");
    world.run_for(seconds(10));
    const auto unread = [](Client& client) {
        return std::get<std::vector<Conversation>>(ask(client, request::Conversations{}).value).at(0).unread;
    };
    REQUIRE(unread(bob) == 1);
    CHECK(code(phone, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    world.run_for(seconds(10));
    CHECK(unread(bob) == 0);
    CHECK_FALSE(all<event::ReadUpTo>(alice).empty());
}

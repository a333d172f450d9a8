// SPDX-License-Identifier: Apache-2.0
// How far an account has read, when its devices say so without knowing of each other: the furthest place counts.
#include "tests/lib/engine/chat_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

struct Readers : Three {
    using Three::Three;

    void read(Client& client)
    {
        REQUIRE(client.wait(client.ask(request::MarkRead{{"alice", {}}, {}})).error.code == ErrorCode::ok);
    }
    std::uint32_t unread(Client& client)
    {
        const auto reply = client.wait(client.ask(request::Conversations{}));
        for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
            if (one.with == "alice") return one.unread;
        return 0;
    }
    std::optional<MessageId> told_read()
    {
        const auto reply = alice.wait(alice.ask(request::Conversations{}));
        for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
            if (one.with == "bob" && !one.read_by.empty()) return one.read_by[0].up_to;
        return std::nullopt;
    }
    /// Bob has all four, and the phone the first one. Then the relay is gone, and bob reads; bob and alice are off.
    void part()
    {
        (void)say(alice, "bob", "0");
        phone.crash();
        for (const auto* text : {"1", "2", "3"})
            (void)say(alice, "bob", text);
        REQUIRE(bob.history("alice").size() == 4);
        alice.crash();
        world.relay_crash();
        read(bob);
        CHECK(unread(bob) == 0);
        bob.crash();
        world.run_for(seconds(10));
        phone.start();
        world.run_for(seconds(1));
        REQUIRE(phone.history("alice").size() == 1);
    }
    void meet()
    {
        world.relay_start();
        alice.start();
        bob.start();
        world.run_for(minutes(2));
        REQUIRE(bob.history("alice").size() == phone.history("alice").size());
    }
};

} // namespace

TEST_CASE("two devices read without knowing of each other: what the one has read further is read on both")
{
    Readers t(71);
    t.part();
    t.read(t.phone); // Later, and less far.
    t.meet();
    CHECK(t.unread(t.bob) == 0);
    CHECK(t.unread(t.phone) == 0);
    CHECK(t.told_read() == t.bob.history("alice").back().id);
}

TEST_CASE("what came late to a device that had read further was read on the other: unread on none")
{
    Readers t(72);
    t.part();
    (void)t.phone.send("alice", "later than all of them");
    t.read(t.phone);
    t.meet();
    REQUIRE(t.phone.history("alice").size() == 5);
    CHECK(t.unread(t.bob) == 0);
    CHECK(t.unread(t.phone) == 0);
    CHECK(t.told_read() == t.phone.history("alice").back().id);
}

TEST_CASE("what nobody had when they read further is unread on all devices, and read where it is read on any")
{
    for (const bool on_phone : {false, true}) {
        Readers t(73);
        (void)t.say(t.alice, "bob", "0");
        t.world.relay_crash();
        t.world.break_links(t.alice);
        (void)t.alice.send("bob", "late");
        t.alice.crash();
        t.world.run_for(seconds(10));
        t.world.relay_start();
        t.world.run_for(minutes(1));
        (void)t.say(t.bob, "alice", "later");
        t.read(t.bob);
        t.world.run_for(seconds(10));
        (void)t.say(t.phone, "alice", "later still");
        t.read(t.phone);
        t.world.run_for(seconds(10));
        REQUIRE(t.bob.history("alice").size() == 3);
        t.alice.start();
        t.world.run_for(minutes(2));
        REQUIRE(t.bob.history("alice").size() == 4);
        REQUIRE(t.phone.history("alice").size() == 4);
        CHECK(t.unread(t.bob) == 1);
        CHECK(t.unread(t.phone) == 1);
        t.read(on_phone ? t.phone : t.bob);
        t.world.run_for(seconds(30));
        CHECK(t.unread(t.bob) == 0);
        CHECK(t.unread(t.phone) == 0);
    }
}

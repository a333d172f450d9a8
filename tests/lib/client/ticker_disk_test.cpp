// SPDX-License-Identifier: Apache-2.0
// A commit that is refused: for want of memory, or by the disk, for a moment or for long.
#include "tests/lib/client/ticker_world.hpp"

#include <algorithm>
#include <map>
#include <set>

using namespace godwit;
using namespace godwit::test;
using namespace std::chrono_literals;

TEST_CASE("memory ran out in a tick: as a refused commit, and the engine that stopped half-way is asked nothing more")
{
    World world;
    world.frame("before");
    world.shell.turn();
    world.frames_sent();
    CHECK(world.text() == "before");
    world.ask(request::Send{"bob", "no memory", {}});
    world.ask(request::Send{"bob", "in the same tick", {}});
    world.frame("unreceipted");
    world.shell.turn();
    CHECK(world.frames_sent().empty());
    CHECK(world.shell.closed_links == 1);
    CHECK(world.store.rows.size() == 1);
    const auto warning = world.events.poll();
    REQUIRE(warning);
    CHECK(std::get<event::Warning>(*warning).what.detail.find("memory") != std::string::npos);
    std::set<RequestId> answered;
    for (int i = 0; i < 2; ++i) {
        const auto reply = world.reply();
        CHECK(reply.error.code == ErrorCode::storage_failed);
        CHECK(reply.error.retry_after_ms == 250);
        answered.insert(reply.id);
    }
    CHECK(answered.size() == 2);
    world.shell.pass(300ms);
    world.ask(request::Send{"bob", "after", {}});
    world.shell.turn();
    CHECK(world.store.rows.size() == 2);
}

TEST_CASE("commit refused: nothing is said, requests get the error, the engine starts anew from the store")
{
    World world;
    world.frame("before");
    world.shell.turn();
    world.frames_sent();
    CHECK(world.text() == "before");
    CHECK_FALSE(world.events.poll());
    world.shell.turn();
    world.shell.pass(client::dealt_with_flush_after);
    world.ask(request::Contacts{}); // waits for the relay
    world.shell.turn();

    world.store.refuse = true;
    world.ask(request::Send{"bob", "lost", {}});
    world.frame("unreceipted");
    world.shell.turn();

    CHECK(world.frames_sent().empty());
    CHECK(world.shell.closed_links == 1);
    CHECK(world.store.rows.size() == 1);
    const auto warning = world.events.poll();
    REQUIRE(warning);
    REQUIRE(std::holds_alternative<event::Warning>(*warning));
    CHECK(std::get<event::Warning>(*warning).what.code == ErrorCode::storage_failed);
    // Both requests are answered, each once, in any order.
    std::set<RequestId> answered;
    for (int i = 0; i < 2; ++i) {
        const auto reply = world.reply();
        CHECK(reply.error.code == ErrorCode::storage_failed);
        CHECK(reply.error.retry_after_ms == 250);
        answered.insert(reply.id);
    }
    CHECK(answered == std::set<RequestId>{1, 2});

    SUBCASE("no dial while it is quiet; a dial after; the quiet time grows, and ends with a commit that holds")
    {
        CHECK(world.dials() == 0);
        world.shell.pass(200ms);
        CHECK_FALSE(world.events.poll()); // still quiet
        world.shell.pass(100ms);
        CHECK(std::holds_alternative<event::Disconnected>(*world.events.poll()));
        world.shell.pass(100ms);
        CHECK(world.dials() == 1);
        world.shell.effects.clear();
        world.frame("again");
        world.shell.turn();
        world.shell.pass(450ms);
        CHECK(world.dials() == 0);
        world.shell.pass(100ms);
        world.shell.pass(100ms);
        CHECK(world.dials() == 1);
        while (auto event = world.events.poll())
            CHECK_FALSE(std::holds_alternative<event::Warning>(*event));

        world.store.refuse = false;
        world.frame("unreceipted");
        world.shell.turn();
        CHECK(world.text() == "unreceipted");
        CHECK(world.store.rows.size() == 2);
        world.shell.effects.clear();
        world.ticker->link_down(1, Error{ErrorCode::timed_out, {}, 0});
        world.shell.turn();
        world.shell.pass(100ms);
        CHECK(world.dials() == 1);
    }
    SUBCASE("reading goes on: who asks between two who write is answered")
    {
        while (world.events.poll())
            continue;
        const auto lost = world.ask(request::Send{"bob", "lost as well", {}});
        const auto read = world.ask(request::Status{});
        const auto late = world.ask(request::Send{"bob", "and this", {}});
        world.shell.turn();
        std::map<RequestId, ErrorCode> answers;
        while (auto event = world.events.poll())
            if (const auto* reply = std::get_if<event::Reply>(&*event)) answers[reply->id] = reply->error.code;
        CHECK(answers == std::map<RequestId, ErrorCode>{{lost, ErrorCode::storage_failed},
                                                        {read, ErrorCode::ok},
                                                        {late, ErrorCode::storage_failed}});
        world.store.refuse = false;
        world.ask(request::Send{"bob", "now there is room", {}});
        world.ask(request::Send{"bob", "for this, too", {}});
        world.shell.turn();
        CHECK(world.store.rows.size() == 3);
    }
    SUBCASE("reading goes on, though the engine itself writes after every request")
    {
        world.store.chores = true;
        while (world.events.poll())
            continue;
        for (int n = 0; n < 20; ++n) {
            const auto read = world.ask(request::Status{});
            world.shell.turn();
            std::map<RequestId, ErrorCode> answers;
            while (auto event = world.events.poll())
                if (const auto* reply = std::get_if<event::Reply>(&*event)) answers[reply->id] = reply->error.code;
            CHECK(answers == std::map<RequestId, ErrorCode>{{read, ErrorCode::ok}});
            world.shell.pass(500ms);
        }
        world.store.refuse = false;
        world.shell.effects.clear();
        world.ask(request::Send{"bob", "now there is room", {}});
        world.shell.turn();
        world.shell.pass(1ms);
        CHECK(world.store.rows.size() == 2);
        CHECK(world.frames_sent().size() == 1); // With the tick that follows.
    }
    SUBCASE(
        "reading goes on, though the engine writes in each tick and wants the next at once, and links go down beside")
    {
        while (world.events.poll())
            continue;
        world.store.restless = true;
        const int begun = world.store.begun;
        for (int n = 0; n < 100; ++n) {
            const auto read = world.ask(request::Status{});
            world.ticker->woken();
            world.ticker->link_down(7, Error{ErrorCode::storage_failed, "its engine is gone", 0});
            world.shell.turn();
            std::map<RequestId, ErrorCode> answers;
            while (auto event = world.events.poll())
                if (const auto* reply = std::get_if<event::Reply>(&*event)) answers[reply->id] = reply->error.code;
            CHECK(answers == std::map<RequestId, ErrorCode>{{read, ErrorCode::ok}});
            world.shell.pass(500ms);
        }
        // A tick for each request, one for each link, an engine after each of those, and few in which the disk was
        // tried.
        CHECK(world.store.begun - begun < 340);
        world.store.restless = world.store.refuse = false;
        world.shell.pass(client::storage_backoff_max);
        world.ask(request::Send{"bob", "now there is room", {}});
        world.shell.turn();
        CHECK(world.store.rows.size() == 2);
    }
    SUBCASE(
        "what comes by a link that went with the engine does not reach the next one, which has a link of that number")
    {
        while (world.events.poll())
            continue;
        world.shell.pass(300ms);
        const int closed = world.shell.closed_links;
        bool is_held = false;
        SUBCASE("as it comes") {}
        SUBCASE("held until the disk was tried again")
        {
            is_held = true;
        }
        world.ask(request::Send{"bob", "lost as well", {}});
        if (is_held) world.shell.clock.mono -= 200ms; // Still quiet.
        if (is_held) world.frame("of the former engine");
        if (is_held) world.frame("of the former engine, too");
        if (is_held) world.shell.clock.mono += 200ms;
        world.ticker->woken(); // The tick of who asks.
        is_held ? world.ticker->deadline_reached() : world.frame("of the former engine");
        world.store.refuse = false;
        world.shell.turn();
        CHECK(world.shell.closed_links == closed + 1);
        CHECK(world.store.rows.size() == 1);
        CHECK(world.frames_sent().empty());
    }
    SUBCASE("a store that refuses even reading: requests are answered, and the engine starts when it can")
    {
        world.store.refuse_all = true;
        world.frame("again");
        world.shell.turn();
        world.ask(request::Status{});
        world.shell.turn();
        std::size_t refused = 0;
        while (auto event = world.events.poll())
            if (const auto* reply = std::get_if<event::Reply>(&*event))
                refused += reply->error.code == ErrorCode::storage_failed;
        CHECK(refused == 1);
        world.frame("nobody is there");
        world.shell.pass(10min);
        world.store.refuse_all = world.store.refuse = false;
        world.shell.pass(10min);
        world.ask(request::Status{});
        world.shell.turn();
        CHECK(world.reply().error.code == ErrorCode::ok);
    }
}

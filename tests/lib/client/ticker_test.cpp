// SPDX-License-Identifier: Apache-2.0
#include "lib/client/ticker.hpp"

#include "tests/lib/client/fake_shell.hpp"
#include "tests/lib/client/fake_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <set>

using namespace godwit;
using namespace std::chrono_literals;

namespace {

class Warnings final : public port::Trace {
public:
    std::vector<std::string> lines;
    void line(port::TraceLevel level, std::string_view, std::string_view text) override
    {
        if (level >= port::TraceLevel::warning) lines.emplace_back(text);
    }
};

const std::string relay_address = "godwit://127.0.0.1:4433#" + std::string(42, 'B') + "A";

/// One client without threads: the test turns its clock and reads its effects.
struct World {
    test::FakeStore store;
    test::SeededEntropy entropy{1};
    Warnings trace;
    test::FakeShell shell;
    client::Mailbox mailbox;
    client::EventQueue events;
    std::unique_ptr<client::Ticker> ticker;

    explicit World(std::size_t events_max = 100) : events(events_max, [this] { shell.wake(); }) { open(); }

    void open()
    {
        ticker = std::make_unique<client::Ticker>(client::TickerParts{
            {}, store, entropy, trace, shell, mailbox, events, [](auto, const auto&, std::string_view password) {
                if (password == "no memory")
                    return Result<client::PasswordKeys>(Error{ErrorCode::quota_exceeded, "no memory", 0});
                return Result<client::PasswordKeys>(client::PasswordKeys{Bytes(32, 7), Bytes(32, 8)});
            }});
        shell.observe(*ticker);
        ticker->start();
        shell.turn();
    }

    RequestId ask(Request request)
    {
        bool first = false;
        const auto id = mailbox.put(std::move(request), first);
        REQUIRE(id);
        if (first) shell.wake();
        return *id;
    }
    void frame(std::string_view text) { ticker->link_frame(1, as_bytes(text)); }

    std::vector<std::string> frames_sent()
    {
        std::vector<std::string> out;
        for (const auto& effect : shell.effects)
            if (const auto* send = std::get_if<engine::SendFrame>(&effect)) out.emplace_back(as_text(send->frame));
        shell.effects.clear();
        return out;
    }
    int dials()
    {
        int count = 0;
        for (const auto& effect : shell.effects)
            count += std::holds_alternative<engine::DialRelay>(effect);
        return count;
    }
    event::Reply reply()
    {
        auto event = events.poll();
        REQUIRE(event);
        REQUIRE(std::holds_alternative<event::Reply>(*event));
        return std::get<event::Reply>(*event);
    }
    std::string text()
    {
        auto event = events.poll();
        REQUIRE(event);
        REQUIRE(std::holds_alternative<event::MessageReceived>(*event));
        return std::get<event::MessageReceived>(*event).message.text;
    }
};

} // namespace

TEST_CASE("everything that is ready in one turn shares one commit, and nothing leaves before it")
{
    World world;
    world.ask(request::Send{"bob", "one", {}});
    world.ask(request::Send{"bob", "two", {}});
    world.ticker->link_frame(1, as_bytes("three"));
    CHECK(world.frames_sent().empty());
    CHECK_FALSE(world.events.poll());
    world.shell.turn();
    CHECK(world.store.commits_written == 1);
    CHECK(world.frames_sent() == std::vector<std::string>{"receipt", "one", "two"});
    CHECK(world.text() == "three");
    CHECK(world.reply().id == 1);
    CHECK(world.reply().id == 2);
}

TEST_CASE("a refused request is answered in its place")
{
    World world;
    bool first = false;
    SUBCASE("among others")
    {
        world.ask(request::Status{});
        REQUIRE(world.mailbox.put(Error{ErrorCode::unknown_request, "what?", 0}, first));
        world.ask(request::Contacts{}); // never answered: must not hold up who comes after it
        world.ask(request::Status{});
        world.ask(request::RegisterAccount{"nonsense", "ann", "long enough", {}});
        world.shell.turn();
        for (const RequestId id : {1U, 2U, 4U, 5U})
            CHECK(world.reply().id == id);
        return;
    }
    REQUIRE(world.mailbox.put(Error{ErrorCode::unknown_request, "what?", 0}, first));
    world.shell.wake();
    world.shell.turn();
    const auto reply = world.reply();
    CHECK(reply.id == 1);
    CHECK(reply.error.code == ErrorCode::unknown_request);
}

TEST_CASE("a password is stretched in the background; what is plainly wrong is told at once")
{
    World world;
    const auto account = [](std::string relay, std::string user, std::string password) {
        return request::RegisterAccount{std::move(relay), std::move(user), std::move(password), {}};
    };
    world.ask(account(relay_address, "ann", "long enough"));
    world.ask(account("http://x", "ann", "long enough"));
    world.ask(account(relay_address, "Ann Smith", "long enough"));
    world.ask(account(relay_address, "ann", "short"));
    world.ask(account(relay_address, "ann", std::string(password_bytes_max + 1, 'x')));
    world.ask(request::RegisterAccount{relay_address, "ann", "long enough", std::string(65, 'x')});
    world.shell.turn();
    for (RequestId id = 2; id <= 6; ++id) {
        const auto reply = world.reply();
        CHECK(reply.id == id);
        CHECK(reply.error.code == ErrorCode::invalid_argument);
    }
    REQUIRE(world.shell.jobs.size() == 1);
    CHECK_FALSE(world.events.poll());
    world.shell.jobs[0].first();
    world.shell.jobs[0].second();
    world.shell.jobs.clear();
    world.shell.turn();
    const auto reply = world.reply();
    CHECK(reply.id == 1);
    CHECK(reply.error.code == ErrorCode::ok);

    SUBCASE("the stretching itself may fail")
    {
        world.ask(request::Login{relay_address, "ann", "no memory", {}});
        world.shell.turn();
        world.shell.jobs[0].first();
        world.shell.jobs[0].second();
        world.shell.turn();
        CHECK(world.reply().error.code == ErrorCode::quota_exceeded);
    }
    SUBCASE("only so many at once")
    {
        for (std::size_t i = 0; i <= client::derivations_max; ++i)
            world.ask(request::Login{relay_address, "ann", "long enough", {}});
        world.shell.turn();
        CHECK(world.shell.jobs.size() == client::derivations_max);
        CHECK(world.reply().error.code == ErrorCode::busy);
    }
    SUBCASE("closed meanwhile: its result goes nowhere")
    {
        world.ask(request::Login{relay_address, "ann", "long enough", {}});
        world.shell.turn();
        world.ticker->close();
        world.ticker.reset();
        world.shell.jobs[0].first();
        world.shell.jobs[0].second();
    }
}

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

TEST_CASE("marks of what was dealt with ride on a commit, or make one after a while, or at close")
{
    World world;
    world.frame("one");
    world.frame("two");
    world.shell.turn();
    CHECK(world.store.commits_written == 1);
    CHECK(world.text() == "one");
    CHECK(world.text() == "two"); // so "one" is dealt with
    world.shell.turn();
    CHECK_FALSE(world.store.rows[0].notified);
    SUBCASE("with the next commit")
    {
        world.frame("three");
        world.shell.turn();
        CHECK(world.store.commits_written == 2);
        CHECK(world.store.rows[0].notified);
        CHECK_FALSE(world.store.rows[1].notified);
    }
    SUBCASE("after a while")
    {
        world.shell.pass(client::dealt_with_flush_after);
        CHECK(world.store.commits_written == 2);
        CHECK(world.store.rows[0].notified);
        CHECK_FALSE(world.store.rows[1].notified);
        CHECK_FALSE(world.events.poll()); // "two" is dealt with, too
        world.shell.turn();
        world.shell.pass(client::dealt_with_flush_after);
        CHECK(world.store.rows[1].notified);
        CHECK(world.shell.deadline == never);
    }
    SUBCASE("at close; what was in hand comes again after the next open")
    {
        world.ticker->close();
        CHECK(world.store.rows[0].notified);
        world.open();
        CHECK(world.text() == "two");
        CHECK_FALSE(world.events.poll());
    }
    SUBCASE("a refused mark is tried again, and never shows a message twice in one run")
    {
        world.store.refuse = true;
        world.shell.pass(client::dealt_with_flush_after);
        CHECK_FALSE(world.store.rows[0].notified);
        while (auto event = world.events.poll())
            CHECK_FALSE(std::holds_alternative<event::MessageReceived>(*event));
        world.store.refuse = false;
        world.shell.pass(client::storage_backoff_min);
        CHECK(world.store.rows[0].notified);
        CHECK(world.store.rows[1].notified);
        while (auto event = world.events.poll())
            CHECK_FALSE(std::holds_alternative<event::MessageReceived>(*event));
    }
}

TEST_CASE("an application that does not take its events stops its client, and loses nothing")
{
    World world(4);
    for (int i = 0; i < 6; ++i)
        world.frame("m" + std::to_string(i)); // one turn may exceed the queue: kept aside
    world.shell.turn();
    world.frames_sent();

    world.frame("m6"); // no tick any more: not receipted
    world.ask(request::Status{});
    world.shell.turn();
    CHECK(world.frames_sent().empty());
    CHECK(world.store.rows.size() == 6);
    CHECK(world.shell.deadline == never);

    for (int i = 0; i < 7; ++i) {
        CHECK(world.text() == "m" + std::to_string(i));
        world.shell.turn();
    }
    CHECK(world.frames_sent() == std::vector<std::string>{"receipt"});
    CHECK(world.reply().error.code == ErrorCode::ok);

    SUBCASE("what is held is bounded: past it the links close, and the engine hears of it")
    {
        const bool by_count = world.store.rows.size() == 7; // always; both bounds below
        CHECK(by_count);
        for (int i = 0; i < 6; ++i)
            world.frame("n" + std::to_string(i));
        world.shell.turn();
        const std::string big(100'000, 'x');
        const int closed_before = world.shell.closed_links;
        for (int i = 0; i < 41; ++i)
            world.frame(big);
        CHECK(world.shell.closed_links == closed_before);
        world.frame(big);
        CHECK(world.shell.closed_links == closed_before + 1);
        for (int i = 0; i < 6; ++i) {
            CHECK(world.text() == "n" + std::to_string(i));
            world.shell.turn();
        }
        const auto down = world.events.poll();
        REQUIRE(down);
        REQUIRE(std::holds_alternative<event::Disconnected>(*down));
        CHECK(std::get<event::Disconnected>(*down).reason.code == ErrorCode::busy);
        CHECK(world.store.rows.size() == 13);
    }
    SUBCASE("by number, too")
    {
        for (int i = 0; i < 6; ++i)
            world.frame("n" + std::to_string(i));
        world.shell.turn();
        const int closed_before = world.shell.closed_links;
        for (std::size_t i = 0; i < client::held_reports_max; ++i)
            world.frame("x");
        CHECK(world.shell.closed_links == closed_before);
        world.frame("x");
        CHECK(world.shell.closed_links == closed_before + 1);
    }
}

TEST_CASE("a client that is closed or suspended in a call hangs up: its own application hears it, too")
{
    World world;
    world.ask(request::Send{"bob", "call", {}});
    world.shell.turn();
    world.frames_sent();
    while (world.events.poll()) {}
    SUBCASE("between ticks") {}
    SUBCASE("in the middle of one")
    {
        world.frame("last");
    }
    SUBCASE("though the application takes no events")
    {
        while (world.events.push(event::Warning{})) {}
    }
    world.ticker->close();
    const auto sent = world.frames_sent();
    REQUIRE(!sent.empty());
    CHECK(sent.back() == "goodbye");
    for (auto& event : world.ticker->take_rest())
        world.events.push_last(std::move(event));
    bool ended = false;
    while (auto event = world.events.poll())
        ended = ended || std::holds_alternative<event::CallEnded>(*event);
    CHECK(ended);
}

TEST_CASE("what was done in a turn that close() cuts short is told: its events, and its answers")
{
    World world;
    world.frame("before");
    const auto id = world.ask(request::Send{"bob", "one", {}});
    world.ticker->woken();
    REQUIRE(world.store.open);
    world.ticker->close();
    CHECK(world.store.rows.size() == 2);
    for (auto& event : world.ticker->take_rest())
        world.events.push_last(std::move(event));
    CHECK(world.text() == "before");
    const auto reply = world.reply();
    CHECK(reply.id == id);
    CHECK(reply.error.code == ErrorCode::ok); // it is in the store
    CHECK_FALSE(world.events.poll());
}

TEST_CASE("the platform's network change needs no request and gets no reply")
{
    World world;
    world.ticker->network_changed();
    world.shell.turn();
    CHECK_FALSE(world.events.poll());
}

TEST_CASE("a system that does not lock secrets, or has no room for them, is told of once each")
{
    class Unlockable final : public SecretPages {
    public:
        std::size_t left = 2;
        Taken take(std::size_t size_bytes) noexcept override
        {
            return {left-- > 0 ? std::malloc(size_bytes) : nullptr, false};
        }
        void give_back(void* data, std::size_t) noexcept override { std::free(data); }
    };
    static Unlockable pages;
    World world, other;
    use_secret_pages(pages);
    const auto ask = [](World& asked) {
        asked.ask(request::Status{});
        asked.shell.turn();
    };
    ask(world);
    CHECK(world.trace.lines.empty());
    std::vector<WipingBytes> secrets;
    const auto fill_one_chunk = [&] {
        for (std::size_t bytes = 0; bytes < SecretArena::chunk_bytes; bytes += SecretArena::block_bytes_max)
            secrets.emplace_back(SecretArena::block_bytes_max);
    };
    fill_one_chunk();
    ask(world);
    ask(world);
    REQUIRE(world.trace.lines.size() == 1);
    CHECK(world.trace.lines[0].find("swapped out") != std::string::npos);
    fill_one_chunk();
    ask(world);
    CHECK(world.trace.lines.size() == 1);
    fill_one_chunk(); // Into ordinary memory, and nothing fails.
    CHECK(secrets.back().size() == SecretArena::block_bytes_max);
    ask(world);
    ask(world);
    REQUIRE(world.trace.lines.size() == 2);
    CHECK(world.trace.lines[1].find("dumped") != std::string::npos);
    ask(other); // Every client says it.
    CHECK(other.trace.lines.size() == 1);
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/client/ticker_world.hpp"

using namespace godwit;
using namespace godwit::test;
using namespace std::chrono_literals;

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

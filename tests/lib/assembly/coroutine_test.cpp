// SPDX-License-Identifier: Apache-2.0
// Coroutines over the public API: who waits goes on once, with what is theirs; who goes away while waiting is not
// resumed; whatever a coroutine holds is destroyed once. Compiled with AddressSanitizer where the compiler has it,
// because that is what GCC 12 got wrong (docs/adr/0063-allocator-and-coroutines.md).
#include "tests/lib/assembly/relay_process.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"

#include <godwit/coroutine.hpp>

#include <string>

using namespace godwit;
using godwit::test::RelayProcess;
using godwit::test::TemporaryFolder;

namespace {

constexpr std::chrono::milliseconds at_most = std::chrono::minutes(2);

/// Counts how many there are, and holds something on the heap, so that destroying one twice is seen.
struct Probe {
    static inline int live = 0;
    std::string text = "long enough that it does not fit into the string itself";
    Probe() { ++live; }
    Probe(const Probe& other) : text(other.text) { ++live; }
    Probe(Probe&& other) noexcept : text(std::move(other.text)) { ++live; }
    ~Probe() { --live; }
};
struct Aggregate {
    std::string name;
    Probe probe{};
    std::vector<std::string> more{};
};

struct Opened {
    TemporaryFolder folder;
    std::unique_ptr<Client> client = std::move(Client::open({.home = folder / "home"})).value();
};

/// Until no task is left, or nothing comes any more.
void finish(co::Loop& loop)
{
    while (loop.running() > 0)
        REQUIRE(loop.turn(at_most));
}

co::Task<std::string> user_of(co::Loop* loop, Aggregate held)
{
    auto asked = loop->ask(request::Status{});
    co_await asked;
    const auto status = asked.result<StatusReport>();
    co_return status.ok() ? held.name + ":" + status->user : "?";
}
co::Task<void> note(co::Loop* loop, std::string name, std::vector<std::string>* out)
{
    auto task = user_of(loop, Aggregate{name, {}, {"a", "b"}});
    auto said = co_await task;
    out->push_back(std::move(said));
}
co::Task<ErrorCode> refused(co::Loop* loop)
{
    auto asked = loop->ask(request::Send{"bob", "hello, and this is long enough for the heap, is it not", "a key"});
    const auto& reply = co_await asked;
    CHECK_FALSE(asked.result<MessageId>().ok());
    co_return reply.error.code;
}
co::Task<void> refusal(co::Loop* loop, ErrorCode* out)
{
    auto task = refused(loop);
    *out = co_await task;
}

/// A coroutine of somebody else: begins at once, keeps itself.
struct Foreign {
    struct promise_type {
        Foreign get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};
Foreign foreign(co::Loop* loop, int* done)
{
    auto asked = loop->ask(request::Status{});
    const auto& reply = co_await asked;
    *done += reply.error.code == ErrorCode::ok ? 1 : 100;
}

template <class Of>
concept awaited_as_returned = requires(Of make) { make().operator co_await(); };
static_assert(!awaited_as_returned<co::Asked (*)()> && !awaited_as_returned<co::Task<int> (*)()>);
static_assert(!awaited_as_returned<co::Next<event::Connected> (*)()>);

} // namespace

TEST_CASE("each gets its own answer, once")
{
    Opened home;
    std::vector<std::string> said;
    ErrorCode code = ErrorCode::ok;
    int done = 0;
    {
        co::Loop loop(*home.client);
        for (int i = 0; i < 50; ++i)
            loop.start(note(&loop, "number " + std::to_string(i), &said));
        loop.start(refusal(&loop, &code));
        foreign(&loop, &done);
        CHECK(loop.running() == 51);
        finish(loop);
        while (done == 0)
            REQUIRE(loop.turn(at_most));
    }
    REQUIRE(said.size() == 50);
    for (std::size_t i = 0; i < said.size(); ++i)
        CHECK(said[i] == "number " + std::to_string(i) + ":");
    CHECK(code == ErrorCode::not_registered);
    CHECK(done == 1);
    CHECK(Probe::live == 0);
}

TEST_CASE("an event is awaited from when it was asked for, by what it is and by what is wanted of it")
{
    const char* const program = std::getenv("GODWIT_TEST_RELAY");
    REQUIRE_MESSAGE(program != nullptr, "GODWIT_TEST_RELAY: the program of the relay");
    Opened home;
    const RelayProcess relay(program, home.folder / "relay");
    std::size_t handled = 0;
    co::Loop loop(*home.client,
                  [&](const Event& event) { handled += std::holds_alternative<event::ViewChanged>(event) ? 1U : 0U; });
    const auto story = [](co::Loop* on, const std::string* address, std::vector<std::string>* told) -> co::Task<void> {
        auto connected = on->next<event::Connected>();
        auto never = on->next<event::ViewChanged>([](const auto& change) { return change.watch == 12345; });
        auto entered = on->ask(request::RegisterAccount{*address, "alice", "correct horse", "laptop"});
        const auto& reply = co_await entered;
        told->push_back(std::string(error_name(reply.error.code)));
        const auto& connection = co_await connected;
        told->push_back(connection.relay == *address ? "connected" : connection.relay);

        // Before it is asked for, so that nothing can come in between; awaited after.
        request::Watch what;
        what.what = request::Watch::What::contacts;
        auto first = on->next<event::ViewChanged>();
        auto asked = on->ask(what);
        co_await asked;
        const auto number = asked.result<std::uint64_t>();
        told->push_back(number.ok() ? "watched" : number.error().detail);
        const auto& change = co_await first;
        told->push_back(number.ok() && change.watch == *number ? "the first" : "another");

        const std::uint64_t wanted = number.ok() ? *number + 1 : 0;
        auto second = on->next<event::ViewChanged>([wanted](const auto& one) { return one.watch == wanted; });
        auto asked_again = on->ask(what);
        co_await asked_again;
        const auto& again = co_await second;
        told->push_back(again.watch == wanted ? "the second" : "another");
        told->push_back(never.ready() ? "what nobody said" : "and nothing else");
    };
    std::vector<std::string> told;
    const auto address = relay.address();
    loop.start(story(&loop, &address, &told));
    finish(loop);
    CHECK(told ==
          std::vector<std::string>{"ok", "connected", "watched", "the first", "the second", "and nothing else"});
    CHECK(handled >= 2); // the handler sees what is awaited, too
}

TEST_CASE("who goes away while waiting is not resumed, and all it holds goes with it")
{
    Opened home;
    bool went_on = false;
    const auto waits = [](co::Loop* loop, Aggregate held, bool* on) -> co::Task<void> {
        auto never = loop->next<event::Connected>();
        co_await never;
        *on = !held.name.empty();
    };
    const auto asks = [](co::Loop* loop, Aggregate held, bool* on) -> co::Task<void> {
        auto asked = loop->ask(request::Status{});
        co_await asked;
        *on = !held.name.empty();
    };
    {
        co::Loop loop(*home.client);
        loop.start(waits(&loop, Aggregate{"one", {}, {"x"}}, &went_on));
        loop.start(asks(&loop, Aggregate{"two", {}, {"y"}}, &went_on));
        CHECK(Probe::live == 2);
    }
    CHECK(Probe::live == 0);
    co::Loop after(*home.client);
    {
        auto never_begun = asks(&after, Aggregate{"three"}, &went_on);
        CHECK(Probe::live == 1);
    }
    CHECK(Probe::live == 0);
    {
        auto dropped = after.ask(request::Status{});
        auto dropped_too = after.next<event::ViewChanged>();
    }
    while (after.turn(std::chrono::milliseconds(0))) {}
    ErrorCode code = ErrorCode::ok; // what the one before asked is answered to nobody, and this to us
    after.start(refusal(&after, &code));
    finish(after);
    CHECK(code == ErrorCode::not_registered);
    CHECK_FALSE(went_on);
}

TEST_CASE("what a task throws comes out of where it was resumed; the others go on")
{
    Opened home;
    co::Loop loop(*home.client);
    const auto inner = [](co::Loop* on, Aggregate held) -> co::Task<int> {
        auto asked = on->ask(request::Status{});
        co_await asked;
        if (!held.name.empty()) throw std::runtime_error(held.name);
        co_return 1;
    };
    const auto outer = [inner](co::Loop* on, Aggregate held) -> co::Task<void> {
        auto task = inner(on, held);
        (void)co_await task;
    };
    ErrorCode code = ErrorCode::ok;
    loop.start(outer(&loop, Aggregate{"thrown by a task that is inside another"}));
    loop.start(refusal(&loop, &code));
    std::string thrown;
    while (thrown.empty() && loop.running() > 0) {
        try {
            const bool came = loop.turn(at_most); // not inside the macro, which catches itself
            REQUIRE(came);
        } catch (const std::runtime_error& error) {
            thrown = error.what();
        }
    }
    CHECK(thrown == "thrown by a task that is inside another");
    CHECK(loop.running() == 1);
    finish(loop);
    CHECK(code == ErrorCode::not_registered);
    const auto at_once = []() -> co::Task<void> {
        throw std::runtime_error("at once");
        co_return;
    };
    CHECK_THROWS_WITH_AS(loop.start(at_once()), "at once", std::runtime_error);
    CHECK(loop.running() == 0);
    CHECK(Probe::live == 0);
}

TEST_CASE("a full mailbox is an answer, and a loop inside a task turns nothing")
{
    Opened home;
    co::Loop loop(*home.client);
    std::size_t answered = 0, busy = 0, turned = 0;
    const auto ask = [&](co::Loop* on) -> co::Task<void> {
        auto asked = on->ask(request::Status{});
        const auto& reply = co_await asked;
        ++(reply.error.code == ErrorCode::busy ? busy : answered);
        turned += on->turn() ? 1U : 0U;
    };
    std::size_t started = 0;
    for (; busy == 0 && started < 1'000'000; ++started)
        loop.start(ask(&loop));
    CHECK(busy == 1);
    finish(loop);
    CHECK(answered + busy == started);
    CHECK(turned == 0);
}

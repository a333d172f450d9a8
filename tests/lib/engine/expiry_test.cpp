// SPDX-License-Identifier: Apache-2.0
// What is over is shown to nobody: not at the start of a device that was off, nor in the first answers of one that
// slept.
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct Pair {
    World world;
    Client& alice;
    Client& bob;

    explicit Pair(std::uint64_t seed, engine::Config config = {})
        : world(seed), alice(world.client("alice")), bob(world.client("bob", std::move(config)))
    {
        world.befriend(alice, bob);
    }
    void say(const std::string& text, std::uint32_t seconds_it_lives)
    {
        request::Send send{"bob", text, {}};
        send.lifetime = content::Lifetime{seconds_it_lives, content::Lifetime::From::sent};
        REQUIRE(alice.wait(alice.ask(send)).error.code == ErrorCode::ok);
    }
};

/// A process on a client's disk. Its inputs are gathered in one tick, as an application's first questions are, and what
/// it says is looked at.
class Process {
public:
    Process(Client& client, Moment now)
        : store_(client.store),
          engine_(client.config(), client.store, entropy_, world_trace(), {&client.files, &client.user_files}),
          now_(now)
    {
        store_.begin();
        engine_.start(now_);
    }
    ~Process() { store_.rollback(); }

    void wake(Moment now) { now_ = now; }
    void ask(Request what) { engine_.submit({++last_, std::move(what)}, now_); }
    Instant deadline() const { return engine_.deadline(); }
    void took(const Message& message) { engine_.message_taken(message.conversation, message.id); }
    std::vector<Event> tick()
    {
        engine_.handle_deadline(now_);
        std::vector<Event> out;
        while (auto event = engine_.next_event())
            out.push_back(std::move(*event));
        return out;
    }

private:
    MemoryStore& store_;
    test::SeededEntropy entropy_{1};
    engine::Engine engine_;
    Moment now_;
    RequestId last_ = 0;
};

/// Of what a person is shown.
std::vector<std::string> words_in(const std::vector<Event>& events)
{
    std::vector<std::string> out;
    const auto see = [&](const Message& message) {
        if (!message.text.empty()) out.push_back(message.text);
    };
    const auto see_list = [&](const Conversation& one) {
        if (one.last) see(*one.last);
    };
    for (const auto& event : events) {
        if (const auto* received = std::get_if<event::MessageReceived>(&event)) see(received->message);
        if (const auto* changed = std::get_if<event::MessageChanged>(&event)) see(changed->message);
        if (const auto* view = std::get_if<event::ViewChanged>(&event))
            for (const auto& step : view->steps) {
                if (const auto* message = std::get_if<Message>(&step.item)) see(*message);
                if (const auto* one = std::get_if<Conversation>(&step.item)) see_list(*one);
            }
        const auto* reply = std::get_if<event::Reply>(&event);
        if (reply == nullptr) continue;
        if (const auto* page = std::get_if<std::vector<Message>>(&reply->value))
            for (const auto& one : *page)
                see(one);
        if (const auto* list = std::get_if<std::vector<Conversation>>(&reply->value))
            for (const auto& one : *list)
                see_list(one);
        if (const auto* found = std::get_if<SearchResults>(&reply->value))
            for (const auto& hit : found->hits)
                see(hit.message);
    }
    return out;
}

std::vector<Request> looks()
{
    using What = request::Watch::What;
    request::Watch messages;
    messages.what = What::messages;
    messages.where = {"alice", {}};
    request::Watch conversations;
    conversations.what = What::conversations;
    request::Search search;
    search.text = "canary";
    return {request::History{"alice"}, request::Conversations{}, search, messages, conversations};
}

} // namespace

TEST_CASE("what was over while the device was off is in nothing that its application is told or asks first")
{
    Pair t(61);
    t.bob.takes_events = false;
    for (int i = 0; i < 300; ++i) // More than are emptied in one go.
        t.say("canary " + std::to_string(i), 60);
    t.world.run_for(seconds(10));
    t.bob.crash();
    CHECK_FALSE(words_in(Process(t.bob, {t.world.now(), t.world.wall_ms()}).tick()).empty());
    t.world.run_for(minutes(2));
    const Moment later{t.world.now(), t.world.wall_ms()};
    CHECK(words_in(Process(t.bob, later).tick()).empty());
    for (auto& what : looks()) {
        Process process(t.bob, later);
        process.ask(std::move(what));
        CHECK(words_in(process.tick()).empty());
    }
}

TEST_CASE("a device that slept answers its first question without what was over meanwhile")
{
    Pair t(62);
    t.say("canary", 60);
    t.world.run_for(seconds(10));
    t.bob.crash();
    for (auto& what : looks()) {
        Process process(t.bob, {t.world.now(), t.world.wall_ms()});
        (void)process.tick();
        // Its own clock stood still, the wall's did not.
        process.wake({t.world.now() + seconds(1), t.world.wall_ms() + 120'000});
        process.ask(std::move(what));
        CHECK(words_in(process.tick()).empty());
    }
}

TEST_CASE("what waited behind untaken messages and is over by then is not told")
{
    engine::Config config;
    config.events_untaken_max = 1;
    Pair t(63, config);
    t.bob.crash();
    t.say("first", 3000);
    t.say("canary", 60);
    t.bob.takes_events = false;
    t.bob.start();
    t.world.run_for(seconds(20));
    REQUIRE(t.bob.history("alice").size() == 2);
    t.bob.crash();
    Process process(t.bob, {t.world.now(), t.world.wall_ms()});
    const auto told = process.tick();
    CHECK(words_in(told) == std::vector<std::string>{"first"});
    process.wake({t.world.now() + seconds(1), t.world.wall_ms() + 120'000});
    for (const auto& event : told)
        if (const auto* received = std::get_if<event::MessageReceived>(&event)) process.took(received->message);
    CHECK(words_in(process.tick()).empty());
}

TEST_CASE("what was over in months is emptied bit by bit, and shown to nobody meanwhile")
{
    Pair t(64);
    t.say("hello", 3000);
    t.world.run_for(seconds(10));
    const auto row = t.bob.store.message(t.bob.history("alice").front().id);
    REQUIRE(row);
    t.bob.crash();
    t.bob.store.begin();
    for (std::uint8_t n = 0; n < 200; ++n)
        for (std::uint8_t m = 0; m < 5; ++m) {
            auto one = *row;
            one.message.id.bytes[0] = n;
            one.message.id.bytes[1] = m;
            one.message.text = "canary";
            one.message.expires_ms = t.world.wall_ms() + 60'000;
            one.notified = m != 0;
            REQUIRE(t.bob.store.add_message(one));
            if (n == 0)
                REQUIRE(t.bob.store.put_annotation({one.message.conversation, one.message.id, "pin", {}, 1, {}, {1}}));
        }
    REQUIRE(t.bob.store.commit().ok());
    const auto left = [&] {
        const auto all = t.bob.store.sorted(row->message.conversation);
        return std::count_if(all.begin(), all.end(), [](const auto& one) { return one.message.text == "canary"; });
    };
    REQUIRE(left() == 1000);
    auto questions = looks();
    questions.emplace_back(request::Pinned{{"alice", {}}, 50, {}});
    const Moment later{t.world.now(), t.world.wall_ms() + 120'000};
    Process process(t.bob, later);
    for (auto& what : questions)
        process.ask(what);
    std::size_t expired = 0;
    for (int ticks = 0; left() > 0; ++ticks) {
        REQUIRE(ticks < 10);
        const auto before = left();
        const auto told = process.tick();
        CHECK(before - left() <= 256);
        if (left() > 0) CHECK(process.deadline() <= later.mono);
        for (const auto& words : words_in(told))
            CHECK(words == "hello");
        for (const auto& event : told) {
            const auto* changed = std::get_if<event::MessageChanged>(&event);
            expired += changed != nullptr && changed->what == event::MessageChanged::What::expired ? 1 : 0;
            const auto* reply = std::get_if<event::Reply>(&event);
            const auto* list = reply == nullptr ? nullptr : std::get_if<std::vector<Conversation>>(&reply->value);
            if (list != nullptr) CHECK(list->front().unread <= 1);
        }
        for (const auto& what : {questions[0], questions[1], questions[2], questions.back()})
            process.ask(what); // Again, in the middle of it.
    }
    CHECK(expired == 1000);
    CHECK(words_in(process.tick()).size() == 2); // The page and the list; what stays is there.
}

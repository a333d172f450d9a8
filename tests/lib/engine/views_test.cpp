// SPDX-License-Identifier: Apache-2.0
// Lists that are watched, messages to come, and what the user calls people.
#include "tests/lib/engine/heard.hpp"

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

    explicit Pair(std::uint64_t seed) : world(seed), alice(world.client("alice")), bob(world.client("bob"))
    {
        world.befriend(alice, bob);
    }
    MessageId say(Client& from, const std::string& to, const std::string& text)
    {
        const auto id = from.send(to, text);
        world.run_for(seconds(3));
        return id;
    }
};

ErrorCode code(Client& client, Request request)
{
    return client.wait(client.ask(std::move(request))).error.code;
}

std::uint64_t watch(Client& client, request::Watch what)
{
    const auto reply = client.wait(client.ask(std::move(what)));
    REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
    return std::get<std::uint64_t>(reply.value);
}

/// An application that keeps a list by the steps that it is told, and nothing else.
template <class Item>
struct Shown {
    std::vector<Item> list;
    std::size_t taken = 0;
    std::size_t steps = 0;

    void follow(const Client& client, std::uint64_t number)
    {
        using Op = event::ViewChanged::Step::Op;
        for (; taken < client.heard.others.size(); ++taken) {
            const auto* change = std::get_if<event::ViewChanged>(&client.heard.others[taken]);
            if (change == nullptr || change->watch != number) continue;
            for (const auto& step : change->steps) {
                ++steps;
                const auto at = [&](std::size_t i) { return list.begin() + static_cast<std::ptrdiff_t>(i); };
                if (step.op == Op::insert) {
                    REQUIRE(step.index <= list.size());
                    list.insert(at(step.index), std::get<Item>(step.item));
                } else if (step.op == Op::update) {
                    list.at(step.index) = std::get<Item>(step.item);
                } else if (step.op == Op::remove) {
                    REQUIRE(step.index < list.size());
                    list.erase(at(step.index));
                } else {
                    const auto moved = list.at(step.from);
                    list.erase(at(step.from));
                    list.insert(at(step.index), moved);
                }
            }
        }
    }
};

} // namespace

TEST_CASE("a window of messages follows what is said, edited and taken back")
{
    Pair pair(61);
    (void)pair.say(pair.alice, "bob", "zero");
    const auto number = watch(pair.bob, {request::Watch::What::messages, {"alice", {}}, 3, false});
    Shown<Message> shown;
    const auto check = [&] {
        shown.follow(pair.bob, number);
        const auto page = pair.bob.history("alice");
        const auto from = page.size() > 3 ? page.size() - 3 : 0;
        REQUIRE(shown.list.size() == page.size() - from);
        for (std::size_t i = 0; i < shown.list.size(); ++i) {
            CHECK(shown.list[i].id == page[from + i].id);
            CHECK(shown.list[i].text == page[from + i].text);
            CHECK(shown.list[i].state == page[from + i].state);
            CHECK(shown.list[i].recalled_ms == page[from + i].recalled_ms);
            CHECK(shown.list[i].reactions == page[from + i].reactions);
        }
    };
    check();
    const auto one = pair.say(pair.alice, "bob", "one");
    check();
    (void)pair.say(pair.bob, "alice", "two");
    check();
    (void)pair.say(pair.alice, "bob", "three");
    check();
    CHECK(code(pair.alice, request::Edit{one, "ONE", {}, {}}) == ErrorCode::ok);
    CHECK(code(pair.bob, request::React{one, "+", true}) == ErrorCode::ok);
    pair.world.run_for(seconds(3));
    check();
    CHECK(code(pair.alice, request::Recall{one}) == ErrorCode::ok);
    pair.world.run_for(seconds(3));
    check();
    CHECK(shown.steps < 30);

    CHECK(code(pair.bob, request::Unwatch{number}) == ErrorCode::ok);
    CHECK(code(pair.bob, request::Unwatch{number}) == ErrorCode::invalid_argument);
    (void)pair.say(pair.alice, "bob", "unseen");
    const auto before = shown.steps;
    shown.follow(pair.bob, number);
    CHECK(shown.steps == before);
}

TEST_CASE("the list of conversations moves, counts, and takes a remark for a title")
{
    Pair pair(62);
    auto& carol = pair.world.client("carol");
    pair.world.befriend(pair.bob, carol);
    const auto number = watch(pair.bob, {});
    Shown<Conversation> shown;
    (void)pair.say(pair.alice, "bob", "from alice");
    (void)pair.say(carol, "bob", "from carol");
    shown.follow(pair.bob, number);
    REQUIRE(shown.list.size() == 2);
    CHECK(shown.list[0].with == "carol");
    CHECK(shown.list[1].unread == 1);
    (void)pair.say(pair.alice, "bob", "again");
    shown.follow(pair.bob, number);
    CHECK(shown.list[0].with == "alice");
    CHECK(shown.list[0].unread == 2);
    CHECK(shown.list[0].last->text == "again");
    CHECK(code(pair.bob, request::MarkRead{{"alice", {}}, {}}) == ErrorCode::ok);
    CHECK(code(pair.bob, request::SetContact{"alice", "Al", std::vector<std::string>{"friends"}}) == ErrorCode::ok);
    request::SetConversation pin{{"carol", {}}, {}, {}, {}, {}, {}, {}};
    pin.pinned = true;
    CHECK(code(pair.bob, pin) == ErrorCode::ok);
    pair.world.run_for(seconds(1));
    shown.follow(pair.bob, number);
    REQUIRE(shown.list.size() == 2);
    CHECK(shown.list[0].with == "carol");
    CHECK(shown.list[1].title == "Al");
    CHECK(shown.list[1].unread == 0);
    request::SetConversation hide{{"alice", {}}, {}, {}, {}, {}, {}, {}};
    hide.hidden = true;
    CHECK(code(pair.bob, hide) == ErrorCode::ok);
    pair.world.run_for(seconds(1));
    shown.follow(pair.bob, number);
    CHECK(shown.list.size() == 1);
}

TEST_CASE("contacts: a remark and labels are on every device, and the watched list follows")
{
    Pair pair(63);
    auto& phone = pair.world.client("bob.phone");
    phone.start();
    REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
    pair.world.run_for(seconds(10));
    const auto number = watch(phone, {request::Watch::What::contacts, {}, 50, false});
    CHECK(code(pair.bob, request::SetContact{"alice", "Al", std::vector<std::string>{"friends", "work"}}) ==
          ErrorCode::ok);
    pair.world.run_for(seconds(5));
    Shown<Contact> shown;
    shown.follow(phone, number);
    REQUIRE(shown.list.size() == 1);
    CHECK(shown.list[0].remark == "Al");
    CHECK(shown.list[0].labels == std::vector<std::string>{"friends", "work"});
    CHECK(code(pair.bob, request::SetContact{"nobody", "x", {}}) == ErrorCode::not_a_contact);
    CHECK(code(pair.bob, request::SetContact{"alice", std::string(300, 'x'), {}}) == ErrorCode::invalid_argument);
}

TEST_CASE("a message to come is sent at its time, also when the process was not there then; or never, when withdrawn")
{
    Pair pair(64);
    request::Send later{"bob", "later", {}};
    later.at_ms = pair.world.wall_ms() + 10 * 60 * 1000;
    const auto id = std::get<MessageId>(pair.alice.wait(pair.alice.ask(later)).value);
    later.text = "never";
    const auto withdrawn = std::get<MessageId>(pair.alice.wait(pair.alice.ask(later)).value);
    pair.world.run_for(minutes(5));
    CHECK(pair.bob.history("alice").empty());
    auto waiting = std::get<std::vector<ScheduledMessage>>(pair.alice.wait(pair.alice.ask(request::Scheduled{})).value);
    REQUIRE(waiting.size() == 2);
    CHECK(waiting[0].with == "bob");
    CHECK(code(pair.alice, request::Unschedule{withdrawn}) == ErrorCode::ok);
    CHECK(code(pair.alice, request::Unschedule{withdrawn}) == ErrorCode::invalid_argument);
    pair.alice.crash();
    pair.world.run_for(minutes(20));
    pair.alice.start();
    pair.world.run_for(seconds(20));
    CHECK(pair.alice.state(id) == MessageState::delivered);
    const auto page = pair.bob.history("alice");
    REQUIRE(page.size() == 1);
    CHECK(page[0].id == id);
    CHECK(page[0].text == "later");
    waiting = std::get<std::vector<ScheduledMessage>>(pair.alice.wait(pair.alice.ask(request::Scheduled{})).value);
    CHECK(waiting.empty());

    later.text = "to nobody any more";
    later.at_ms = pair.world.wall_ms() + 60'000;
    const auto lost = std::get<MessageId>(pair.alice.wait(pair.alice.ask(later)).value);
    CHECK(code(pair.alice, request::ContactRemove{"bob"}) == ErrorCode::ok);
    pair.world.run_for(minutes(2));
    CHECK(pair.alice.heard.states.back().id == lost);
    CHECK(pair.alice.heard.states.back().state == MessageState::failed);
    CHECK(pair.alice.heard.states.back().reason == "not_a_contact");
}

TEST_CASE("watches are bounded, and what is watched has to be there")
{
    Pair pair(65);
    for (std::size_t i = 0; i < request::watches_max; ++i)
        (void)watch(pair.bob, {});
    CHECK(code(pair.bob, request::Watch{}) == ErrorCode::quota_exceeded);
    CHECK(code(pair.alice, request::Watch{request::Watch::What::messages, {"nobody", {}}, 5, false}) ==
          ErrorCode::not_a_contact);
    CHECK(code(pair.alice, request::Watch{request::Watch::What::messages, {"bob", {}}, 0, false}) ==
          ErrorCode::invalid_argument);
    CHECK(all<event::ViewChanged>(pair.alice).empty());
}

TEST_CASE("a commit that the disk refuses: lists that are watched go on, and their numbers stay theirs")
{
    World world(68);
    ClientOptions options;
    options.drive = Drive::ticker;
    auto& alice = world.client("alice", options);
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    (void)bob.send("alice", "zero");
    world.run_for(seconds(3));
    const auto messages = watch(alice, {request::Watch::What::messages, {"bob", {}}, 10, false});
    const auto chats = watch(alice, {request::Watch::What::conversations, {}, 0, false});
    const auto people = watch(alice, {request::Watch::What::contacts, {}, 0, false});
    Shown<Message> shown;
    Shown<Conversation> list;
    Shown<Contact> contacts;
    for (int n = 0; n < 4; ++n) {
        CAPTURE(n);
        // In one of these ticks a watch is asked for and ended: it was not, when the commit is refused.
        alice.store.fail_at(static_cast<std::uint64_t>(1 + n));
        const auto asked = alice.ask(request::Watch{request::Watch::What::contacts, {}, 0, false});
        request::SetConversation pin{{"bob", {}}};
        pin.pinned = n % 2 == 0;
        (void)alice.ask(pin);
        (void)bob.send("alice", "number " + std::to_string(n));
        world.run_for(seconds(5));
        alice.store.fail_at(0);
        (void)bob.send("alice", "and " + std::to_string(n));
        world.run_for(seconds(20));
        if (alice.ok(asked))
            CHECK(code(alice, request::Unwatch{std::get<std::uint64_t>(alice.reply(asked)->value)}) == ErrorCode::ok);
        shown.follow(alice, messages);
        list.follow(alice, chats);
        contacts.follow(alice, people);
        const auto page = alice.history("bob");
        REQUIRE(shown.list.size() == std::min<std::size_t>(page.size(), 10));
        for (std::size_t i = 0; i < shown.list.size(); ++i)
            CHECK(shown.list[i].text == page[page.size() - shown.list.size() + i].text);
        REQUIRE(list.list.size() == 1);
        CHECK(list.list[0].last->text == "and " + std::to_string(n));
        REQUIRE(contacts.list.size() == 1);
        CHECK(contacts.list[0].online);
    }
    CHECK(watch(alice, {request::Watch::What::contacts, {}, 0, false}) > people);
}

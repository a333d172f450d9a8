// SPDX-License-Identifier: Apache-2.0
// Stories of conversations that are cleared: a slice in each tick, on all of the account's devices, and nothing that
// nobody has seen.
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Alice has a telephone besides; bob is her contact.
struct Three : Crew {
    Client& phone;
    Client& bob;

    explicit Three(std::uint64_t seed, engine::Config config = {})
        : Crew(seed, {"bob"}, config), phone(enter("alice.phone")), bob((*this)["bob"])
    {
        settle();
    }
    MessageId say(Client& who, const std::string& text)
    {
        const auto id = who.send(&who == &bob ? "alice" : "bob", text);
        settle(seconds(3));
        return id;
    }
    void many(int messages)
    {
        for (int n = 0; n < messages; ++n)
            (void)bob.send("alice", "word " + std::to_string(n));
        settle(minutes(1));
    }
    std::string words(Client& who)
    {
        std::string out;
        for (const auto& one : who.history(&who == &bob ? "alice" : "bob"))
            out += (out.empty() ? "" : " ") + one.text;
        return out;
    }
    std::size_t count(Client& who)
    {
        request::History page{&who == &bob ? "alice" : "bob", request::history_limit_max};
        return std::get<std::vector<Message>>(ask(who, page).value).size();
    }
    Conversation chat(Client& who)
    {
        const auto reply = ask(who, request::Conversations{true});
        for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
            if (one.with == "bob") return one;
        return {};
    }
    std::vector<event::ConversationCleared> told(Client& who) { return all<event::ConversationCleared>(who); }
    void clear(Client& who) { must(who, request::ClearConversation{{"bob", {}}}); }
    /// What one of its ticks does.
    std::uint64_t watch(Client& who, request::Watch what)
    {
        return std::get<std::uint64_t>(ask(who, std::move(what)).value);
    }
};

} // namespace

TEST_CASE("a conversation is cleared on all of the account's devices, read with it, and stays where it is")
{
    Three t(921);
    (void)t.say(t.bob, "one");
    (void)t.say(t.alice, "two");
    const auto last = t.say(t.bob, "three");
    request::SetConversation set;
    set.where = {"bob", {}};
    set.draft = "a draft";
    set.hidden = true;
    t.must(t.alice, set);
    (void)t.say(t.bob, "four"); // Brings it back.
    t.must(t.alice, request::RemoveMessages{{t.alice.history("bob").back().id}});
    using What = request::Watch::What;
    const auto messages = t.watch(t.phone, {What::messages, {"bob", {}}, 50, false});
    const auto list = t.watch(t.phone, {What::conversations, {}, 50, true});
    t.settle();
    REQUIRE(t.chat(t.phone).unread == 2);
    REQUIRE(t.words(t.alice) == "one two three");
    REQUIRE(t.chat(t.alice).last->id == last);

    t.clear(t.alice);
    t.settle();
    for (auto* one : {&t.alice, &t.phone}) {
        CAPTURE(one->name);
        CHECK(t.count(*one) == 0);
        const auto chat = t.chat(*one);
        CHECK(chat.unread == 0);
        CHECK_FALSE(chat.last);
        CHECK(chat.draft == "a draft");
        CHECK_FALSE(chat.hidden);
        REQUIRE(t.told(*one).size() == 1);
        CHECK(t.told(*one).front().up_to == last);
        CHECK(t.told(*one).front().with == "bob");
        CHECK(t.told(*one).front().conversation == chat.id);
        for (const auto& event : all<event::MessageChanged>(*one))
            if (event.message.id == last) CHECK(event.what != event::MessageChanged::What::removed);
    }
    CHECK(t.words(t.bob) == "one two three four");
    CHECK(t.chat(t.bob).read_by.empty()); // (With bob himself there is none.)
    std::size_t removes = 0;
    bool is_empty = false;
    for (const auto& change : all<event::ViewChanged>(t.phone))
        for (const auto& step : change.steps) {
            if (change.watch == messages && step.op == event::ViewChanged::Step::Op::remove) ++removes;
            if (const auto* chat = std::get_if<Conversation>(&step.item); change.watch == list && chat != nullptr)
                is_empty = !chat->last && chat->unread == 0;
        }
    CHECK(removes >= 3);
    CHECK(is_empty);

    const auto next = t.say(t.bob, "next");
    CHECK(t.words(t.phone) == "next");
    CHECK(t.words(t.alice) == "next");
    CHECK(t.chat(t.phone).unread == 1);
    CHECK(t.chat(t.phone).last->id == next);
    // Nothing stands: nothing to say.
    t.clear(t.phone);
    t.settle();
    t.clear(t.phone);
    t.settle();
    CHECK(t.told(t.phone).size() == 2);
    CHECK(t.told(t.alice).size() == 2);
}

TEST_CASE("a long conversation goes in slices, and a device that dies in between goes on where it was")
{
    Three t(922);
    t.many(700);
    REQUIRE(t.count(t.phone) == 700);
    bool phone_dies = false;
    SUBCASE("the one that clears") {}
    SUBCASE("the other one")
    {
        phone_dies = true;
    }
    auto& dies = phone_dies ? t.phone : t.alice;
    if (!phone_dies) {
        (void)t.alice.ask(request::ClearConversation{{"bob", {}}});
    } else {
        (void)t.alice.ask(request::ClearConversation{{"bob", {}}});
        REQUIRE(t.world.run_until([&] { return t.phone.store.value("sweeps").has_value(); }, seconds(30)));
    }
    dies.crash();
    const auto left = dies.store.history(t.alice.store.message(t.bob.history("alice").back().id)->message.conversation,
                                         1000, std::nullopt);
    CHECK(left.size() > 0);
    CHECK(left.size() < 700);
    CHECK(t.told(dies).empty());
    dies.start();
    t.settle(seconds(30));
    for (auto* one : {&t.alice, &t.phone}) {
        CHECK(t.count(*one) == 0);
        CHECK(t.told(*one).size() == 1);
        CHECK_FALSE(one->store.value("sweeps"));
        CHECK(t.chat(*one).unread == 0);
    }
    CHECK(t.count(t.bob) == 700);
}

TEST_CASE("a device that was away clears what it has and what comes to it, but not what nobody has seen")
{
    Three t(923);
    (void)t.say(t.bob, "one");
    t.phone.crash();
    (void)t.say(t.bob, "two");
    const auto own = t.say(t.alice, "three");
    t.clear(t.alice);
    (void)t.say(t.bob, "four");
    t.alice.crash();
    t.phone.start();
    t.settle(minutes(1));
    CHECK(t.words(t.phone) == "four");
    CHECK(t.chat(t.phone).unread == 1);
    CHECK(t.told(t.phone).size() == 1);
    CHECK(t.alice.store.message(own)->message.state == MessageState::delivered);
    CHECK(t.words(t.bob) == "one two three four");
}

TEST_CASE("what comes late stays where it was cleared and where it was not, and counts as unread")
{
    Three t(924);
    auto& tablet = t.enter("bob.tablet");
    t.settle();
    // Bob writes with a clock that is behind, and what he writes does not leave him.
    t.must(t.bob, request::SetPolicy{PathPolicy::direct_only});
    t.bob.clock_skew_ms = -30'000;
    for (auto* one : {&t.alice, &t.phone, &tablet})
        one->crash();
    t.settle(seconds(40));
    const auto late = t.bob.send("alice", "late");
    t.settle();
    t.bob.crash();
    for (auto* one : {&t.alice, &t.phone, &tablet})
        one->start();
    t.settle(seconds(30));
    (void)tablet.send("alice", "early");
    t.settle(seconds(30));
    REQUIRE(t.words(t.phone) == "early");
    REQUIRE(t.words(t.alice) == "early");
    bool phone_has_it = false;
    SUBCASE("to both of them") {}
    SUBCASE("to the one that clears, after the other one had it")
    {
        phone_has_it = true;
        t.alice.crash();
        t.bob.start();
        t.settle(minutes(1));
        REQUIRE(t.words(t.phone).find("late") != std::string::npos);
        t.bob.crash();
        t.world.break_links(t.phone);
        t.alice.start();
        t.settle();
    }
    t.clear(t.alice);
    t.settle(seconds(30));
    CHECK(t.count(t.alice) == 0);
    CHECK(t.words(t.phone) == (phone_has_it ? "late" : ""));
    t.bob.start();
    t.settle(minutes(1));
    CHECK(t.words(t.alice) == "late");
    CHECK(t.words(t.phone) == "late");
    CHECK(t.chat(t.alice).unread == 1);
    CHECK(t.chat(t.phone).unread == 1);
    t.must(t.alice, request::MarkRead{{"bob", {}}, late});
    t.settle();
    CHECK(t.chat(t.phone).unread == 0);
    CHECK(t.words(t.phone) == "late");
}

TEST_CASE("what another device has written and the one that clears has not got stays on both")
{
    Three t(925);
    (void)t.say(t.bob, "one");
    t.must(t.phone, request::SetPolicy{PathPolicy::direct_only});
    t.alice.crash();
    t.settle(seconds(40));
    (void)t.say(t.phone, "written");
    t.phone.crash();
    t.alice.start();
    t.settle(seconds(30));
    (void)t.say(t.bob, "two"); // Newer.
    t.settle(seconds(30));
    REQUIRE(t.words(t.alice) == "one two");
    t.clear(t.alice);
    t.settle();
    t.phone.start();
    t.settle(minutes(1));
    CHECK(t.words(t.alice) == "written");
    CHECK(t.words(t.phone) == "written");
}

TEST_CASE("both clear at once, of what each has: what either has cleared is gone on both, and on a third that was away")
{
    Three t(926);
    auto& tablet = t.enter("alice.tablet");
    t.settle();
    (void)t.say(t.bob, "one");
    tablet.crash();
    (void)t.say(t.bob, "two");
    t.must(t.bob, request::SetPolicy{PathPolicy::direct_only});
    t.alice.crash();
    t.settle(seconds(40));
    (void)t.say(t.bob, "three"); // The phone alone has it.
    t.bob.crash();
    t.world.break_links(t.phone);
    t.phone.crash();
    t.alice.start();
    t.settle();
    (void)t.alice.send("bob", "mine");
    t.settle();
    t.clear(t.alice);
    t.alice.crash();
    t.phone.start();
    (void)t.phone.ask(request::ClearConversation{{"bob", {}}});
    t.settle();
    t.alice.start();
    tablet.start();
    t.settle(minutes(1));
    t.bob.start();
    t.settle(minutes(1));
    for (auto* one : {&t.alice, &t.phone, &tablet})
        CHECK_MESSAGE(t.words(*one).find("three") == std::string::npos, one->name << ": " << t.words(*one));
    for (auto* one : {&t.alice, &t.phone, &tablet})
        CHECK_MESSAGE(t.words(*one).find("one") == std::string::npos, one->name << ": " << t.words(*one));
}

TEST_CASE("no archive and no history of another device brings back what was removed or cleared")
{
    Three t(927);
    const auto one = t.say(t.bob, "canary one");
    (void)t.say(t.bob, "two");
    t.must(t.alice, request::ArchiveMake{"/old", "a passphrase", false, false});
    t.must(t.phone, request::ArchiveMake{"/phone", "a passphrase", false, false});
    bool cleared = false;
    SUBCASE("removed") {}
    SUBCASE("cleared")
    {
        cleared = true;
    }
    if (cleared)
        t.clear(t.alice);
    else
        t.must(t.alice, request::RemoveMessages{{one}});
    t.settle();
    const auto left = cleared ? std::string() : std::string("two");
    t.must(t.alice, request::ArchiveMake{"/new", "a passphrase", false, false});
    t.alice.user_files.files["/phone"] = t.phone.user_files.files["/phone"];
    const auto read = [&](Client& who, const char* path) {
        who.user_files.files = t.alice.user_files.files;
        t.must(who, request::ArchiveRead{path, "a passphrase", false});
        t.settle();
        CHECK_MESSAGE(t.words(who) == left, who.name << " " << path);
    };
    for (const char* path : {"/old", "/phone", "/new"}) {
        read(t.alice, path);
        read(t.phone, path);
    }
    // A device that comes now is told, before it reads anything.
    auto& tablet = t.enter("alice.tablet");
    t.settle();
    for (const char* path : {"/old", "/new", "/phone"})
        read(tablet, path);
    // Or gets the history.
    auto& watch = t.enter("alice.watch");
    t.settle();
    t.must(t.phone, request::HistorySend{id_of(watch)});
    REQUIRE(t.world.run_until([&] { return !all<event::HistoryReceived>(watch).empty(); }, minutes(5)));
    t.settle();
    CHECK(t.words(watch) == left);
    read(watch, "/old");
    (void)t.say(t.bob, "next");
    CHECK(t.words(watch) == left + (left.empty() ? "" : " ") + "next");
    CHECK_FALSE(watch.history("bob").back().gap_before);
}

TEST_CASE("a conversation that is cleared while its messages burn is opened by that, and what is on its way goes on")
{
    Three t(928);
    request::Send burns{"alice", "canary", {}};
    burns.lifetime = content::Lifetime{60, content::Lifetime::From::read};
    t.must(t.bob, burns);
    t.settle();
    t.must(t.alice, request::SetPolicy{PathPolicy::direct_only});
    t.bob.crash();
    t.settle(seconds(40));
    const auto own = t.say(t.alice, "for bob");
    t.clear(t.alice);
    t.settle();
    CHECK(t.count(t.alice) == 0);
    t.bob.start();
    t.settle(minutes(2));
    CHECK(t.words(t.bob) == "for bob");
    CHECK(t.alice.state(own) == MessageState::delivered);
    CHECK(t.count(t.alice) == 0);
    CHECK(t.count(t.phone) == 0);
}

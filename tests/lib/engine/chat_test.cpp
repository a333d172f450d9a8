// SPDX-License-Identifier: Apache-2.0
// Stories of conversations: what people do to what was said, on all their devices.
#include "tests/lib/engine/chat_story.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("an edit arrives everywhere, also where the message came from")
{
    Three t(41);
    const auto id = t.say(t.bob, "alice", "helo");
    const auto edit = id_in(t.bob.wait(t.bob.ask(request::Edit{id, "hello", {}, {}})));
    t.settle();
    CHECK(t.bob.state(edit) == MessageState::delivered);
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        const auto m = newest(*client, client == &t.alice ? "bob" : "alice");
        CHECK(m.id == id);
        CHECK(m.text == "hello");
        CHECK(m.edited_ms > 0);
        const auto changes = all<event::MessageChanged>(*client);
        REQUIRE_FALSE(changes.empty());
        CHECK(changes.back().what == event::MessageChanged::What::edited);
        CHECK(changes.back().message.text == "hello");
    }
    CHECK(t.alice.wait(t.alice.ask(request::Edit{id, "mine", {}, {}})).error.code == ErrorCode::invalid_argument);
    CHECK(t.bob.wait(t.bob.ask(request::Edit{{}, "x", {}, {}})).error.code == ErrorCode::invalid_argument);
}

TEST_CASE("reactions and pins of all three devices")
{
    Three t(45);
    const auto id = t.say(t.alice, "bob", "look");
    (void)t.bob.wait(t.bob.ask(request::React{id, "+", true}));
    (void)t.alice.wait(t.alice.ask(request::React{id, "+", true}));
    (void)t.phone.wait(t.phone.ask(request::PinMessage{id, true}));
    t.settle();
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        const auto m = newest(*client, client == &t.alice ? "bob" : "alice");
        CHECK(m.reactions == std::vector<Reactions>{{"+", {"alice", "bob"}}});
        CHECK(m.pinned);
    }
    (void)t.phone.wait(t.phone.ask(request::React{id, "+", false})); // Bob's, from his other device.
    t.settle();
    CHECK(newest(t.alice, "bob").reactions == std::vector<Reactions>{{"+", {"alice"}}});
}

TEST_CASE("pinned messages are listed, page by page, on every device, and only what stands and is pinned")
{
    Three t(487);
    const auto code = [](Client& who, Request what) { return who.wait(who.ask(std::move(what))).error.code; };
    std::vector<MessageId> said;
    for (int n = 0; n < 30; ++n)
        said.push_back(t.say(t.alice, "bob", "number " + std::to_string(n)));
    const auto pin = [&](int n, bool on) {
        REQUIRE(code(t.bob, request::PinMessage{said[static_cast<std::size_t>(n)], on}) == ErrorCode::ok);
    };
    for (const int n : {3, 17, 4, 29, 8})
        pin(n, true);
    t.settle();
    const auto pinned = [&](Client& who, const std::string& with, std::uint32_t limit,
                            std::optional<MessageId> before) {
        std::string out;
        const auto reply = who.wait(who.ask(request::Pinned{{with, {}}, limit, before}));
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        for (const auto& one : std::get<std::vector<Message>>(reply.value)) {
            CHECK(one.pinned);
            out += (out.empty() ? "" : " ") + one.text.substr(7);
        }
        return out;
    };
    CHECK(pinned(t.alice, "bob", 50, {}) == "3 4 8 17 29");
    CHECK(pinned(t.phone, "alice", 2, {}) == "17 29");
    CHECK(pinned(t.phone, "alice", 2, said[17]) == "4 8");
    CHECK(pinned(t.bob, "alice", 50, said[16]) == "3 4 8"); // Before one that is not pinned itself.
    pin(4, false);
    REQUIRE(code(t.alice, request::Recall{said[8]}) == ErrorCode::ok);
    REQUIRE(code(t.alice, request::Edit{said[3], "number three"}) == ErrorCode::ok);
    t.settle();
    for (auto* client : {&t.bob, &t.phone})
        CHECK(pinned(*client, "alice", 50, {}) == "three 17 29");
    CHECK(pinned(t.alice, "alice", 50, {}).empty()); // Of another conversation.
    CHECK(code(t.alice, request::Pinned{{"bob", {}}, 0, {}}) == ErrorCode::invalid_argument);
    CHECK(code(t.alice, request::Pinned{{"bob", {}}, 5, MessageId{}}) == ErrorCode::invalid_argument);
    CHECK(code(t.alice, request::Pinned{{"nobody", {}}, 5, {}}) == ErrorCode::not_a_contact);
}

TEST_CASE("what one device has read is read on the other, and the author is told, unless receipts are off")
{
    Three t(46);
    for (const auto* text : {"one", "two", "three"})
        (void)t.say(t.alice, "bob", text);
    REQUIRE(list(t.phone).size() == 1);
    CHECK(list(t.phone)[0].unread == 3);
    REQUIRE(list(t.phone)[0].last);
    CHECK(list(t.phone)[0].last->text == "three");
    const auto two = t.bob.history("alice").at(1).id;
    CHECK(t.bob.wait(t.bob.ask(request::MarkRead{{"alice", {}}, two})).error.code == ErrorCode::ok);
    t.settle();
    CHECK(list(t.bob)[0].unread == 1);
    CHECK(list(t.phone)[0].unread == 1);
    const auto told = all<event::ReadUpTo>(t.alice);
    REQUIRE(told.size() == 1);
    CHECK(told[0].user == "bob");
    CHECK(told[0].up_to == two);
    REQUIRE(list(t.alice)[0].read_by.size() == 1);
    CHECK(list(t.alice)[0].read_by[0].up_to == two);
    CHECK(all<event::ReadUpTo>(t.phone).size() == 1);

    CHECK(t.phone.wait(t.phone.ask(request::SetReceipts{false})).error.code == ErrorCode::ok);
    t.settle();
    CHECK(t.bob.wait(t.bob.ask(request::MarkRead{{"alice", {}}, {}})).error.code == ErrorCode::ok);
    t.settle();
    CHECK(list(t.phone)[0].unread == 0);
    CHECK(all<event::ReadUpTo>(t.alice).size() == 1);
}

TEST_CASE("settings and drafts of a conversation are the account's")
{
    Three t(47);
    (void)t.say(t.alice, "bob", "hi");
    request::SetConversation set{{"alice", {}}, {}, {}, {}, {}, {}, {}};
    set.pinned = true;
    set.muted_until_ms = INT64_MAX;
    set.draft = "dear alice";
    CHECK(t.bob.wait(t.bob.ask(set)).error.code == ErrorCode::ok);
    t.settle();
    const auto there = list(t.phone)[0];
    CHECK(there.pinned);
    CHECK(there.muted_until_ms == INT64_MAX);
    CHECK(there.draft == "dear alice");
    CHECK_FALSE(all<event::ConversationChanged>(t.phone).empty());

    request::SetConversation hide{{"alice", {}}, {}, {}, {}, true, {}, {}};
    CHECK(t.phone.wait(t.phone.ask(hide)).error.code == ErrorCode::ok);
    t.settle();
    CHECK(list(t.bob).empty());
    (void)t.say(t.alice, "bob", "hello?");
    CHECK(list(t.bob).size() == 1); // A new message brings it back.
}

TEST_CASE("burn after reading: each device counts from when it was read, and the author's goes too")
{
    Three t(48);
    CHECK(t.alice.wait(t.alice.ask(request::SetTimer{{"bob", {}}, {30, content::Lifetime::From::read}})).error.code ==
          ErrorCode::ok);
    t.settle();
    (void)t.say(t.alice, "bob", "canary");
    t.settle(hours(1)); // Unread it stays.
    CHECK(newest(t.bob, "alice").text == "canary");
    (void)t.bob.wait(t.bob.ask(request::MarkRead{{"alice", {}}, {}}));
    t.settle(seconds(20));
    CHECK(newest(t.phone, "alice").expires_ms > 0);
    t.settle(seconds(20));
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        CHECK(client->history(client == &t.alice ? "bob" : "alice").empty());
        CHECK_FALSE(finds(*client, "canary"));
        CHECK(all<event::MessageChanged>(*client).back().what == event::MessageChanged::What::expired);
    }
}

TEST_CASE("burning is no receipt: with receipts off the author's copy goes all the same, and notes to oneself burn")
{
    Three t(481);
    (void)t.bob.wait(t.bob.ask(request::SetReceipts{false}));
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{30, content::Lifetime::From::read};
    (void)id_in(t.alice.wait(t.alice.ask(send)));
    send.to = "alice";
    send.text = "canary to myself";
    (void)id_in(t.alice.wait(t.alice.ask(send)));
    t.settle();
    (void)t.bob.wait(t.bob.ask(request::MarkRead{{"alice", {}}, {}}));
    (void)t.alice.wait(t.alice.ask(request::MarkRead{{"alice", {}}, {}}));
    t.settle(minutes(1));
    CHECK(all<event::ReadUpTo>(t.alice).size() <= 1); // Her own at most.
    for (auto* client : {&t.alice, &t.bob, &t.phone})
        CHECK_FALSE(finds(*client, "canary"));
}

TEST_CASE(
    "what burns was opened, each by its name: nothing burns that nobody has seen, and what was seen elsewhere does")
{
    Three t(482);
    (void)t.alice.wait(t.alice.ask(request::SetTimer{{"bob", {}}, {30, content::Lifetime::From::read}}));
    t.settle();
    // Bob speaks where nobody hears him; alice reads up to a place behind that.
    t.bob.crash();
    t.phone.crash();
    t.bob.start();
    t.world.relay_crash();
    const auto unseen = t.bob.send("alice", "canary of bob");
    t.settle(seconds(2));
    t.bob.crash();
    t.world.relay_start();
    t.settle();
    (void)t.alice.send("bob", "are you there?");
    (void)t.alice.wait(t.alice.ask(request::MarkRead{{"bob", {}}, {}}));
    t.settle();
    t.bob.start();
    t.settle(minutes(2));
    const auto page = t.alice.history("bob");
    CHECK(std::any_of(page.begin(), page.end(), [&](const Message& m) { return m.id == unseen && !m.text.empty(); }));
    CHECK(finds(t.bob, "canary of bob"));
    // Opened by one of bob's devices, a message burns on the other whenever that comes.
    (void)t.bob.wait(t.bob.ask(request::MarkRead{{"alice", {}}, {}}));
    t.settle(minutes(1));
    t.phone.start();
    t.settle(minutes(2));
    CHECK_FALSE(finds(t.phone, "are you there?"));
    CHECK_FALSE(finds(t.bob, "are you there?"));
}

TEST_CASE("an answer that is to be sent later has its quote from then")
{
    Three t(484);
    const auto id = t.say(t.alice, "bob", "canary");
    request::Send later{"alice", "I see", {}};
    later.reply_to = id;
    later.at_ms = t.world.wall_ms() + 60'000;
    CHECK(t.bob.wait(t.bob.ask(later)).error.code == ErrorCode::ok);
    CHECK(t.alice.wait(t.alice.ask(request::Recall{id})).error.code == ErrorCode::ok);
    t.settle();
    const auto reply = t.bob.wait(t.bob.ask(request::Scheduled{}));
    for (const auto& one : std::get<std::vector<ScheduledMessage>>(reply.value)) {
        const auto value = t.bob.store.value("scheduled/" + to_hex(one.id.view()));
        REQUIRE(value);
        CHECK(as_text(*value).find("canary") == std::string_view::npos);
    }
    t.settle(minutes(2));
    REQUIRE(newest(t.alice, "bob").reply);
    CHECK(newest(t.alice, "bob").reply->id == id);
    CHECK(newest(t.alice, "bob").reply->excerpt.empty());
}

TEST_CASE("messages to come: any number of them sent and withdrawn, none is lost")
{
    Three t(484);
    const auto at = [&](Duration in) {
        return t.world.wall_ms() + std::chrono::duration_cast<std::chrono::milliseconds>(in).count();
    };
    const auto schedule = [&](const std::string& text, std::int64_t at_ms) {
        request::Send send{"bob", text, {}};
        send.at_ms = at_ms;
        return t.alice.wait(t.alice.ask(send));
    };
    for (int i = 0; i < 2100; ++i) {
        const auto id = id_in(schedule("never", at(hours(1))));
        REQUIRE(t.alice.wait(t.alice.ask(request::Unschedule{id})).error.code == ErrorCode::ok);
        t.settle(std::chrono::milliseconds(1));
    }
    for (int i = 0; i < 40; ++i)
        (void)id_in(schedule("later " + std::to_string(i), at(minutes(5)) + i));
    const auto waiting = std::get<std::vector<ScheduledMessage>>(t.alice.wait(t.alice.ask(request::Scheduled{})).value);
    REQUIRE(waiting.size() == 40);
    CHECK(waiting.front().text == "later 0");
    t.alice.crash();
    t.alice.start();
    t.settle(minutes(6));
    const auto page = t.bob.history("alice");
    REQUIRE(page.size() == 40);
    CHECK(page.back().text == "later 39");
    CHECK(t.alice.store.registers("scheduled/", "", 10).empty());
}

TEST_CASE("messages to come that an earlier version kept among what devices share are taken over, once")
{
    Three t(486);
    (void)t.say(t.alice, "bob", "hi");
    const auto id = list(t.alice).front().id;
    MessageId to_come;
    to_come.bytes.fill(7);
    const auto name = "scheduled/" + to_hex(to_come.view());
    wire::content::Post post;
    post.sent_ms = t.world.wall_ms() + 60'000;
    post.text = "from before";
    post.extra.body = wire::encode(content::Body(content::Text{}));
    auto value = to_bytes(id.view());
    append(value, wire::encode(wire::content::Any(post)));
    REQUIRE(t.alice.store.put_register({name, 1, value}));
    REQUIRE(t.alice.store.commit().ok());
    t.alice.crash();
    t.alice.start();
    CHECK(t.alice.store.register_named(name)->value.empty());
    t.alice.crash();
    t.alice.start();
    t.settle(minutes(2));
    const auto page = t.bob.history("alice");
    REQUIRE(page.size() == 2);
    CHECK(page.back().text == "from before");
    CHECK(page.back().id == to_come);
}

TEST_CASE("a message to come that cannot be said then stands in the history as failed")
{
    Three t(485);
    request::Send send{"bob", "too late", {}};
    send.at_ms = t.world.wall_ms() + 60'000;
    const auto id = id_in(t.alice.wait(t.alice.ask(send)));
    (void)t.alice.wait(t.alice.ask(request::ContactRemove{"bob"}));
    t.settle(minutes(3));
    const auto row = t.alice.store.message(id);
    REQUIRE(row.has_value());
    CHECK(row->message.text == "too late");
    CHECK(row->message.state == MessageState::failed);
    CHECK(row->message.failure == "not_a_contact");
}

TEST_CASE("a lifetime from sending ends on all devices, whoever was not running then")
{
    Three t(49);
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    (void)id_in(t.alice.wait(t.alice.ask(send)));
    t.settle();
    CHECK(newest(t.bob, "alice").text == "canary");
    t.phone.crash();
    t.settle(minutes(2));
    t.phone.start();
    t.settle();
    for (auto* client : {&t.alice, &t.bob, &t.phone}) {
        CHECK(client->history(client == &t.alice ? "bob" : "alice").empty());
        CHECK_FALSE(finds(*client, "canary"));
    }
}

TEST_CASE("typing is seen, and passes; nobody who is no contact hears of it")
{
    Three t(50);
    (void)t.say(t.alice, "bob", "hi");
    CHECK(t.bob.wait(t.bob.ask(request::Typing{{"alice", {}}, true})).error.code == ErrorCode::ok);
    t.settle(seconds(1));
    auto told = all<event::TypingChanged>(t.alice);
    REQUIRE(told.size() == 1);
    CHECK(told[0].user == "bob");
    CHECK(told[0].on);
    t.settle(seconds(20));
    told = all<event::TypingChanged>(t.alice);
    REQUIRE(told.size() == 2);
    CHECK_FALSE(told[1].on);
    CHECK(t.bob.wait(t.bob.ask(request::Typing{{"nobody", {}}, true})).error.code == ErrorCode::not_a_contact);
}

TEST_CASE("notes to oneself are on the own devices, and nowhere else")
{
    Three t(51);
    const auto id = t.say(t.bob, "bob", "milk");
    CHECK(newest(t.phone, "bob").id == id);
    CHECK(newest(t.phone, "bob").from == "bob");
    CHECK(t.world.run_until([&] { return t.bob.state(id) == MessageState::delivered; }));
    CHECK(t.alice.history("bob").empty());
    // With one device a note is where it belongs at once.
    const auto alone = t.alice.send("alice", "eggs");
    CHECK(t.alice.state(alone) == MessageState::delivered);
    CHECK(newest(t.alice, "alice").text == "eggs");
}

TEST_CASE("replies carry what they answer to; forwarded ones say so, one by one or merged")
{
    Three t(52);
    const auto one = t.say(t.alice, "bob", "one");
    const auto two = t.say(t.alice, "bob", "two");
    request::Send reply{"alice", "to that", {}};
    reply.reply_to = one;
    (void)id_in(t.bob.wait(t.bob.ask(reply)));
    t.settle();
    REQUIRE(newest(t.alice, "bob").reply);
    CHECK(*newest(t.alice, "bob").reply == content::Quote{one, "alice", "one"});
    reply.reply_to = MessageId{};
    CHECK(t.bob.wait(t.bob.ask(reply)).error.code == ErrorCode::invalid_argument);

    const auto forwarded = t.bob.wait(t.bob.ask(request::Forward{{one, two}, {"bob", {}}, false, {}}));
    REQUIRE(std::get<std::vector<MessageId>>(forwarded.value).size() == 2);
    CHECK(newest(t.bob, "bob").text == "two");
    CHECK(newest(t.bob, "bob").forwarded);
    (void)t.bob.wait(t.bob.ask(request::Forward{{one, two}, {"alice", {}}, true, "our talk"}));
    t.settle();
    const auto bundle = std::get<content::Forwarded>(newest(t.alice, "bob").body);
    CHECK(bundle.title == "our talk");
    REQUIRE(bundle.items.size() == 2);
    CHECK(bundle.items[1].from == "alice");
    CHECK(bundle.items[1].text == "two");
}

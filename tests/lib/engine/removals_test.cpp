// SPDX-License-Identifier: Apache-2.0
// Stories of what a user removes: gone from all of the account's devices, whenever these hear of it, and from nobody
// else's.
#include "tests/lib/engine/group_story.hpp"

#include <set>

using namespace godwit;
using namespace godwit::testing;

namespace {

struct Removers : Four {
    using Four::Four;

    ConversationId of(const std::string& with)
    {
        for (const auto& one : alice.store.conversations())
            if (one.with == with) return one.id;
        return {};
    }
    MessageId say_to(Client& who, const std::string& with, const std::string& text)
    {
        const auto id = who.send(with, text);
        settle(seconds(3));
        return id;
    }
    std::string words(Client& who, const std::string& with)
    {
        std::string out;
        for (const auto& one : who.history(with))
            out += (out.empty() ? "" : " ") + one.text;
        return out;
    }
    Conversation about_chat(Client& who, const std::string& with)
    {
        const auto reply = ask(who, request::Conversations{true});
        for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
            if (one.with == with) return one;
        return {};
    }
    std::size_t found(Client& who, const std::string& text)
    {
        request::Search search;
        search.text = text;
        return std::get<SearchResults>(ask(who, search).value).hits.size();
    }
};

std::size_t told_removed(const Client& client, const MessageId& id)
{
    const auto events = all<event::MessageChanged>(client);
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [&](const auto& one) {
        return one.message.id == id && one.what == event::MessageChanged::What::removed;
    }));
}

/// Nothing of the words is left on that device.
bool knows(Client& client, const ConversationId& conversation, std::string_view words)
{
    for (const auto& row : client.store.sorted(conversation)) {
        if (row.message.text.find(words) != std::string::npos) return true;
        if (as_text(row.extra).find(words) != std::string_view::npos) return true;
        for (const auto& one : client.store.annotations(conversation, row.message.id))
            if (as_text(one.value).find(words) != std::string_view::npos) return true;
    }
    return false;
}

} // namespace

TEST_CASE("what is removed is gone from all devices of the account, and stays with everybody else")
{
    Removers t(901);
    const auto first = t.say_to(t.bob, "alice", "canary one");
    const auto own = t.say_to(t.alice, "bob", "canary two");
    const auto last = t.say_to(t.bob, "alice", "plain");
    t.must(t.bob, request::Edit{first, "canary edited", {}, {}});
    t.must(t.bob, request::React{first, "+", true});
    t.must(t.alice, request::PinMessage{first, true});
    t.must(t.alice, request::React{own, "-", true});
    request::Send answer{"bob", "answer", {}};
    answer.reply_to = first;
    t.must(t.alice, answer);
    t.settle();
    const auto chat = t.of("bob");
    REQUIRE(t.found(t.phone, "canary") == 2);
    REQUIRE(t.about_chat(t.phone, "bob").unread == 2);

    t.must(t.alice, request::RemoveMessages{{first, own, first}});
    CHECK(t.words(t.alice, "bob") == "plain answer"); // At once, whoever is there.
    t.settle();
    for (auto* one : {&t.alice, &t.phone}) {
        CAPTURE(one->name);
        CHECK(t.words(*one, "bob") == "plain answer");
        CHECK(one->history("bob").back().reply->excerpt.empty());
        CHECK(told_removed(*one, first) == 1);
        CHECK(told_removed(*one, own) == 1);
        CHECK(t.found(*one, "canary") == 0);
        CHECK_FALSE(knows(*one, chat, "canary"));
        CHECK(t.about_chat(*one, "bob").unread == 1);
        CHECK(std::get<std::vector<Message>>(t.ask(*one, request::Pinned{{"bob", {}}, 10, {}}).value).empty());
        // A page is turned from where it stood.
        request::History page{"bob"};
        page.after = own;
        CHECK(std::get<std::vector<Message>>(t.ask(*one, page).value).front().id == last);
        page = {"bob"};
        page.before = own;
        CHECK(std::get<std::vector<Message>>(t.ask(*one, page).value).empty());
        page = {"bob"};
        page.around = own;
        CHECK(std::get<std::vector<Message>>(t.ask(*one, page).value).size() == 2);
    }
    CHECK(t.words(t.bob, "alice") == "canary edited canary two plain answer");
    CHECK(t.bob.history("alice").back().reply->excerpt == "canary edited");
    CHECK(told_removed(t.bob, first) == 0);
    CHECK(t.bob.history("alice").front().pinned);
    // What is said about it since changes nothing.
    t.must(t.bob, request::Edit{first, "canary again", {}, {}});
    t.must(t.bob, request::React{own, "!", true});
    t.settle();
    for (auto* one : {&t.alice, &t.phone})
        CHECK_FALSE(knows(*one, chat, "canary"));
    t.must(t.bob, request::Recall{first});
    t.settle();
    CHECK(t.words(t.alice, "bob") == "plain answer");
    CHECK(t.words(t.phone, "bob") == "plain answer");
    // Nobody waits for anything, and the conversation goes on.
    CHECK(t.alice.store.due(id_of(t.phone), "", false, 10).empty());
    (void)t.say_to(t.bob, "alice", "next");
    CHECK(t.words(t.phone, "bob") == "plain answer next");
    CHECK_FALSE(t.phone.history("bob").back().gap_before);
}

TEST_CASE("what cannot be removed is refused, and then nothing goes")
{
    Removers t(902);
    const auto one = t.say_to(t.bob, "alice", "one");
    const auto other = t.say_to(t.carol, "alice", "other");
    request::RemoveMessages many;
    CHECK(t.code(t.alice, many) == ErrorCode::invalid_argument);
    many.messages.assign(request::removed_max + 1, one);
    CHECK(t.code(t.alice, many) == ErrorCode::invalid_argument);
    CHECK(t.code(t.alice, request::RemoveMessages{{one, other}}) == ErrorCode::invalid_argument);
    CHECK(t.code(t.alice, request::RemoveMessages{{one, MessageId{}}}) == ErrorCode::invalid_argument);
    CHECK(t.code(t.alice, request::ClearConversation{{"nobody", {}}}) == ErrorCode::not_a_contact);
    CHECK(t.code(t.alice, request::ClearConversation{{{}, ConversationId{}}}) == ErrorCode::invalid_argument);
    CHECK(t.words(t.alice, "bob") == "one");

    request::Send moving{"bob", {}, {}};
    moving.body = content::Location{520000000, 130000000, 5, {}, 600};
    const auto place = std::get<MessageId>(t.ask(t.alice, moving).value);
    t.settle();
    CHECK(t.code(t.alice, request::RemoveMessages{{one, place}}) == ErrorCode::invalid_argument);
    t.must(t.alice, request::ClearConversation{{"bob", {}}});
    t.settle();
    for (auto* device : {&t.alice, &t.phone}) {
        REQUIRE(device->history("bob").size() == 1);
        CHECK(device->history("bob").front().id == place);
    }
    t.must(t.alice, request::EndLocation{place});
    t.settle();
    t.must(t.alice, request::RemoveMessages{{place}});
    t.must(t.alice, request::RemoveMessages{{place}}); // Gone is gone.
    t.settle();
    CHECK(t.phone.history("bob").empty());
    REQUIRE(t.bob.history("alice").size() == 2);
    CHECK(t.bob.history("alice").back().live_until_ms == 0); // Its end was told.
}

TEST_CASE("a device that was away hears of it, also when the one that removed it has died in between")
{
    Removers t(903);
    std::vector<MessageId> said;
    for (int n = 0; n < 120; ++n)
        said.push_back(t.bob.send("alice", "words " + std::to_string(n)));
    t.settle(seconds(20));
    t.phone.crash();
    t.must(t.alice, request::RemoveMessages{{said.begin(), said.begin() + 60}});
    t.alice.crash();
    t.alice.start();
    t.settle();
    t.must(t.alice, request::RemoveMessages{{said.begin() + 60, said.begin() + 119}});
    t.alice.crash();
    t.settle();
    t.alice.start();
    t.settle();
    // Not an envelope for each.
    std::set<MessageId> envelopes;
    for (const auto& due : t.alice.store.due(id_of(t.phone), "", false, 1000))
        if (!due.message.is_zero()) envelopes.insert(due.message);
    CHECK(envelopes.size() <= 4);
    t.phone.start();
    t.settle(minutes(1));
    CHECK(t.words(t.phone, "bob") == "words 119");
    for (const auto& id : {said[0], said[118]})
        CHECK(told_removed(t.phone, id) == 1);
    CHECK(t.alice.store.due(id_of(t.phone), "", false, 10).empty());
    CHECK(t.bob.history("alice").size() == 120);
}

TEST_CASE("what was removed before it came is not shown when it comes, and stands in nobody's way")
{
    Removers t(904);
    t.must(t.bob, request::SetPolicy{PathPolicy::direct_only});
    t.phone.crash();
    t.settle(seconds(40));
    const auto stays = t.say_to(t.bob, "alice", "stays");
    const auto gone = t.say_to(t.bob, "alice", "canary");
    REQUIRE(t.words(t.alice, "bob") == "stays canary");
    t.bob.crash();
    const auto own = t.say_to(t.alice, "bob", "yes");      // Answers to both.
    t.must(t.alice, request::MarkRead{{"bob", {}}, gone}); // What has no place there, either.
    t.must(t.alice, request::RemoveMessages{{gone}});
    t.phone.start();
    t.settle(seconds(5));
    REQUIRE_FALSE(t.phone.store.has_message(t.of("bob"), stays));
    t.settle(minutes(1)); // Its parents did not come.
    REQUIRE(t.words(t.phone, "bob") == "yes");
    t.bob.start();
    t.settle(minutes(1));
    CHECK(t.words(t.phone, "bob") == "stays yes");
    CHECK_FALSE(knows(t.phone, t.of("bob"), "canary"));
    CHECK(told_removed(t.phone, gone) == 0);
    for (const auto& one : t.phone.heard.received)
        CHECK(one.id != gone);
    CHECK(t.about_chat(t.phone, "bob").unread == 0);
    CHECK(t.phone.status().frames_rejected == 0);
    CHECK(t.bob.state(gone) == MessageState::delivered);
    CHECK(t.alice.state(own) == MessageState::delivered);
}

TEST_CASE("what is on its way to others goes on when it is removed, and lives as long as it would have")
{
    Removers t(906);
    t.must(t.alice, request::SetPolicy{PathPolicy::direct_only});
    t.bob.crash();
    const auto own = t.say_to(t.alice, "bob", "for bob");
    const auto edited = t.say_to(t.alice, "bob", "wrong");
    t.must(t.alice, request::Edit{edited, "right", {}, {}});
    request::Send send{"bob", "canary", {}};
    send.lifetime = content::Lifetime{60, content::Lifetime::From::sent};
    const auto mortal = std::get<MessageId>(t.ask(t.alice, send).value);
    request::Send answer{"bob", "answer", {}};
    answer.reply_to = own;
    t.must(t.alice, answer);
    t.settle();
    t.must(t.alice, request::RemoveMessages{{own, edited, mortal}});
    CHECK(t.words(t.alice, "bob") == "answer");
    t.alice.crash();
    t.alice.start();
    t.settle();
    CHECK(t.words(t.phone, "bob") == "answer");
    CHECK(as_text(t.alice.store.envelope(mortal)->content).find("canary") != std::string_view::npos);
    t.settle(minutes(2));
    CHECK(as_text(t.alice.store.envelope(mortal)->content).find("canary") == std::string_view::npos);
    CHECK(told_removed(t.alice, mortal) == 1);
    for (const auto& one : all<event::MessageChanged>(t.alice))
        CHECK(one.what != event::MessageChanged::What::expired); // It was nowhere any more.

    t.bob.start();
    t.settle(minutes(1));
    CHECK(t.words(t.bob, "alice") == "for bob right answer");
    CHECK(t.bob.history("alice").back().reply->excerpt == "for bob");
    CHECK(t.words(t.alice, "bob") == "answer");
    CHECK(t.words(t.phone, "bob") == "answer");
    CHECK(t.alice.state(own) == MessageState::delivered);
    CHECK(t.phone.status().frames_rejected == 0);
    // An answer to it is shown, without its words.
    request::Send back{"alice", "what?", {}};
    back.reply_to = own;
    t.must(t.bob, back);
    t.settle();
    CHECK(t.alice.history("bob").back().text == "what?");
    CHECK(t.alice.history("bob").back().reply->excerpt.empty());
}

TEST_CASE("in groups: messages and what has happened, on all own devices, and nowhere else")
{
    Removers t(907);
    const auto group = t.create({"bob", "carol"});
    const auto one = t.say(t.bob, group, "one");
    const auto two = t.say(t.phone, group, "two");
    const auto three = t.say(t.carol, group, "three");
    MessageId note;
    for (const auto& row : t.history(t.alice, group))
        if (std::holds_alternative<content::GroupNote>(row.body)) note = row.id;
    REQUIRE_FALSE(note.is_zero());
    t.must(t.alice, request::RemoveMessages{{one, two, note}});
    t.settle();
    for (auto* device : {&t.alice, &t.phone}) {
        CHECK(t.texts(*device, group) == "carol:three");
        for (const auto& row : t.history(*device, group))
            CHECK(row.id != note);
    }
    CHECK(t.texts(t.bob, group) == "bob:one alice:two carol:three");
    CHECK(t.texts(t.carol, group) == "bob:one alice:two carol:three");
    CHECK(t.code(t.alice, request::Deliveries{two}) == ErrorCode::invalid_argument);

    // What happens while a device is away happens there too, and is no news when it was cleared by then.
    t.phone.crash();
    t.must(t.alice, request::GroupSet{group, "other name"});
    t.settle();
    (void)t.say(t.bob, group, "four");
    t.must(t.alice, request::ClearConversation{{{}, group}});
    t.settle();
    t.phone.start();
    t.settle(minutes(1));
    CHECK(t.history(t.alice, group).empty());
    CHECK(t.history(t.phone, group).empty());
    CHECK(t.texts(t.bob, group) == "bob:one alice:two carol:three bob:four");
    (void)t.say(t.carol, group, "five");
    CHECK(t.texts(t.phone, group) == "carol:five");
    (void)three;
}

TEST_CASE("a note to oneself is removed, and the account's own notes are cleared")
{
    Removers t(908);
    const auto milk = t.say_to(t.alice, "alice", "milk");
    (void)t.say_to(t.phone, "alice", "bread");
    t.must(t.phone, request::RemoveMessages{{milk}});
    t.settle();
    CHECK(t.words(t.alice, "alice") == "bread");
    CHECK(t.words(t.phone, "alice") == "bread");
    t.must(t.alice, request::ClearConversation{{"alice", {}}});
    t.settle();
    CHECK(t.words(t.alice, "alice").empty());
    CHECK(t.words(t.phone, "alice").empty());
}

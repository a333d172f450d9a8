// SPDX-License-Identifier: Apache-2.0
// Stories of groups: what their members see of each other, besides what is said.
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

#include <set>

using namespace godwit;
using namespace godwit::testing;
using Note = content::GroupNote::What;

namespace {

/// What happened, as the history has it.
std::string notes(Crew& crew, Client& who, const ConversationId& group)
{
    std::string out;
    for (const auto& one : crew.history(who, group)) {
        const auto* note = std::get_if<content::GroupNote>(&one.body);
        if (note == nullptr) continue;
        out += (out.empty() ? "" : "; ") + (note->by.empty() ? "" : note->by + " ") +
               std::string(content::group_note_name(note->what));
        for (const auto& user : note->users)
            out += " " + user;
        if (!note->text.empty()) out += " '" + note->text + "'";
        if (note->until_ms != 0) out += "!";
    }
    return out;
}

std::uint32_t unread(Crew& crew, Client& who, const ConversationId& group)
{
    const auto reply = crew.ask(who, request::Conversations{true});
    for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
        if (one.id == group) return one.unread;
    return 0;
}

} // namespace

TEST_CASE("words that were taken back, or go by themselves, stay in no answer of a member who never had them")
{
    Crew crew(768, {"bob", "carol", "dan"});
    const auto group = crew.create({"bob", "carol"});
    const auto word = crew.say(crew["bob"], group, "canary sings");
    request::Send brief;
    brief.conversation = group;
    brief.text = "canary burns";
    brief.lifetime = content::Lifetime{3600, content::Lifetime::From::read};
    const auto burning = std::get<MessageId>(crew.ask(crew["bob"], brief).value);
    crew.settle();
    crew.must(crew.alice, request::GroupInvite{group, {"dan"}});
    crew.settle();
    for (const auto& to : {word, burning}) {
        request::Send answer;
        answer.conversation = group;
        answer.text = "I hear";
        answer.reply_to = to;
        crew.must(crew["carol"], answer);
        crew.settle();
    }
    const auto quoted = [&](Client& who) {
        std::string out;
        for (const auto& one : crew.history(who, group))
            if (one.reply) out += "[" + one.reply->excerpt + "]";
        return out;
    };
    CHECK(quoted(crew.alice) == "[canary sings][canary burns]");
    CHECK(quoted(crew["dan"]) == "[canary sings][]"); // What burns is shown where it is, and travels in no quote.
    crew.must(crew["bob"], request::Recall{word});
    crew.settle();
    CHECK(quoted(crew["dan"]) == "[][]");
    CHECK(quoted(crew.alice) == "[][canary burns]");
    for (const auto& row : crew["dan"].store.sorted(group))
        CHECK(as_text(row.extra).find("canary") == std::string_view::npos);
    crew.must(crew.alice, request::MarkRead{{{}, group}, {}});
    crew.settle(hours(2));
    CHECK(quoted(crew.alice) == "[][]");
}

TEST_CASE("what may not be said any more when its time comes has failed")
{
    Crew crew(769, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    request::Send later;
    later.conversation = group;
    later.text = "later";
    later.at_ms = crew.world.wall_ms() + 60'000;
    const auto reply = crew.ask(crew["bob"], later);
    REQUIRE(reply.error.code == ErrorCode::ok);
    crew.must(crew.alice, request::GroupMute{group, "bob", 9'000'000'000'000});
    crew.settle(minutes(3));
    const auto id = std::get<MessageId>(reply.value);
    CHECK(crew["bob"].state(id) == MessageState::failed);
    CHECK(crew.texts(crew.alice, group).empty());
    later.at_ms = crew.world.wall_ms() + 60'000;
    CHECK(crew.code(crew["bob"], later) == ErrorCode::not_allowed); // And it is said at once where it is known.
}

TEST_CASE("who comes, goes, is renamed and muted stands in the history of every member, and is not unread")
{
    Crew crew(761, {"bob", "carol", "dave"});
    auto& phone = crew.enter("bob.phone");
    const auto group = crew.create({"bob"});
    crew.must(crew.alice, request::GroupInvite{group, {"carol"}});
    crew.settle();
    crew.must(crew.alice, request::GroupSet{group, "the crew"});
    crew.settle();
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::admin});
    crew.settle();
    crew.must(crew["bob"], request::GroupMute{group, "carol", 9'000'000'000'000});
    crew.settle();
    crew.must(crew.alice, request::GroupMute{group, "", 1});
    crew.settle();
    crew.must(crew.alice, request::GroupRemove{group, {"carol"}});
    crew.settle();
    crew.must(crew["bob"], request::GroupLeave{group});
    crew.settle();

    const std::string after = "alice added carol; alice name 'the crew'; alice role bob 'admin'; bob muted carol!; "
                              "alice all_muted!; alice removed carol";
    CHECK(notes(crew, crew.alice, group) == "alice created bob; " + after + "; bob left bob");
    CHECK(notes(crew, crew["bob"], group) == "alice added bob; " + after + "; bob left bob");
    CHECK(notes(crew, phone, group) == notes(crew, crew["bob"], group));
    CHECK(notes(crew, crew["carol"], group) ==
          "alice added carol; alice name 'the crew'; alice role bob 'admin'; bob muted carol!; alice all_muted!; "
          "alice removed carol");
    for (auto* one : {&crew.alice, &crew["bob"], &phone, &crew["carol"]})
        CHECK(unread(crew, *one, group) == 0);

    // Nobody acts on it, quotes it or sends it on.
    const auto note = crew.history(crew.alice, group).front().id;
    CHECK(crew.code(crew.alice, request::React{note, "+", true}) == ErrorCode::invalid_argument);
    CHECK(crew.code(crew.alice, request::Recall{note}) == ErrorCode::invalid_argument);
    CHECK(crew.code(crew.alice, request::Forward{{note}, {"bob", {}}, true}) == ErrorCode::invalid_argument);
    request::Send answer;
    answer.conversation = group;
    answer.text = "why?";
    answer.reply_to = note;
    CHECK(crew.code(crew.alice, answer) == ErrorCode::invalid_argument);
}

TEST_CASE("a change of a group that was taken back leaves no note of it; what stands keeps its own")
{
    Crew crew(766, {"bob", "carol"});
    const auto group = crew.create({"bob"});
    crew.must(crew.alice, request::GroupInvite{group, {"carol"}});
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::admin});
    crew.settle();
    const std::string before = "alice created bob; alice added carol; alice role bob 'admin'";
    REQUIRE(notes(crew, crew.alice, group) == before);
    EvilRelay evil(crew.world);
    // Alice hears that her change was taken, and nobody gets it.
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        if (&from != &crew.alice || request == nullptr) return true;
        if (!std::holds_alternative<frame::GroupCommit>(request->body)) return true;
        evil.push(from, frame::Response{request->id, {ErrorCode::ok, {}, 0}, {}});
        return false;
    };
    crew.must(crew.alice, request::GroupSet{group, "nonsense"});
    CHECK(notes(crew, crew.alice, group) == before + "; alice name 'nonsense'");
    evil.turn_honest();
    crew.must(crew["bob"], request::GroupSet{group, "the crew"});
    crew.settle(minutes(1));

    CHECK(crew.about(crew.alice, group).name == "the crew");
    CHECK(notes(crew, crew.alice, group) == before + "; name 'the crew'"); // She has not seen who did it.
    const auto changes = all<event::MessageChanged>(crew.alice);
    REQUIRE_FALSE(changes.empty());
    CHECK(changes.back().what == event::MessageChanged::What::expired);
    CHECK(notes(crew, crew["bob"], group).ends_with("bob name 'the crew'"));
    // It is the same as ever afterwards.
    crew.must(crew.alice, request::GroupSet{group, "nonsense"});
    crew.settle();
    CHECK(notes(crew, crew.alice, group) == before + "; name 'the crew'; alice name 'nonsense'");
    CHECK(notes(crew, crew["carol"], group).ends_with("bob name 'the crew'; alice name 'nonsense'"));
    crew.say(crew["carol"], group, "fine");
    CHECK(crew.texts(crew.alice, group) == "carol:fine");
}

TEST_CASE("a hidden group does not come back because somebody joins; what is said brings it back")
{
    Crew crew(762, {"bob", "carol"});
    const auto group = crew.create({"bob"});
    crew.say(crew.alice, group, "hi");
    request::SetConversation hide{{{}, group}};
    hide.hidden = true;
    crew.must(crew["bob"], hide);
    crew.must(crew.alice, request::GroupInvite{group, {"carol"}});
    crew.settle();
    const auto shown = [&] {
        const auto reply = crew.ask(crew["bob"], request::Conversations{false});
        for (const auto& one : std::get<std::vector<Conversation>>(reply.value))
            if (one.id == group) return true;
        return false;
    };
    CHECK_FALSE(shown());
    crew.say(crew.alice, group, "again");
    crew.settle();
    CHECK(shown());
}

TEST_CASE("typing in a group is seen by contacts who are in it, and by nobody else")
{
    Crew crew(763, {"bob", "carol", "dave"});
    const auto group = crew.create({"bob", "carol"});
    const auto heard = [&](Client& who) {
        std::string out;
        for (const auto& one : all<event::TypingChanged>(who)) {
            CHECK(one.conversation == group);
            CHECK(one.with.empty());
            out += (out.empty() ? "" : " ") + one.user + (one.on ? "+" : "-");
        }
        return out;
    };
    for (int n = 0; n < 5; ++n)
        crew.must(crew.alice, request::Typing{{{}, group}, true});
    crew.settle(seconds(1));
    CHECK(heard(crew["bob"]) == "alice+");
    CHECK(heard(crew["carol"]) == "alice+");
    CHECK(heard(crew["dave"]).empty());
    crew.must(crew.alice, request::Typing{{{}, group}, false});
    crew.must(crew["bob"], request::Typing{{{}, group}, true}); // Carol is no contact of his.
    crew.settle(seconds(20));
    CHECK(heard(crew["carol"]) == "alice+ alice-");
    CHECK(heard(crew.alice) == "bob+ bob-");
    // Who may not write does not seem to.
    crew.must(crew.alice, request::GroupMute{group, "bob", 9'000'000'000'000});
    crew.settle();
    crew.must(crew["bob"], request::Typing{{{}, group}, true});
    crew.settle(seconds(20));
    CHECK(heard(crew.alice) == "bob+ bob-");
}

TEST_CASE("in a large group who reads tells those contacts whose words it read")
{
    std::vector<std::string> others;
    for (std::size_t n = 1; n <= group_direct_members_max; ++n)
        others.push_back("n" + std::to_string(n));
    Crew crew(764, others);
    const auto group = crew.create(others);
    crew.settle(seconds(60));
    const auto first = crew.say(crew.alice, group, "hello all");
    crew.settle(seconds(30));
    const auto second = crew.say(crew["n1"], group, "hello");
    crew.settle(seconds(30));
    crew.must(crew["n2"], request::MarkRead{{{}, group}, {}});
    crew.must(crew["n3"], request::MarkRead{{{}, group}, first});
    crew.settle(seconds(30));
    std::map<std::string, MessageId> told;
    for (const auto& one : all<event::ReadUpTo>(crew.alice))
        told[one.user] = one.up_to;
    CHECK(told == std::map<std::string, MessageId>{{"n2", second}, {"n3", first}});
    CHECK(all<event::ReadUpTo>(crew["n1"]).empty()); // They are no contacts of n1.
    for (auto* one : {&crew.alice, &crew["n2"], &crew["n3"]}) {
        CAPTURE(one->name);
        CHECK(one->status().outbox_messages == 0); // Nothing waits for a receipt that nobody gives.
    }
}

// SPDX-License-Identifier: Apache-2.0
// Stories of groups: roles, mutes, links, ends.
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

TEST_CASE("who is muted is not heard, by anybody; an admin is heard when all are muted")
{
    Crew crew(711, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    const auto soon = crew.world.wall_ms() + 60'000;
    CHECK(crew.code(crew["bob"], request::GroupMute{group, "carol", soon}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupMute{group, "bob", soon});
    crew.settle();
    CHECK(crew.try_say(crew["bob"], group, "mmh").error.code == ErrorCode::not_allowed);
    crew.settle(seconds(70));
    crew.say(crew["bob"], group, "free");
    crew.must(crew.alice, request::GroupMute{group, "", 1});
    crew.settle();
    CHECK(crew.try_say(crew["carol"], group, "me too?").error.code == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupRole{group, "carol", Role::admin});
    crew.settle();
    crew.say(crew["carol"], group, "me");
    CHECK(crew.texts(crew["bob"], group) == "bob:free carol:me");
}

TEST_CASE("what was said before a mute, and leaves after it, has failed: nobody would take it")
{
    Crew crew(722, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    auto& bob = crew["bob"];
    crew.world.network.direct_possible = false;
    crew.must(bob, request::SetPolicy{PathPolicy::direct_only});
    const auto early = crew.say(bob, group, "early");
    CHECK(bob.state(early) == MessageState::accepted);
    crew.must(crew.alice, request::GroupMute{group, "bob", crew.world.wall_ms() + 600'000});
    crew.settle();
    crew.must(bob, request::SetPolicy{PathPolicy::direct_first});
    crew.settle(seconds(30));
    CHECK(bob.state(early) == MessageState::failed);
    const auto said = crew.history(bob, group);
    CHECK(std::any_of(said.begin(), said.end(),
                      [&](const auto& one) { return one.id == early && one.failure == "not_allowed"; }));
    CHECK(crew.texts(crew["carol"], group).empty());
    crew.must(crew.alice, request::GroupMute{group, "bob", 0});
    crew.settle();
    crew.say(bob, group, "late");
    CHECK(crew.texts(crew["carol"], group) == "bob:late");
}

TEST_CASE("a channel: few write, all react")
{
    Crew crew(712, {"bob", "carol"});
    const auto channel =
        crew.create(request::GroupCreate{ConversationKind::channel, "news", {"bob", "carol"}, "all of it"});
    const auto id = crew.say(crew.alice, channel, "it is so");
    CHECK(crew.try_say(crew["bob"], channel, "is it?").error.code == ErrorCode::not_allowed);
    crew.must(crew["bob"], request::React{id, "+", true});
    crew.settle();
    CHECK(crew.about(crew["carol"], channel).about == "all of it");
    REQUIRE(crew.texts(crew["carol"], channel) == "alice:it is so");
    CHECK(crew.history(crew["carol"], channel).back().reactions == std::vector{Reactions{"+", {"bob"}}});
    crew.must(crew.alice, request::GroupRole{channel, "bob", Role::admin});
    crew.settle();
    crew.say(crew["bob"], channel, "it is");
    CHECK(crew.texts(crew["carol"], channel) == "alice:it is so bob:it is");
}

TEST_CASE("an admin takes back what a member said, on every device; a member only their own")
{
    Crew crew(713, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    const auto id = crew.say(crew["bob"], group, "canary");
    CHECK(crew.code(crew["carol"], request::Recall{id}) == ErrorCode::invalid_argument);
    crew.must(crew.alice, request::Recall{id});
    crew.settle();
    for (auto* one : {&crew.alice, &crew["bob"], &crew["carol"]}) {
        const auto message = crew.history(*one, group).back();
        CHECK(message.recalled_by == "alice");
        CHECK(message.text.empty());
    }
}

TEST_CASE("by link: as soon as somebody sees it; the next link makes the last one worthless")
{
    Crew crew(714, {"bob", "carol"});
    auto& dave = crew.world.client("dave");
    dave.start();
    REQUIRE(dave.wait(dave.enter(true)).error.code == ErrorCode::ok);
    const auto group =
        crew.create(request::GroupCreate{ConversationKind::group, "open", {"bob"}, "", Role::admin, JoinRule::link});
    CHECK(crew.code(crew["bob"], request::GroupLink{group}) == ErrorCode::not_allowed);
    const auto link = std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value);
    CHECK(link.starts_with("godwit-group:1:"));
    crew.must(dave, request::GroupJoin{link, "it is me"});
    crew.settle(seconds(20));
    CHECK(told(dave, What::joined) == 1);
    for (const auto& one : all<event::GroupChanged>(dave))
        if (one.what == What::joined) CHECK(one.by == "alice"); // Who let him in signed the Welcome.
    CHECK(crew.members(dave, group) == "alice* bob dave");
    crew.say(dave, group, "hello");
    CHECK(crew.texts(crew["bob"], group) == "dave:hello");
    CHECK(crew.code(dave, request::GroupJoin{link}) == ErrorCode::conflict);

    const auto renewed = std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group, true}).value);
    CHECK(renewed != link);
    crew.settle();
    crew.must(crew["carol"], request::GroupJoin{link});
    crew.settle(seconds(20));
    CHECK(crew.members(crew.alice, group) == "alice* bob dave");
    CHECK(all<event::GroupAsked>(crew.alice).empty());
    using Why = event::GroupRefused::Why;
    REQUIRE(all<event::GroupRefused>(crew["carol"]).size() == 1); // Told, not left waiting for what never comes.
    CHECK(all<event::GroupRefused>(crew["carol"]).front().why == Why::stale_link);

    crew.must(crew.alice, request::GroupSet{group, {}, {}, {}, {}, {}, JoinRule::closed});
    crew.settle();
    crew.must(crew["carol"], request::GroupJoin{renewed});
    crew.settle(seconds(20));
    REQUIRE(all<event::GroupRefused>(crew["carol"]).size() == 2);
    CHECK(all<event::GroupRefused>(crew["carol"]).back().why == Why::stale_link);
    CHECK(crew.code(crew["carol"], request::GroupAbout{group}) == ErrorCode::invalid_argument); // she was never in
    crew.must(crew.alice, request::GroupSet{group, {}, {}, {}, {}, {}, JoinRule::link});
    crew.settle();
    crew.must(crew["carol"], request::GroupJoin{renewed}); // At once, not a day later.
    crew.settle(seconds(20));
    CHECK(crew.members(crew["carol"], group) == "alice* bob carol dave");
    CHECK(crew.code(crew.alice, request::GroupJoin{"godwit-group:1:nonsense"}) == ErrorCode::invalid_argument);
}

TEST_CASE("a picture that nobody has is no picture of a group")
{
    Crew crew(717, {"bob"});
    const auto group = crew.create({"bob"});
    content::FileRef nowhere;
    nowhere.id.bytes.fill(0xab);
    nowhere.size_bytes = 100;
    request::GroupSet set{group};
    set.avatar = nowhere;
    CHECK(crew.code(crew.alice, set) == ErrorCode::no_such_file);
    set.avatar = content::FileRef{}; // none
    CHECK(crew.code(crew.alice, set) == ErrorCode::ok);
}

TEST_CASE("by request: a person says yes or no")
{
    Crew crew(715, {"bob", "carol"});
    const auto group = crew.create(
        request::GroupCreate{ConversationKind::group, "careful", {"bob"}, "", Role::admin, JoinRule::request});
    const auto link = std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value);
    crew.must(crew["carol"], request::GroupJoin{link, "please"});
    crew.settle();
    REQUIRE(all<event::GroupAsked>(crew.alice).size() == 1);
    CHECK(all<event::GroupAsked>(crew.alice).front().applicant.text == "please");
    CHECK(all<event::GroupAsked>(crew["bob"]).empty());
    REQUIRE(crew.about(crew.alice, group).applicants.size() == 1);
    CHECK(crew.code(crew["bob"], request::GroupAnswer{group, "carol", true}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupAnswer{group, "carol", false});
    crew.settle();
    CHECK(all<event::GroupRefused>(crew["carol"]).size() == 1);
    CHECK(crew.members(crew.alice, group) == "alice* bob");
    CHECK(crew.code(crew["carol"], request::GroupJoin{link, "pretty please"}) == ErrorCode::rate_limited);
    crew.settle(hours(24));
    crew.must(crew["carol"], request::GroupJoin{link, "pretty please"});
    crew.settle();
    crew.must(crew.alice, request::GroupAnswer{group, "carol", true});
    crew.settle();
    CHECK(crew.members(crew["carol"], group) == "alice* bob carol");
    CHECK(crew.about(crew.alice, group).applicants.empty());
}

TEST_CASE("two admins answer one who asks to be let in: who comes second is told, unless they agree")
{
    const auto answers = [](bool alice_says, bool bob_says, bool at_once) {
        Crew crew(7151, {"bob", "carol"}); // Carol is a contact of alice, and none of bob.
        auto& alice = crew.alice;
        auto& bob = crew["bob"];
        const auto group = crew.create(
            request::GroupCreate{ConversationKind::group, "careful", {"bob"}, "", Role::admin, JoinRule::request});
        crew.must(alice, request::GroupRole{group, "bob", Role::admin});
        crew.settle();
        const auto link = std::get<std::string>(crew.ask(alice, request::GroupLink{group}).value);
        crew.must(crew["carol"], request::GroupJoin{link, "please"});
        crew.settle();
        CHECK(crew.code(bob, request::GroupAnswer{group, "nobody", true}) == ErrorCode::invalid_argument);
        const auto one = alice.ask(request::GroupAnswer{group, "carol", alice_says});
        std::optional<Error> first;
        if (!at_once) {
            first = alice.wait(one).error;
            CHECK(first->code == ErrorCode::ok);
            crew.settle();
        }
        const auto other = bob.ask(request::GroupAnswer{group, "carol", bob_says});
        if (!first) first = alice.wait(one).error;
        const auto second = bob.wait(other).error;
        crew.settle();
        CAPTURE(first->detail);
        CAPTURE(second.detail);
        const bool is_in = crew.members(alice, group) == "alice* bob+ carol";
        CHECK(crew.members(bob, group) == crew.members(alice, group));
        CHECK(first->code == (is_in == alice_says ? ErrorCode::ok : ErrorCode::conflict));
        CHECK(second.code == (is_in == bob_says ? ErrorCode::ok : ErrorCode::conflict));
        for (auto* who : {&alice, &bob})
            CHECK(crew.about(*who, group).applicants.empty());
        CHECK(all<event::GroupRefused>(crew["carol"]).size() == (is_in ? 0 : 1));
    };
    for (const bool alice_says : {true, false})
        for (const bool bob_says : {true, false})
            for (const bool at_once : {true, false}) {
                CAPTURE(alice_says);
                CAPTURE(bob_says);
                CAPTURE(at_once);
                answers(alice_says, bob_says, at_once);
            }
}

TEST_CASE("a discussion ends by itself; one that is promoted does not")
{
    Crew crew(716, {"bob"});
    const auto until = crew.world.wall_ms() + 120'000;
    const auto make = [&] {
        return crew.create(request::GroupCreate{
            ConversationKind::discussion, "lunch", {"bob"}, "", Role::admin, JoinRule::closed, until});
    };
    const auto one = make(), other = make();
    crew.say(crew["bob"], one, "pizza");
    CHECK(crew.code(crew["bob"], request::GroupPromote{other}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupPromote{other});
    crew.settle(minutes(3));
    for (auto* who : {&crew.alice, &crew["bob"]}) {
        CHECK(told(*who, What::closed) == 1);
        CHECK(told(*who, What::promoted) == 1);
        CHECK_FALSE(crew.about(*who, one).active);
        CHECK(crew.about(*who, other).kind == ConversationKind::group);
        CHECK(crew.try_say(*who, one, "late").error.code == ErrorCode::not_allowed);
    }
    crew.say(crew["bob"], other, "pasta");
    CHECK(crew.texts(crew.alice, one) == "bob:pizza");
}

TEST_CASE("who was away when a discussion was promoted has no word of an end that was none")
{
    Crew crew(723, {"bob", "carol"});
    const auto until = crew.world.wall_ms() + 120'000;
    const auto group = crew.create(request::GroupCreate{
        ConversationKind::discussion, "lunch", {"bob", "carol"}, "", Role::admin, JoinRule::closed, until});
    crew.say(crew["bob"], group, "pizza");
    crew["bob"].crash();
    crew.must(crew.alice, request::GroupPromote{group});
    crew.settle(minutes(3));
    crew.world.relay_crash();
    crew["bob"].start();
    crew.settle();
    const auto notes = [&](Client& who) {
        std::vector<std::string> out;
        for (const auto& one : crew.history(who, group))
            if (const auto* note = std::get_if<content::GroupNote>(&one.body); note != nullptr)
                out.emplace_back(content::group_note_name(note->what));
        return out;
    };
    REQUIRE(notes(crew["bob"]).back() == "expired"); // As far as is known there.
    crew.world.relay_start();
    crew.settle(minutes(2));
    CHECK(notes(crew["bob"]) == notes(crew["carol"]));
    CHECK(notes(crew["bob"]).back() == "promoted");
    CHECK(crew.about(crew["bob"], group).active);
    crew.say(crew["bob"], group, "pasta");
    CHECK(crew.texts(crew["carol"], group) == "bob:pizza bob:pasta");
}

TEST_CASE("dissolved: nobody says anything there any more, and the history stays")
{
    Crew crew(717, {"bob"});
    const auto group = crew.create({"bob"});
    crew.say(crew["bob"], group, "bye");
    CHECK(crew.code(crew["bob"], request::GroupDissolve{group}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupDissolve{group});
    crew.settle();
    for (auto* who : {&crew.alice, &crew["bob"]}) {
        CHECK(crew.try_say(*who, group, "x").error.code == ErrorCode::not_allowed);
        CHECK(told(*who, What::closed) == 1);
        CHECK(crew.texts(*who, group) == "bob:bye");
    }
}

TEST_CASE("a new device of a member comes in by itself; a revoked one goes")
{
    Crew crew(718, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    auto& phone = crew.enter("bob.phone");
    crew.settle(seconds(30));
    CHECK(crew.members(phone, group) == "alice* bob carol");
    crew.say(crew["carol"], group, "to all");
    CHECK(crew.texts(phone, group) == "carol:to all");
    crew.must(crew["bob"], request::DeviceRevoke{id_of(phone)});
    crew.settle(seconds(30));
    crew.say(crew["carol"], group, "to fewer");
    CHECK(crew.texts(crew["bob"], group) == "carol:to all carol:to fewer");
    CHECK(crew.texts(phone, group) == "carol:to all");
}

TEST_CASE("in a group where no contact is left the account's other devices come in all the same")
{
    Crew crew(723, {"bob", "carol"});
    auto& phone = crew.enter("bob.phone");
    phone.crash();
    const auto group = crew.create({"bob", "carol"});
    crew.must(crew["bob"], request::ContactRemove{"alice"});
    crew.settle();
    phone.start();
    crew.settle(minutes(1));
    CHECK(crew.members(phone, group) == "alice* bob carol");
    auto& tablet = crew.enter("bob.tablet");
    crew.settle(minutes(1));
    CHECK(crew.members(tablet, group) == "alice* bob carol");
    crew.say(crew["carol"], group, "to all");
    CHECK(crew.texts(phone, group) == "carol:to all");
    CHECK(crew.texts(tablet, group) == "carol:to all");
}

TEST_CASE("who has left a group is put back into it by no stranger, and is by asking again")
{
    Crew crew(724, {"bob", "carol"});
    auto& phone = crew.enter("bob.phone");
    const auto group = crew.create(
        request::GroupCreate{ConversationKind::group, "crew", {"bob", "carol"}, "", Role::admin, JoinRule::link});
    // Alice is not told that she is blocked, and knows bob on.
    crew.must(crew["bob"], request::ContactBlock{"alice"});
    crew.must(crew.alice, request::GroupSet{group, "no friends"});
    crew.settle();
    crew.must(phone, request::GroupLeave{group});
    crew.settle();
    REQUIRE(crew.members(crew.alice, group) == "alice* carol");
    // The relay lies: they are each other's contacts, to it.
    crew.world.relay.input([&](relay::Core&, Moment now) {
        auto& store = crew.world.relay.disk.store();
        store.set_contact(store.account("bob")->row, store.account("alice")->row, relay::RosterState::accepted,
                          now.wall_ms);
    });
    crew.must(crew.alice, request::GroupInvite{group, {"bob"}});
    crew.settle(minutes(1));
    REQUIRE(crew.members(crew.alice, group) == "alice* bob carol");
    for (auto* const one : {&crew["bob"], &phone})
        CHECK_FALSE(crew.about(*one, group).active);

    crew.must(crew.alice, request::GroupRemove{group, {"bob"}});
    crew.settle();
    const auto fresh = std::get<std::string>(crew.ask(crew.alice, request::GroupLink{group}).value);
    crew.must(crew["bob"], request::GroupJoin{fresh});
    crew.settle(minutes(1));
    for (auto* const one : {&crew["bob"], &phone})
        CHECK(crew.about(*one, group).active);
}

TEST_CASE("a device that was not running when the group was made knows its names of before, as its sibling does")
{
    Crew crew(721, {"bob", "carol"});
    auto& phone = crew.enter("alice.phone");
    phone.crash();
    const auto group = crew.create({"bob", "carol"});
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::admin});
    crew.settle();
    for (const char* name : {"second", "third"}) {
        crew.must(crew["bob"], request::GroupSet{group, name});
        crew.settle();
    }
    phone.start();
    crew.settle(seconds(30));
    const auto names = [&](Client& who) {
        std::string out;
        for (const auto& one : crew.history(who, group))
            if (const auto* note = std::get_if<content::GroupNote>(&one.body);
                note != nullptr && note->what == content::GroupNote::What::name)
                out += note->by + ":" + note->text + " ";
        return out;
    };
    CHECK(names(crew.alice) == "bob:second bob:third ");
    CHECK(names(phone) == names(crew.alice));
    // Whoever is told of a group before its name can be read is told the name, too.
    for (auto* one : {&phone, &crew["carol"]}) {
        const auto events = all<event::GroupChanged>(*one);
        CHECK(std::any_of(events.begin(), events.end(), [&](const auto& e) {
            return (e.what == What::joined || e.what == What::profile) && !e.name.empty();
        }));
    }
}

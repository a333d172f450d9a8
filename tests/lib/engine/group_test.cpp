// SPDX-License-Identifier: Apache-2.0
// Stories of groups: real engines, the real relay core. Who is in, who gets what is said, and which way.
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

TEST_CASE("alice makes a group of her friends, who do not know each other, and everybody talks")
{
    Crew crew(701, {"bob", "carol"});
    auto& phone = crew.enter("bob.phone");
    const auto group = crew.create({"bob", "carol"});

    for (auto* one : {&crew.alice, &crew["bob"], &phone, &crew["carol"]}) {
        CAPTURE(one->name);
        CHECK(crew.members(*one, group) == "alice* bob carol");
        CHECK(crew.about(*one, group).name == "crew");
        CHECK(crew.about(*one, group).active);
        CHECK(told(*one, What::joined) == 1);
    }
    const auto first = crew.say(crew.alice, group, "welcome");
    crew.say(crew["bob"], group, "hi");
    crew.say(phone, group, "from the train");
    crew.say(crew["carol"], group, "hello");
    const std::string said = "alice:welcome bob:hi bob:from the train carol:hello";
    for (auto* one : {&crew.alice, &crew["bob"], &phone, &crew["carol"]}) {
        CAPTURE(one->name);
        CHECK(crew.texts(*one, group) == said);
        for (const auto& message : crew.history(*one, group)) {
            CHECK(message.with.empty());
            CHECK_FALSE(message.gap_before);
        }
    }
    CHECK(crew.alice.state(first) == MessageState::delivered);
    CHECK(crew.report(crew.alice, first) == "bob:delivered/direct carol:delivered/direct");
    for (auto* one : {&crew.alice, &crew["bob"], &phone, &crew["carol"]})
        CHECK(one->status().outbox_messages == 0);
}

TEST_CASE("who is no contact is reached by the relay, gives no receipt, and is not seen online")
{
    Crew crew(702, {"bob", "carol"});
    const auto group = crew.create({"bob", "carol"});
    const auto id = crew.say(crew["bob"], group, "hi");
    CHECK(crew["bob"].state(id) == MessageState::delivered); // by alice
    CHECK(crew.report(crew["bob"], id) == "alice:delivered/direct carol:sent/mailbox");
    CHECK(crew.history(crew["carol"], group).back().path == Path::mailbox);
    for (const auto& presence : all<event::Presence>(crew["carol"]))
        CHECK(presence.user != "bob");
    for (const auto& contact : crew["carol"].contacts())
        CHECK(contact.user != "bob");
    CHECK(crew["bob"].status().outbox_messages == 0);
    CHECK(crew["bob"].live_peer_links(Path::direct) == 1);
}

TEST_CASE("offline when the group is made, and when it is talked in: all of it is there afterwards, in order")
{
    Crew crew(703, {"bob", "carol"});
    crew["carol"].crash();
    crew.settle(seconds(40));
    const auto group = crew.create({"bob", "carol"});
    crew.say(crew.alice, group, "one");
    crew.say(crew["bob"], group, "two");
    crew.must(crew.alice, request::GroupSet{group, "the crew"});
    crew.say(crew.alice, group, "three");
    crew["carol"].start();
    crew.settle(seconds(40));
    CHECK(crew.texts(crew["carol"], group) == "alice:one bob:two alice:three");
    CHECK(crew.about(crew["carol"], group).name == "the crew");
    crew.say(crew["carol"], group, "four");
    CHECK(crew.texts(crew.alice, group) == "alice:one bob:two alice:three carol:four");
    CHECK(crew.texts(crew["bob"], group) == crew.texts(crew.alice, group));
}

TEST_CASE("taken in later: from then on; and put out: not a word more")
{
    Crew crew(704, {"bob", "carol", "dave"});
    const auto group = crew.create({"bob"});
    crew.say(crew.alice, group, "before");
    crew.must(crew.alice, request::GroupInvite{group, {"carol", "dave"}});
    crew.settle();
    crew.say(crew["bob"], group, "after");
    CHECK(crew.texts(crew["carol"], group) == "bob:after");
    CHECK(crew.members(crew["dave"], group) == "alice* bob carol dave");
    CHECK(told(crew["bob"], What::added) == 1);

    CHECK(crew.code(crew["bob"], request::GroupRemove{group, {"carol"}}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupRemove{group, {"carol"}});
    crew.settle();
    CHECK(told(crew["carol"], What::closed) == 1);
    CHECK_FALSE(crew.about(crew["carol"], group).active);
    CHECK(crew.try_say(crew["carol"], group, "but").error.code == ErrorCode::not_allowed);
    crew.say(crew["dave"], group, "alone at last");
    CHECK(crew.texts(crew["carol"], group) == "bob:after");
    CHECK(crew.members(crew["dave"], group) == "alice* bob dave");

    // And again.
    crew.must(crew.alice, request::GroupInvite{group, {"carol"}});
    crew.settle();
    crew.say(crew["bob"], group, "again");
    CHECK(crew.texts(crew["carol"], group) == "bob:after bob:again");
    CHECK(crew.about(crew["carol"], group).active);
}

TEST_CASE("bob leaves; alice cannot before she has handed over; the others go on")
{
    Crew crew(705, {"bob", "carol"});
    auto& phone = crew.enter("bob.phone");
    const auto group = crew.create({"bob", "carol"});
    crew.must(crew["bob"], request::GroupLeave{group});
    crew.settle();
    for (auto* one : {&crew["bob"], &phone}) {
        CHECK(told(*one, What::closed) == 1);
        CHECK_FALSE(crew.about(*one, group).active);
    }
    crew.say(crew.alice, group, "he is gone");
    CHECK(crew.texts(crew["carol"], group) == "alice:he is gone");
    CHECK(crew.texts(crew["bob"], group).empty());
    CHECK(crew.code(crew.alice, request::GroupLeave{group}) == ErrorCode::not_allowed);
    CHECK(crew.code(crew["carol"], request::GroupRole{group, "carol", Role::owner}) == ErrorCode::not_allowed);
    crew.must(crew.alice, request::GroupRole{group, "carol", Role::owner});
    crew.settle();
    CHECK(crew.members(crew["carol"], group) == "alice+ carol*");
    crew.must(crew.alice, request::GroupLeave{group});
    crew.settle();
    CHECK(crew.members(crew["carol"], group) == "carol*");
    crew.say(crew["carol"], group, "alone");
}

TEST_CASE("an admin who is put out while requests of theirs wait has a reply to each")
{
    Crew crew(707, {"bob", "carol", "dave"});
    auto& phone = crew.enter("bob.phone");
    const auto group = crew.create({"bob", "carol", "dave"});
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::admin});
    crew.settle();
    std::vector<std::pair<Client*, RequestId>> asked;
    const auto out = crew.alice.ask(request::GroupRemove{group, {"bob"}});
    for (auto* one : {&crew["bob"], &phone}) {
        asked.emplace_back(one, one->ask(request::GroupSet{group, "bob's"}));
        asked.emplace_back(one, one->ask(request::GroupRemove{group, {"carol"}}));
        asked.emplace_back(one, one->ask(request::GroupMute{group, "dave", 9'000'000'000'000}));
        asked.emplace_back(one, one->ask(request::GroupLeave{group}));
    }
    crew.settle(minutes(2));
    CHECK(crew.alice.reply(out) != nullptr);
    for (const auto& [who, id] : asked) {
        CAPTURE(who->name);
        CAPTURE(id);
        const auto* reply = who->reply(id);
        REQUIRE(reply != nullptr);
        CHECK((reply->error.code == ErrorCode::ok || reply->error.code == ErrorCode::not_allowed));
    }
    CHECK(crew.members(crew["dave"], group).find("bob") == std::string::npos);
}

TEST_CASE("only contacts are taken in, names and lengths are looked at, and offline nothing is changed")
{
    Crew crew(706, {"bob"});
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::group, "g", {"nobody"}}) ==
          ErrorCode::not_a_contact);
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::group, "", {"bob"}}) ==
          ErrorCode::invalid_argument);
    const std::string longest(group_name_bytes_max, 'x');
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::group, longest + "x", {"bob"}}) ==
          ErrorCode::invalid_argument);
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::group, longest, {"bob"}}) == ErrorCode::ok);
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::discussion, "g", {"bob"}}) ==
          ErrorCode::invalid_argument);
    CHECK(crew.code(crew.alice, request::GroupInvite{{}, {"bob"}}) == ErrorCode::invalid_argument);
    crew.world.relay_crash();
    crew.settle(seconds(30));
    CHECK(crew.code(crew.alice, request::GroupCreate{ConversationKind::group, "g", {"bob"}}) ==
          ErrorCode::not_connected);
}

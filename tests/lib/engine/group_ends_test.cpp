// SPDX-License-Identifier: Apache-2.0
// What passes in a group that is over, and what does not.
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

TEST_CASE("a live location stands still while its author is muted, and when the discussion is over; ending it passes")
{
    Crew crew(729, {"bob"});
    const auto until = crew.world.wall_ms() + 180'000;
    const auto group = crew.create(
        request::GroupCreate{ConversationKind::discussion, "lunch", {"bob"}, "", Role::admin, JoinRule::closed, until});
    auto& bob = crew["bob"];
    request::Send send;
    send.conversation = group;
    content::Location where;
    where.latitude_e7 = 1;
    where.live_seconds = 3600;
    send.body = where;
    const auto id = std::get<MessageId>(crew.ask(bob, send).value);
    crew.settle();
    const auto at_alice = [&] {
        const auto all = crew.history(crew.alice, group);
        const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
        REQUIRE(at != all.end());
        return *at;
    };
    const auto seen = [&] { return std::get<content::Location>(at_alice().body).latitude_e7; };
    const auto move = [&](std::int32_t to) {
        const auto out = crew.code(bob, request::MoveLocation{id, to, 2, 3});
        crew.settle();
        return out;
    };
    CHECK(move(5) == ErrorCode::ok);
    CHECK(seen() == 5);
    for (const std::int32_t to : {6, 7})
        crew.must(bob, request::MoveLocation{id, to, 2, 3});
    crew.must(crew.alice, request::GroupMute{group, "bob", crew.world.wall_ms() + 3'600'000});
    crew.settle();
    CHECK(move(8) == ErrorCode::not_allowed);
    CHECK(seen() == 6); // What waited to be told has no say any more either.
    crew.must(crew.alice, request::GroupMute{group, "bob", 0});
    crew.settle();
    CHECK(move(9) == ErrorCode::ok);
    crew.settle(minutes(3));
    CHECK(move(10) == ErrorCode::not_allowed);
    CHECK(seen() == 9);
    crew.must(bob, request::EndLocation{id});
    crew.settle();
    CHECK(at_alice().live_until_ms == 0);
}

TEST_CASE("where a group is over words can be taken back, and what burns burns at its author, too")
{
    Crew crew(730, {"bob", "carol"});
    auto& phone = crew.enter("alice.phone");
    auto& bob = crew["bob"];
    const auto until = crew.world.wall_ms() + 180'000;
    const auto group = crew.create(request::GroupCreate{
        ConversationKind::discussion, "crew", {"bob", "carol"}, "", Role::admin, JoinRule::closed, until});
    (void)crew.say(bob, group, "canary of bob");
    const auto words = crew.say(bob, group, "canary sings");
    const auto others = crew.say(crew["carol"], group, "canary spams");
    request::Send brief;
    brief.conversation = group;
    brief.text = "canary burns";
    brief.lifetime = content::Lifetime{3, content::Lifetime::From::read};
    crew.must(crew.alice, brief);
    crew.settle();
    crew["carol"].crash();
    SUBCASE("dissolved")
    {
        crew.must(crew.alice, request::GroupDissolve{group});
    }
    SUBCASE("by time")
    {
        crew.settle(minutes(4));
    }
    crew.settle();
    REQUIRE_FALSE(crew.about(bob, group).active);
    crew.must(bob, request::MarkRead{{{}, group}, {}});
    crew.must(bob, request::Recall{words});
    crew.must(crew.alice, request::Recall{others}); // As the owner.
    CHECK(crew.code(bob, request::Recall{others}) == ErrorCode::invalid_argument);
    CHECK(crew.try_say(bob, group, "x").error.code == ErrorCode::not_allowed);
    crew.settle();
    crew["carol"].start();
    crew.settle(minutes(1));
    for (auto* const who : {&crew.alice, &phone, &bob}) {
        CAPTURE(who->name);
        CHECK(crew.texts(*who, group) == "bob:canary of bob bob: carol:");
    }
    // She has read nothing, so what burns stands there.
    CHECK(crew.texts(crew["carol"], group) == "bob:canary of bob bob: carol: alice:canary burns");
    for (auto* const who : {&crew.alice, &phone, &bob, &crew["carol"]})
        CHECK(who->status().outbox_messages == 0);
}

TEST_CASE("the owner of a discussion that is over is not stuck with it")
{
    Crew crew(731, {"bob"});
    const auto until = crew.world.wall_ms() + 60'000;
    const auto group = crew.create(
        request::GroupCreate{ConversationKind::discussion, "lunch", {"bob"}, "", Role::admin, JoinRule::closed, until});
    crew.settle(minutes(2));
    CHECK(crew.code(crew.alice, request::GroupSet{group, "dinner"}) == ErrorCode::not_allowed);
    CHECK(crew.code(crew.alice, request::GroupRole{group, "bob", Role::admin}) == ErrorCode::not_allowed);
    CHECK(crew.code(crew.alice, request::GroupLeave{group}) == ErrorCode::not_allowed); // Hands over first.
    crew.must(crew.alice, request::GroupRole{group, "bob", Role::owner});
    crew.settle();
    crew.must(crew.alice, request::GroupLeave{group});
    crew.settle();
    CHECK(crew.members(crew["bob"], group) == "bob*");
    crew.must(crew["bob"], request::GroupDissolve{group});
    crew.settle();
    CHECK(crew.about(crew["bob"], group).dissolved);
    CHECK(told(crew["bob"], What::closed) == 2); // By its time, and by him.
    CHECK(crew.code(crew["bob"], request::GroupRole{group, "bob", Role::owner}) == ErrorCode::not_allowed);
}

// SPDX-License-Identifier: Apache-2.0
// What is on its way in a group while somebody goes: of who has gone, and to them. It is not heard, and nobody is told
// that it was forged.
#include "tests/lib/engine/evil_relay.hpp"
#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("a message that comes after its author has left: dropped without an alarm, from a contact or not")
{
    for (const bool is_contact : {false, true}) {
        CAPTURE(is_contact);
        Crew crew(301, {"bob", "carol"});
        auto &bob = crew["bob"], &carol = crew["carol"];
        if (is_contact) crew.world.befriend(bob, carol);
        for (auto* one : {&bob, &carol})
            crew.must(*one, request::SetPolicy{PathPolicy::relay_only});
        const auto group = crew.create({"bob", "carol"});
        EvilRelay relay(crew.world);
        std::vector<frame::ServerFrame> late;
        relay.on_way_down = [&](Client& to, frame::ServerFrame& what) {
            const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
            if (&to != &carol || mail == nullptr || !EvilRelay::is(mail->envelope, seal::Label::Kind::message, group))
                return true;
            late.push_back(what);
            return false;
        };
        crew.say(bob, group, "goodbye");
        REQUIRE_FALSE(late.empty());
        crew.must(bob, request::GroupLeave{group});
        crew.settle();
        REQUIRE(crew.members(carol, group) == "alice* carol");
        relay.turn_honest();
        for (const auto& one : late)
            relay.push(carol, one);
        crew.settle();
        CHECK(told(carol, SecurityKind::message_forged) == 0);
        CHECK(told(carol, SecurityKind::message_unopenable) == 0);
        CHECK(crew.texts(carol, group).empty());
        // It is acknowledged, and the group goes on.
        carol.crash();
        carol.start();
        crew.settle();
        CHECK(told(carol, SecurityKind::message_forged) == 0);
        crew.say(crew.alice, group, "so it goes");
        CHECK(crew.texts(carol, group) == "alice:so it goes");
    }
}

TEST_CASE("a message that comes to somebody who has left, from who has not heard so yet: dropped without an alarm")
{
    Crew crew(302, {"bob", "carol"});
    auto& bob = crew["bob"];
    crew.must(bob, request::SetPolicy{PathPolicy::relay_only});
    const auto group = crew.create({"bob", "carol"});
    EvilRelay relay(crew.world);
    std::vector<frame::ServerFrame> late;
    relay.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (&to != &bob || mail == nullptr || !EvilRelay::is(mail->envelope, seal::Label::Kind::message, group))
            return true;
        late.push_back(what);
        return false;
    };
    crew.say(crew.alice, group, "are you there");
    REQUIRE_FALSE(late.empty());
    crew.must(bob, request::GroupLeave{group});
    crew.settle();
    relay.turn_honest();
    for (const auto& one : late)
        relay.push(bob, one);
    crew.settle();
    CHECK(told(bob, SecurityKind::message_forged) == 0);
    CHECK(told(bob, SecurityKind::message_unopenable) == 0);
    CHECK(crew.texts(bob, group).empty());
}

// SPDX-License-Identifier: Apache-2.0
// An evil relay and messages: again, from somebody else, out of order.
#include "tests/lib/engine/evil_story.hpp"

#include <map>

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("it replays a message: under its own id nobody notices, under another it is forged")
{
    Story story(101);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    const auto id = story.send(alice, "bob", "once");
    REQUIRE(world.run_until([&] { return alice.state(id) == MessageState::delivered; }));
    const auto row = *evil.newest(bob, Kind::message, story.conversation());
    REQUIRE(row.envelope.id == id);
    REQUIRE(alarms(bob) == 0);

    evil.deliver(bob, row.from, row.envelope);
    world.run_for(seconds(5));
    CHECK(alarms(bob) == 0); // Mail may come twice; it is in the history and is not looked at.
    CHECK(bob.heard.received.size() == 2);

    auto other = row.envelope;
    other.id.bytes[0] ^= 1;
    evil.deliver(bob, row.from, other);
    REQUIRE(story.hears(bob, SecurityKind::message_forged));
    CHECK(last_told(bob, SecurityKind::message_forged)->user == "alice");
    CHECK(bob.heard.received.size() == 2);
    story.goes_on();
}

TEST_CASE("it says that a message is from another device: forged, and not shown")
{
    engine::Config config;
    config.mailbox_reoffer_ms = 60'000; // Dropped mail is offered again, a day later as a rule.
    Story story(102, config);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    world.run_for(seconds(15));
    REQUIRE(alarms(bob) == 0);
    story.by_mailbox();
    const auto phone_id = id_of(phone);
    bool changed = false;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || mail->from != id_of(alice)) return true;
        mail->from = phone_id;
        return changed = true;
    };
    story.send(alice, "bob", "from the desk");
    REQUIRE(story.hears(bob, SecurityKind::message_forged));
    CHECK(changed);
    CHECK(last_told(bob, SecurityKind::message_forged)->device == phone_id);
    world.run_for(seconds(5));
    CHECK(bob.heard.received.size() == 1);
    story.goes_on();
}

TEST_CASE(
    "it delivers a message before the commit that leads to its epoch: unopenable, then sealed anew and shown once")
{
    Story story(105);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    std::vector<frame::ServerFrame> kept;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* mail = std::get_if<frame::MailboxDeliver>(&what);
        if (mail == nullptr || &to != &bob || !EvilRelay::is(mail->envelope, Kind::commit, story.conversation()))
            return true;
        kept.push_back(what);
        return false;
    };
    story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return !kept.empty(); }));
    world.run_for(seconds(1));
    story.send(alice, "bob", "of the new epoch");
    REQUIRE(story.hears(bob, SecurityKind::message_unopenable));
    CHECK(bob.heard.received.size() == 1);
    evil.turn_honest();
    for (const auto& one : kept)
        evil.push(bob, one);
    REQUIRE(world.run_until([&] { return bob.heard.received.size() == 2; }));
    CHECK(told(bob, SecurityKind::group_rejoined) == 0);
    story.goes_on();
    CHECK(bob.heard.received.size() == 3);
}

TEST_CASE("mail whose acknowledgement was lost comes again, whatever it is: nothing happens twice, nobody is accused")
{
    Story story(123);
    story.befriend();
    story.by_mailbox();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    world.run_for(seconds(20));
    story.send(alice, "bob", "by mailbox");
    story.send(bob, "alice", "and back");
    REQUIRE(world.run_until([&] { return world.all_terminal(alice) && world.all_terminal(bob); }));
    world.run_for(seconds(5));

    const auto again = evil.mail;
    std::map<std::pair<Kind, seal::Purpose>, int> kinds;
    for (const auto& one : again)
        if (const auto label = seal::read_label(one.row.envelope.sealed)) ++kinds[{label->kind, label->purpose}];
    CHECK(kinds[{Kind::commit, seal::Purpose::content}] > 0);
    CHECK(kinds[{Kind::welcome, seal::Purpose::content}] > 0);
    CHECK(kinds[{Kind::message, seal::Purpose::content}] > 0);
    CHECK(kinds[{Kind::message, seal::Purpose::control}] > 0);
    const auto commits = evil.commits.size();
    const auto states = alice.heard.states.size();
    const auto received = bob.heard.received.size();
    for (const auto& one : again)
        evil.deliver(*one.to, one.row.from, one.row.envelope);
    world.run_for(seconds(30));
    for (const auto* client : {&alice, &bob, &phone}) {
        CAPTURE(client->name);
        CHECK(alarms(*client) == 0);
        CHECK(told(*client, SecurityKind::message_unopenable) == 0);
        CHECK(told(*client, SecurityKind::group_rejoined) == 0);
    }
    CHECK(evil.commits.size() == commits);
    CHECK(alice.heard.states.size() == states);
    CHECK(bob.heard.received.size() == received);
    story.goes_on();
    CHECK(evil.rejects == 0);
}

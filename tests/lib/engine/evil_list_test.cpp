// SPDX-License-Identifier: Apache-2.0
// An evil relay and who is who: device lists and account keys.
#include "tests/lib/engine/evil_story.hpp"

#include "lib/identity/safety_number.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("it shows device lists that are older, of the same number, or made up: each has its name and changes nothing")
{
    Story story(109);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto entry = evil.entries.at("alice");
    const auto old_list = entry.device_list;
    story.enter("alice.phone", false);
    world.run_for(seconds(15));
    REQUIRE(bob.contacts().at(0).device_count == 2);
    entry = evil.entries.at("alice");
    const auto who = *alice.store.identity();
    auto expected = SecurityKind::device_list_conflict;
    SUBCASE("older")
    {
        expected = SecurityKind::device_list_rollback;
        entry.device_list = old_list;
    }
    SUBCASE("of the same number")
    {
        const auto known = identity::verify_device_list(old_list, "alice", who.account_key);
        REQUIRE(known.ok());
        entry.device_list =
            identity::sign_device_list("alice", who.account_seed, 2, known->devices, world.wall_ms()).encoded;
    }
    SUBCASE("made up, with a device of the attacker's")
    {
        const Mallory mallory;
        entry.device_list = identity::sign_device_list("alice", mallory.account_seed, 3, {mallory.certificate("alice")},
                                                       world.wall_ms())
                                .encoded;
    }
    for (int n = 0; n < 3; ++n) {
        evil.push(bob, frame::RosterChange{entry});
        world.run_for(seconds(2));
    }
    CHECK(told(bob, expected) == 1);
    CHECK(alarms(bob) == 1);
    CHECK(bob.contacts().at(0).device_count == 2);
    story.goes_on();
}

TEST_CASE("it shows another account key: named, and nothing is sent until the right one is back")
{
    Story story(110);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const Mallory mallory;
    auto entry = evil.entries.at("alice");
    const auto honest = entry;
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    evil.push(bob, frame::RosterChange{entry});
    REQUIRE(story.hears(bob, SecurityKind::account_key_changed));
    CHECK(bob.contacts().at(0).key_changed);
    CHECK(bob.contacts().at(0).account_key == honest.account_key);
    const auto commits = evil.commits.size();
    CHECK(bob.wait(bob.ask(request::Send{"alice", "to whom", {}})).error.code == ErrorCode::account_key_changed);
    world.run_for(minutes(1));
    CHECK(evil.commits.size() == commits);
    evil.push(bob, frame::RosterChange{honest});
    world.run_for(seconds(1));
    CHECK_FALSE(bob.contacts().at(0).key_changed);
    story.goes_on();
}

TEST_CASE("it holds a device list back while its device joins: named when the list does not come, and not before")
{
    Story story(115);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    std::optional<frame::RosterChange> held;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* change = std::get_if<frame::RosterChange>(&what);
        if (&to != &bob || change == nullptr) return true;
        held = *change;
        return false;
    };
    const auto conversation = story.conversation();
    const auto commits = [&] {
        return std::count_if(evil.mail.begin(), evil.mail.end(), [&](const auto& one) {
            return one.to == &bob && EvilRelay::is(one.row.envelope, Kind::commit, conversation);
        });
    };
    const auto before = commits();
    auto& phone = story.enter("alice.phone", false);
    REQUIRE(world.run_until([&] { return commits() > before; }, seconds(20)));
    REQUIRE(held);
    world.run_for(seconds(1));
    CHECK(alarms(bob) == 0);
    SUBCASE("a moment late")
    {
        evil.turn_honest();
        evil.push(bob, *held);
        world.run_for(seconds(20));
        CHECK(alarms(bob) == 0);
        CHECK(bob.contacts().at(0).device_count == 2);
        CHECK(texts(phone, "bob").empty());
        story.goes_on();
        CHECK(alarms(bob) == 0);
    }
    SUBCASE("never")
    {
        world.run_for(seconds(10));
        CHECK(told(bob, SecurityKind::device_unlisted) >= 1);
        // Bob puts out a device that Alice lists, as he would if he was evil: she is told, and so is the phone.
        REQUIRE(story.hears(alice, SecurityKind::device_evicted));
        const auto* event = last_told(alice, SecurityKind::device_evicted);
        CHECK(event->device == id_of(phone));
        CHECK(event->user == "alice");
        CHECK(event->detail.find("of bob") != std::string::npos);
        CHECK(told(bob, SecurityKind::device_evicted) == 0);
        CHECK(story.hears(phone, SecurityKind::group_rejoined, minutes(2)));
    }
}

TEST_CASE("a contact takes a revoked device out before the list that says so is here: no eviction; held for ever: one")
{
    Story story(122);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    auto& desk = story.enter("alice.desk", false);
    world.run_for(seconds(30));
    const auto gone = id_of(phone);
    std::optional<frame::OwnDevices> held;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        const auto* own = std::get_if<frame::OwnDevices>(&what);
        if (&to != &desk || own == nullptr) return true;
        held = *own;
        return false;
    };
    // Alice does not take it out herself.
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) {
        const auto* request = std::get_if<frame::Request>(&what);
        return &from != &alice || request == nullptr || !std::holds_alternative<frame::GroupCommit>(request->body);
    };
    const auto before = evil.commits.size();
    const auto by_bob = [&] {
        return std::any_of(evil.commits.begin() + static_cast<std::ptrdiff_t>(before), evil.commits.end(),
                           [&](const auto& commit) { return commit.by == &bob; });
    };
    REQUIRE(alice.wait(alice.ask(request::DeviceRevoke{gone})).error.code == ErrorCode::ok);
    REQUIRE(world.run_until(by_bob, minutes(1)));
    REQUIRE(held);
    SUBCASE("a moment late")
    {
        world.run_for(seconds(1));
        evil.push(desk, *held);
        world.run_for(seconds(20));
        CHECK(told(desk, SecurityKind::device_evicted) == 0);
    }
    SUBCASE("never")
    {
        REQUIRE(story.hears(desk, SecurityKind::device_evicted));
        CHECK(last_told(desk, SecurityKind::device_evicted)->device == gone);
    }
    CHECK(told(alice, SecurityKind::device_evicted) == 0);
    CHECK(told(bob, SecurityKind::device_evicted) == 0);
}

TEST_CASE(
    "it drops a contact and shows it again with another key: nothing is sealed for that until the user accepts it")
{
    Story story(116);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const Mallory mallory;
    const auto honest = evil.entries.at("alice");
    auto gone = honest;
    gone.state = wire::RosterState::none;
    auto entry = honest;
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    const auto number = [&] { return std::get<SafetyNumber>(bob.wait(bob.ask(request::SafetyNumber{"alice"})).value); };
    const auto known = number();
    evil.push(bob, frame::RosterChange{gone});
    evil.push(bob, frame::RosterChange{entry});
    world.run_for(seconds(5));
    CHECK(alarms(bob) == 1);
    CHECK(told(bob, SecurityKind::account_key_changed) == 1);
    REQUIRE(bob.contacts().size() == 1);
    CHECK(bob.contacts()[0].key_changed);
    CHECK(bob.contacts()[0].account_key == honest.account_key);
    const auto commits = evil.commits.size();
    const auto refused = bob.wait(bob.ask(request::Send{"alice", "to whom", {}}));
    CHECK(refused.error.code == ErrorCode::account_key_changed);
    CHECK(refused.error.detail.find("verify") != std::string::npos);
    world.run_for(minutes(1));
    CHECK(evil.commits.size() == commits);
    const auto other = number();
    CHECK(other.number != known.number);
    /// What the device of who has this key would show.
    const auto code_of = [&](const PublicKey& key) {
        return identity::verification_code({"alice", key}, {"bob", bob.store.identity()->account_key});
    };
    CHECK(bob.wait(bob.ask(request::Verify{"alice", true, code_of(honest.account_key)})).error.code ==
          ErrorCode::authentication_failed);
    // What was read out a moment ago is about another key; and nothing at all is no comparison.
    CHECK(bob.wait(bob.ask(request::Verify{"alice", true, known.number})).error.code ==
          ErrorCode::authentication_failed);
    CHECK(bob.wait(bob.ask(request::Verify{"alice", true, ""})).error.code == ErrorCode::invalid_argument);
    CHECK(bob.contacts()[0].key_changed);
    SUBCASE("the right key comes back")
    {
        evil.push(bob, frame::RosterChange{honest});
        world.run_for(seconds(1));
        CHECK_FALSE(bob.contacts().at(0).key_changed);
        CHECK(number().number == known.number);
        story.goes_on();
    }
    SUBCASE("accepted")
    {
        CHECK(bob.wait(bob.ask(request::ContactAccept{"alice"})).error.code == ErrorCode::ok);
        CHECK_FALSE(bob.contacts().at(0).key_changed);
        CHECK_FALSE(bob.contacts()[0].verified);
        CHECK(bob.contacts()[0].account_key == mallory.account);
        CHECK(bob.contacts()[0].device_count == 1);
        CHECK(bob.wait(bob.ask(request::Send{"alice", "to the new key", {}})).error.code == ErrorCode::ok);
    }
    SUBCASE("compared")
    {
        auto what = code_of(mallory.account);
        SUBCASE("by code") {}
        SUBCASE("by number")
        {
            what = other.number;
            std::erase(what, ' ');
        }
        CHECK(bob.wait(bob.ask(request::Verify{"alice", true, what})).error.code == ErrorCode::ok);
        CHECK(bob.contacts().at(0).account_key == mallory.account);
        CHECK(bob.contacts()[0].verified);
    }
    CHECK(told(bob, SecurityKind::account_key_changed) == 1);
}

TEST_CASE("it shows another key while a message waits: the message is not for that, and fails when the key is accepted")
{
    Story story(117);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    alice.crash();
    bob.wait(bob.ask(request::SetPolicy{PathPolicy::direct_only}));
    world.run_for(seconds(5));
    const auto id = bob.send("alice", "for the one I know");
    const Mallory mallory;
    auto entry = evil.entries.at("alice");
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("alice", mallory.account_seed, 9, {mallory.certificate("alice")}, world.wall_ms())
            .encoded;
    evil.push(bob, frame::RosterChange{entry});
    world.run_for(minutes(1));
    CHECK(bob.state(id) == MessageState::accepted);
    CHECK(bob.wait(bob.ask(request::ContactAccept{"alice"})).error.code == ErrorCode::ok);
    CHECK(bob.state(id) == MessageState::failed);
    CHECK(bob.heard.states.back().reason == "account_key_changed");
}

TEST_CASE(
    "the relay's word alone destroys no key: it says that the device was revoked, and the account has not said so")
{
    Story story(125);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    const auto before = *alice.store.identity();
    const auto refuses = [&](ErrorCode code, bool with_list) {
        evil.on_way_down = [&, code, with_list](Client& to, frame::ServerFrame& what) {
            auto* response = std::get_if<frame::Response>(&what);
            if (&to != &alice || response == nullptr) return true;
            response->error = {code, "none of its account", 0};
            response->body = wire::relay::ResponseBody{};
            if (with_list) response->body = frame::LoginOk{before.account_key, {}, before.device_list, false};
            return true;
        };
        world.break_links(alice);
    };
    SUBCASE("to a device that is connected")
    {
        evil.push(alice, frame::Goodbye{{ErrorCode::device_revoked, "revoked", 0}});
        world.run_for(seconds(5));
        CHECK(logged_out(alice) == nullptr);
        CHECK(alice.store.identity()->device_seed == before.device_seed);
        return story.goes_on();
    }
    SUBCASE("to one that comes back, with nothing to show")
    {
        refuses(ErrorCode::device_revoked, false);
    }
    SUBCASE("with the list that is known")
    {
        refuses(ErrorCode::device_revoked, true);
    }
    SUBCASE("that it knows no such account")
    {
        refuses(ErrorCode::not_registered, false);
    }
    REQUIRE(world.run_until([&] { return logged_out(alice) != nullptr; }, minutes(4)));
    const auto after = *alice.store.identity();
    CHECK(after.device_seed == before.device_seed);
    CHECK(after.account_seed == before.account_seed);
    CHECK_FALSE(alice.history("bob").empty());
    bool renewed = false;
    SUBCASE("and is honest again") {}
    SUBCASE("and says so of the password, too")
    {
        refuses(ErrorCode::device_revoked, true);
        CHECK(alice.wait(alice.enter(false)).error.code == ErrorCode::device_revoked);
        CHECK(alice.store.identity()->device_seed.empty()); // With this key it comes in nowhere.
        CHECK(alice.store.identity()->account_seed == before.account_seed);
        renewed = true;
    }
    evil.turn_honest();
    const auto answer = alice.wait(alice.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    CHECK((id_of(alice) == before.device) != renewed);
    world.run_for(seconds(30));
    story.goes_on();
}

TEST_CASE("what the user has decided about a key on one device holds on the others")
{
    Story story(126);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    auto& phone = story.enter("alice.phone", false);
    world.run_for(seconds(15));
    const auto ask = [&](Client& client, Request what) {
        const auto answer = client.wait(client.ask(std::move(what)));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        world.run_for(seconds(5));
    };
    const auto number_at = [&](Client& client) {
        return std::get<SafetyNumber>(client.wait(client.ask(request::SafetyNumber{"bob"})).value).number;
    };
    ask(alice, request::Verify{"bob", true, number_at(alice)});
    CHECK(phone.contacts().at(0).verified);
    ask(phone, request::Verify{"bob", false, ""});
    CHECK_FALSE(alice.contacts().at(0).verified);

    const Mallory mallory;
    const auto honest = evil.entries.at("bob");
    auto entry = honest;
    entry.account_key = mallory.account;
    entry.device_list =
        identity::sign_device_list("bob", mallory.account_seed, 9, {mallory.certificate("bob")}, world.wall_ms())
            .encoded;
    evil.push(alice, frame::RosterChange{entry});
    SUBCASE("a key that both were shown: accepted once")
    {
        evil.push(phone, frame::RosterChange{entry});
        world.run_for(seconds(1));
        REQUIRE(phone.contacts().at(0).key_changed);
        ask(alice, request::ContactAccept{"bob"});
        CHECK(phone.contacts().at(0).account_key == mallory.account);
        CHECK_FALSE(phone.contacts().at(0).key_changed);
        CHECK_FALSE(phone.contacts().at(0).verified);
        CHECK(told(phone, SecurityKind::account_key_changed) == 1);
    }
    SUBCASE("a key that only one was shown: the other says so, and is not talked out of it")
    {
        world.run_for(seconds(1));
        ask(alice, request::Verify{"bob", true, number_at(alice)});
        for (int n = 0; n < 2; ++n) {
            CHECK(told(phone, SecurityKind::account_key_changed) == 1);
            CHECK(phone.contacts().at(0).key_changed);
            CHECK(phone.contacts().at(0).account_key == honest.account_key);
            CHECK(phone.wait(phone.ask(request::Send{"bob", "to whom", {}})).error.code ==
                  ErrorCode::account_key_changed);
            evil.push(phone, frame::RosterChange{honest});
            world.run_for(seconds(1));
        }
        // The user decides here, too.
        ask(phone, request::Verify{"bob", false, ""});
        CHECK_FALSE(phone.contacts().at(0).verified);
    }
}

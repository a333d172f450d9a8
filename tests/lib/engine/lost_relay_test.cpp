// SPDX-License-Identifier: Apache-2.0
// Stories of a relay that has lost something: its database is an older copy, or a new one, and its key the same. The
// devices of an account know better, and mend it (docs/adr/0022-lost-relay.md).
#include "tests/lib/engine/device_story.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("restored from an older copy: a device that came later is known again, in whatever order they come")
{
    Story story(301);
    auto& [world, alice, bob] = story;
    const auto backup = world.relay.disk.backup();
    auto& phone = story.enter("alice.phone");
    story.talk(phone, "bob", "from the phone");
    const auto phone_id = id_of(phone);
    const auto both = sorted({id_of(alice), phone_id});
    REQUIRE(list_at(bob, "alice") == both);
    for (auto* one : {&alice, &phone})
        one->crash();
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    world.run_for(seconds(5));
    SUBCASE("the one that the relay knows is first")
    {
        story.bring_back(alice);
        world.run_for(seconds(5));
        story.bring_back(phone);
        CHECK(rollbacks(alice) == 1);
    }
    SUBCASE("the one that it has forgotten is first")
    {
        phone.start();
        world.run_for(seconds(5));
        CHECK_FALSE(phone.status().connected); // the account key alone is no way in
        CHECK(list_at(bob, "alice") == both);
        story.bring_back(alice);
        story.bring_back(phone);
        CHECK(rollbacks(phone) == 1);
    }
    world.run_for(minutes(1));
    CHECK(logged_out(phone) == nullptr);
    CHECK(id_of(phone) == phone_id);
    for (auto* one : {&alice, &phone})
        CHECK(own_list(*one) == both);
    CHECK(list_at(bob, "alice") == both);
    CHECK(rollbacks(bob) == 1);
    story.talk(phone, "bob", "still here");
    story.talk(bob, "alice", "so I see");
    const auto before = rollbacks(alice) + rollbacks(bob) + rollbacks(phone);
    for (int n = 0; n < 3; ++n)
        story.reconnect_all({&alice, &bob, &phone});
    bob.crash();
    story.bring_back(bob);
    CHECK(rollbacks(alice) + rollbacks(bob) + rollbacks(phone) == before);
    for (auto* one : {&alice, &phone}) // The phone came after the first word.
        CHECK(one->history("bob").back().text == "so I see");
    CHECK(world.check_conversation({&alice, &bob}) == "");
}

TEST_CASE("restored from an older copy: a device that was revoked since stays out")
{
    Story story(302);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    const auto phone_id = id_of(phone);
    const auto backup = world.relay.disk.backup();
    phone.crash();
    REQUIRE(code(alice, request::DeviceRevoke{phone_id}) == ErrorCode::ok);
    world.run_for(seconds(30));
    REQUIRE(list_at(bob, "alice") == std::vector{id_of(alice)});
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    story.bring_back(alice);
    world.run_for(seconds(30));
    phone.start();
    world.run_for(seconds(30));
    CHECK(logged_out(phone) != nullptr);
    CHECK(phone.store.identity()->account_seed.empty());
    CHECK(list_at(bob, "alice") == std::vector{id_of(alice)});
    story.talk(bob, "alice", "only to the desk");
}

TEST_CASE("restored from an older copy, and a third device logged in: the lists become one, with all three")
{
    Story story(303);
    auto& [world, alice, bob] = story;
    const auto backup = world.relay.disk.backup();
    auto& phone = story.enter("alice.phone");
    for (auto* one : {&alice, &phone})
        one->crash();
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    auto& tablet = story.enter("alice.tablet"); // signs list 2 once more, with itself
    SUBCASE("a device that the relay knows mends it")
    {
        story.bring_back(alice);
        world.run_for(seconds(20));
        story.bring_back(phone);
    }
    SUBCASE("one that it has forgotten knocks, until such a one has come")
    {
        phone.start();
        world.run_for(seconds(20));
        story.bring_back(alice);
        story.bring_back(phone);
    }
    world.run_for(minutes(2));
    const auto all = sorted({id_of(alice), id_of(phone), id_of(tablet)});
    for (auto* one : {&alice, &phone, &tablet})
        CHECK(own_list(*one) == all);
    CHECK(list_at(bob, "alice") == all);
    CHECK(rollbacks(bob) >= 1);
    CHECK(rollbacks(bob) <= 2); // one list, and the other
    for (auto* one : {&alice, &phone, &tablet})
        story.talk(*one, "bob", "from " + one->name);
    // Copies between the own devices too: nobody goes on trying to change a group that has left it behind.
    world.run_for(seconds(30));
    story.talk(bob, "alice", "to all");
    world.run_for(seconds(30));
    const std::vector<std::string> said = {"from alice", "from alice.phone", "from alice.tablet", "to all"};
    for (auto* one : {&alice, &phone, &tablet}) {
        std::vector<std::string> texts;
        for (const auto& message : one->history("bob"))
            texts.push_back(message.text);
        REQUIRE(texts.size() >= said.size());
        CHECK(std::vector(texts.end() - 4, texts.end()) == said);
    }
}

TEST_CASE("restored from an older copy: logging in again in a home that knows better mends it")
{
    Story story(304);
    auto& [world, alice, bob] = story;
    const auto backup = world.relay.disk.backup();
    auto& phone = story.enter("alice.phone");
    auto& tablet = story.enter("alice.tablet");
    REQUIRE(code(tablet, request::Logout{}) == ErrorCode::ok);
    world.run_for(seconds(10));
    for (auto* one : {&alice, &phone})
        one->crash();
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    const auto answer = tablet.wait(tablet.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    CHECK(rollbacks(tablet) == 1);
    story.bring_back(phone);
    story.bring_back(alice);
    world.run_for(minutes(1));
    const auto all = sorted({id_of(alice), id_of(phone), id_of(tablet)});
    CHECK(own_list(alice) == all);
    CHECK(list_at(bob, "alice") == all);
}

TEST_CASE("the database is gone: registering again brings the same account back, and contacts see the same key")
{
    Story story(305);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    const auto before = *alice.store.identity();
    const auto key_at_bob = bob.contacts().at(0).account_key;
    story.restore({});
    world.relay_start();
    for (auto* one : {&alice, &bob, &phone})
        REQUIRE(world.run_until([&] { return logged_out(*one) != nullptr; }, minutes(3)));
    CHECK(logged_out(alice)->reason.code == ErrorCode::not_registered);
    CHECK(logged_out(alice)->reason.detail.find("register") != std::string::npos);
    const auto guess = alice.wait(alice.enter(false));
    CHECK(guess.error.code == ErrorCode::wrong_credentials);
    CHECK(guess.error.detail.find("register") != std::string::npos);
    alice.crash(); // and not because it remembers
    alice.start();

    auto answer = alice.wait(alice.enter(true));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    answer = bob.wait(bob.enter(true));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    const auto after = *alice.store.identity();
    CHECK(after.account_key == before.account_key);
    CHECK(after.device == before.device);
    answer = phone.wait(phone.enter(true));
    CHECK(answer.error.code == ErrorCode::conflict); // once is enough
    answer = phone.wait(phone.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);

    for (auto* one : {&alice, &bob, &phone})
        story.bring_back(*one);
    CHECK(code(alice, request::ContactAdd{"bob"}) == ErrorCode::ok);
    CHECK(code(bob, request::ContactAdd{"alice"}) == ErrorCode::ok);
    world.run_for(minutes(1));
    REQUIRE(bob.contacts().size() == 1);
    CHECK(bob.contacts()[0].account_key == key_at_bob);
    CHECK_FALSE(bob.contacts()[0].key_changed);
    for (auto* one : {&alice, &bob, &phone}) {
        CHECK(told(*one, SecurityKind::account_key_changed) == 0);
        CHECK(rollbacks(*one) == 0);
    }
    CHECK(list_at(bob, "alice") == sorted({id_of(alice), id_of(phone)}));
    story.talk(alice, "bob", "a new relay, the same me");
    story.talk(bob, "alice", "and the same me");
    CHECK(bob.history("alice").size() == 3);
}

TEST_CASE("the database is gone: a device of an account that came back is known again without a password")
{
    Story story(306);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    phone.crash();
    story.restore({});
    world.relay_start();
    REQUIRE(world.run_until([&] { return logged_out(alice) != nullptr; }, minutes(3)));
    REQUIRE(alice.wait(alice.enter(true)).error.code == ErrorCode::ok);
    story.bring_back(phone);
    world.run_for(seconds(10));
    CHECK(own_list(alice) == sorted({id_of(alice), id_of(phone)}));
    CHECK(logged_out(phone) == nullptr);
}

TEST_CASE("the database is gone, and somebody else took the name: the account is not theirs, and says so")
{
    Story story(307);
    auto& [world, alice, bob] = story;
    story.restore({});
    world.relay_start();
    REQUIRE(world.run_until([&] { return logged_out(alice) != nullptr; }, minutes(3)));
    auto& thief = world.client("alice.thief");
    thief.start();
    REQUIRE(thief.wait(thief.enter(true)).error.code == ErrorCode::ok);
    const auto before = *alice.store.identity();
    CHECK(alice.wait(alice.enter(true)).error.code == ErrorCode::name_taken);
    CHECK(alice.store.identity()->account_seed == before.account_seed);
}

TEST_CASE("no device that knows better comes: the one that its contacts do not believe does not join in a loop")
{
    Story story(308);
    auto& [world, alice, bob] = story;
    const auto backup = world.relay.disk.backup();
    auto& phone = story.enter("alice.phone");
    for (auto* one : {&alice, &phone})
        one->crash();
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    auto& tablet = story.enter("alice.tablet");
    const auto before = world.relay_counters().group_commits;
    world.run_for(hours(6));
    CHECK(world.relay_counters().group_commits - before < 40);
    CHECK(told(bob, SecurityKind::device_unlisted) < 20);
    // Until one comes that knows better.
    story.bring_back(alice);
    world.run_for(minutes(5));
    CHECK(list_at(bob, "alice") == sorted({id_of(alice), id_of(phone), id_of(tablet)}));
    story.talk(tablet, "bob", "and now?");
}

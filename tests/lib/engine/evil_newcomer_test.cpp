// SPDX-License-Identifier: Apache-2.0
// An evil relay and those who are to come in: KeyPackages and Welcomes.
#include "tests/lib/engine/evil_story.hpp"

#include "lib/identity/conversation_id.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("KeyPackages are used up while a device stays connected: it asks once an hour, and publishes what lacks")
{
    Story story(121);
    auto& [world, evil, alice, bob, said] = story;
    story.befriend();
    const auto published = [&] { return evil.packages["bob"].size(); };
    const auto kept = bob.config().key_packages_kept;
    auto left = kept / 2;
    std::uint64_t answers = 0;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* answer = std::get_if<frame::Response>(&what);
        auto* stock = answer != nullptr ? std::get_if<frame::KeyPackageStock>(&answer->body) : nullptr;
        if (stock == nullptr || &to != &bob) return true;
        ++answers;
        stock->key_packages = left;
        return true;
    };
    const auto before = published();
    REQUIRE(before > 0);
    world.run_for(minutes(150));
    CHECK(answers >= 1);
    CHECK(answers <= 3);
    CHECK(published() == before); // half is left
    --left;
    REQUIRE(world.run_until([&] { return published() > before; }, minutes(90)));
    CHECK(published() == before + kept);
    // A relay that says so for ever is not served for ever.
    world.run_for(seconds(30));
    CHECK(published() == before + kept);
    story.goes_on();
}

TEST_CASE("it hands out somebody else's KeyPackage: refused, and never a member")
{
    Story story(107);
    auto& [world, evil, alice, bob, said] = story;
    Mallory mallory;
    auto attackers = mallory.groups("bob");
    mallory.store.begin();
    auto package = attackers.make_key_packages(1, world.wall_ms()).at(0);
    REQUIRE(mallory.store.commit().ok());
    bool of_another_device = false;
    SUBCASE("one of the attacker's key, made out for Bob") {}
    SUBCASE("one of another device of Bob's")
    {
        of_another_device = true;
    }
    for (auto* one : {&alice, &bob}) {
        one->start();
        REQUIRE(one->wait(one->enter(true)).error.code == ErrorCode::ok);
    }
    if (of_another_device) {
        story.enter("bob.phone", false);
        REQUIRE(world.run_until([&] { return !evil.packages["bob.phone"].empty(); }));
        package = evil.packages["bob.phone"].back();
    }
    bool swapped = false;
    evil.on_way_down = [&](Client& to, frame::ServerFrame& what) {
        auto* answer = std::get_if<frame::Response>(&what);
        auto* packages = answer != nullptr ? std::get_if<frame::KeyPackages>(&answer->body) : nullptr;
        if (packages == nullptr || World::account(to.name) != "alice") return true;
        for (auto& one : packages->packages)
            if (one.device == id_of(bob)) {
                one.package = package;
                swapped = true;
            }
        return true;
    };
    evil.on_way_up = [&](Client& from, frame::ClientFrame& what) { // So that Alice is the one who makes the group.
        const auto* request = std::get_if<frame::Request>(&what);
        return swapped || World::account(from.name) != "bob" || request == nullptr ||
               !std::holds_alternative<frame::GroupFetch>(request->body);
    };
    world.befriend(alice, bob);
    story.send(alice, "bob", "first");
    REQUIRE(story.hears(alice, SecurityKind::key_package_invalid));
    CHECK(swapped);
    CHECK(last_told(alice, SecurityKind::key_package_invalid)->device == id_of(bob));
    CHECK(last_told(alice, SecurityKind::key_package_invalid)->user == "bob");
    for (const auto& commit : evil.commits)
        for (const auto& newcomer : commit.what.newcomers) {
            CHECK(newcomer != mallory.device);
            if (commit.by == &alice) CHECK(newcomer != id_of(bob));
        }
    story.goes_on();
}

TEST_CASE("it delivers a Welcome to a group of other accounts: refused")
{
    Story story(112);
    story.befriend();
    auto& [world, evil, alice, bob, said] = story;
    Mallory mallory;
    auto groups = mallory.groups("alice");
    seal::Circle circle;
    SUBCASE("in the name of the conversation with Alice")
    {
        circle.conversation = story.conversation();
    }
    SUBCASE("of a conversation with the attacker")
    {
        circle.conversation = identity::conversation_of(mallory.account, bob.store.identity()->account_key);
    }
    circle.parties = {{"alice", mallory.account, {mallory.device}},
                      {"bob", bob.store.identity()->account_key, {id_of(bob)}}};
    std::vector<DeviceId> bad;
    mallory.store.begin();
    const auto made = groups.create(circle, 9, {{id_of(bob), evil.packages.at("bob").back()}}, bad, world.wall_ms());
    groups.flush();
    REQUIRE(mallory.store.commit().ok());
    REQUIRE(made.ok());
    REQUIRE(bad.empty());
    MessageId id;
    id.bytes[0] = 1;
    evil.deliver(bob, id_of(alice), {id, made->welcome});
    REQUIRE(story.hears(bob, SecurityKind::group_invalid));
    MessageId word;
    word.bytes[0] = 2;
    REQUIRE(groups.accepted(circle.conversation, world.wall_ms()).ok());
    const auto sealed = groups.seal(circle, seal::Purpose::content, word, as_bytes("nothing"));
    REQUIRE(sealed.ok());
    evil.deliver(bob, id_of(alice), {word, sealed->bytes});
    world.run_for(seconds(20));
    CHECK(bob.heard.received.size() == 1);
    story.goes_on();
}

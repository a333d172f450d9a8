// SPDX-License-Identifier: Apache-2.0
// Stories of who gets into an account (docs/adr/0025-doors.md): the account key, which every device has, is not enough.
#include "tests/lib/engine/device_story.hpp"

#include "lib/crypto/signing.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("a thief has all keys of a device that was revoked: it does not get in, and nobody hears of it")
{
    Story story(311);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    story.talk(phone, "bob", "from the phone");
    const auto stolen = *phone.store.identity();
    phone.crash();
    REQUIRE(code(alice, request::DeviceRevoke{stolen.device}) == ErrorCode::ok);
    world.run_for(seconds(30));
    const auto alone = std::vector{id_of(alice)};
    REQUIRE(list_at(bob, "alice") == alone);

    auto keys = stolen;
    const auto known = identity::verify_device_list(stolen.device_list, "alice", stolen.account_key);
    REQUIRE(known.ok());
    const auto sign = [&](std::uint64_t version, std::vector<wire::DeviceCertificate> devices) {
        keys.device_list =
            identity::sign_device_list("alice", stolen.account_seed, version, devices, world.wall_ms()).encoded;
    };
    SUBCASE("as it was") {}
    SUBCASE("with a newer list, that jumps and leaves the owner out")
    {
        sign(known->version + 7, {*known->find(stolen.device)});
    }
    SUBCASE("as a new device, with the next version, and with one that jumps")
    {
        std::uint64_t step = 0;
        SUBCASE("next")
        {
            step = 2;
        }
        SUBCASE("jumps")
        {
            step = 9;
        }
        keys.device_seed = WipingBytes::copy_of(Bytes(32, 7));
        keys.device = crypto::SigningKey::from_seed(keys.device_seed).public_key();
        wire::DeviceCertificate certificate;
        certificate.user = "alice";
        certificate.device = keys.device;
        certificate = identity::sign_certificate(std::move(certificate), stolen.account_seed);
        keys.certificate = wire::encode(certificate);
        auto devices = known->devices;
        std::erase_if(devices, [&](const auto& one) { return one.device == stolen.device; });
        devices.push_back(certificate);
        sign(known->version + step, devices);
    }
    auto& thief = world.client("alice.thief");
    thief.store.put_identity(keys);
    thief.store.put_value("account/confirmed", as_bytes("1"));
    const auto commits = world.relay_counters().group_commits;
    thief.start();
    world.run_for(minutes(10));
    CHECK(logged_out(thief) != nullptr);
    CHECK_FALSE(thief.status().connected);
    CHECK(world.relay_counters().group_commits == commits);
    CHECK(list_at(bob, "alice") == alone);
    CHECK(own_list(alice) == alone);
    CHECK(logged_out(alice) == nullptr);
    for (auto* one : {&alice, &bob})
        CHECK(told(*one, SecurityKind::device_added) == 1); // the phone, when it came
    story.talk(bob, "alice", "only to the desk");
}

TEST_CASE("restored from an older copy, and no other device comes: the one it has forgotten is asked for the password")
{
    Story story(309);
    auto& [world, alice, bob] = story;
    const auto backup = world.relay.disk.backup();
    auto& phone = story.enter("alice.phone");
    story.talk(phone, "bob", "from the phone");
    const auto before = *phone.store.identity();
    for (auto* one : {&alice, &phone})
        one->crash();
    story.restore(backup);
    world.relay_start();
    story.bring_back(bob);
    phone.start();
    world.run_for(seconds(100));
    CHECK(logged_out(phone) == nullptr); // it waits for the other one
    CHECK_FALSE(phone.status().connected);
    world.run_for(seconds(60));
    REQUIRE(logged_out(phone) != nullptr);
    CHECK(logged_out(phone)->reason.code == ErrorCode::device_revoked);
    CHECK(logged_out(phone)->reason.detail.find("log in in this home") != std::string::npos);
    CHECK(phone.store.identity()->device_seed == before.device_seed);
    CHECK(phone.history("bob").size() == 1);
    phone.crash(); // and not because it remembers
    phone.start();

    const auto answer = phone.wait(phone.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    CHECK(id_of(phone) == before.device); // the same device, in its home
    world.run_for(minutes(1));
    CHECK(list_at(bob, "alice") == sorted({id_of(alice), id_of(phone)}));
    story.talk(phone, "bob", "still the phone");
    story.bring_back(alice);
    world.run_for(minutes(1));
    CHECK(logged_out(alice) == nullptr);
    CHECK(own_list(alice) == sorted({id_of(alice), id_of(phone)}));
    story.talk(bob, "alice", "to both");
}

TEST_CASE("restored from an older copy, of an account's only device: the password, at once")
{
    Story story(310);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    const auto backup = world.relay.disk.backup();
    // Its successor takes the account over while the copy lies there.
    REQUIRE(code(alice, request::Logout{}) == ErrorCode::ok);
    world.run_for(seconds(10));
    auto& tablet = story.enter("alice.tablet");
    REQUIRE(code(phone, request::Logout{}) == ErrorCode::ok);
    world.run_for(seconds(10));
    REQUIRE(own_list(tablet) == std::vector{id_of(tablet)});
    tablet.crash();
    story.restore(backup);
    world.relay_start();
    tablet.start();
    REQUIRE(world.run_until([&] { return logged_out(tablet) != nullptr; }, seconds(30)));
    const auto answer = tablet.wait(tablet.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    world.run_for(seconds(30));
    CHECK(own_list(tablet) == std::vector{id_of(tablet)});
    story.talk(bob, "alice", "to the tablet");
}

TEST_CASE("a device that the account has revoked destroys its keys, be it there at that time or not")
{
    Story story(312);
    auto& [world, alice, bob] = story;
    auto& phone = story.enter("alice.phone");
    const auto id = id_of(phone);
    SUBCASE("connected") {}
    SUBCASE("away")
    {
        phone.crash();
    }
    REQUIRE(code(alice, request::DeviceRevoke{id}) == ErrorCode::ok);
    world.run_for(seconds(30));
    if (!phone.running()) phone.start();
    REQUIRE(world.run_until([&] { return logged_out(phone) != nullptr; }, minutes(1)));
    CHECK(logged_out(phone)->reason.code == ErrorCode::device_revoked);
    const auto left = *phone.store.identity();
    CHECK(left.device_seed.empty());
    CHECK(left.account_seed.empty());
    const auto answer = phone.wait(phone.enter(false));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    CHECK(id_of(phone) != id);
}

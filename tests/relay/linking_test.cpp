// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

TEST_CASE("linking: a device waits, one that is logged in grants, and it adds itself")
{
    World world;
    Device laptop(world, 1);
    laptop.join("ann", 100);
    Device phone(world, 2);
    phone.connect();
    CHECK(laptop.code(frame::LinkGrant{phone.id, {1}}) == ErrorCode::not_connected);
    CHECK(phone.code(frame::LinkWait{}) == ErrorCode::ok);
    CHECK(phone.code(frame::LinkWait{}) == ErrorCode::ok); // waits already
    CHECK(phone.code(frame::FetchSession{}) == ErrorCode::not_registered);
    world.advance(std::chrono::minutes(4));
    CHECK_FALSE(phone.is_closed()); // longer than other strangers
    CHECK(phone.code(phone.addition("ann", 100, world.list("ann").encoded)) == ErrorCode::device_revoked);
    CHECK(laptop.code(frame::LinkGrant{signing_key(50).public_key(), {1}}) == ErrorCode::not_connected);
    CHECK(laptop.code(frame::LinkGrant{phone.id, {4, 2}}) == ErrorCode::ok);
    CHECK(phone.take<frame::LinkGranted>().at(0).sealed == Bytes{4, 2});
    CHECK(world.core->counters().link_grants == 1);
    CHECK(phone.code(phone.addition("ann", 100, world.list("ann").encoded)) == ErrorCode::ok);
    CHECK(phone.take<frame::Roster>().size() == 1);
    CHECK(laptop.code(frame::LinkGrant{phone.id, {1}}) == ErrorCode::not_connected); // waits no more
    world.advance(std::chrono::minutes(10));
    CHECK_FALSE(phone.is_closed());
    CHECK(laptop.code(frame::LinkWait{}) == ErrorCode::already_registered);
}

TEST_CASE("linking: who waits has a bounded time, a stranger's allowance, and a bounded place")
{
    Config config;
    config.limits.link_waits_max = 5;
    config.limits.link_waits_per_address_max = 2;
    config.limits.unauthenticated_links_max = 3;
    config.limits.link_grants = {2, std::chrono::seconds(6)};
    World world(config);
    Device laptop(world, 1);
    laptop.join("ann", 100);
    const auto waiter = [&](std::uint64_t number, const std::string& address, ErrorCode expected = ErrorCode::ok) {
        auto device = std::make_unique<Device>(world, number, address);
        device->connect();
        CHECK(device->code(frame::LinkWait{}) == expected);
        return device;
    };
    SUBCASE("time")
    {
        const auto phone = waiter(2, "192.0.2.1");
        world.advance(std::chrono::minutes(5) - std::chrono::milliseconds(1));
        CHECK_FALSE(phone->is_closed());
        world.advance(std::chrono::milliseconds(1));
        CHECK(phone->is_closed());
        CHECK(phone->take<frame::Goodbye>().at(0).what.code == ErrorCode::timed_out);
        CHECK(laptop.code(frame::LinkGrant{phone->id, {1}}) == ErrorCode::not_connected);
    }
    SUBCASE("places, in all and per address; strangers do not push them out")
    {
        std::vector<std::unique_ptr<Device>> waiting;
        for (std::uint64_t i = 0; i < 5; ++i)
            waiting.push_back(waiter(10 + i, "192.0.2." + std::to_string(i / 2)));
        waiter(20, "192.0.2.0", ErrorCode::quota_exceeded); // a third at its address
        waiter(21, "192.0.2.9", ErrorCode::quota_exceeded); // a sixth
        for (std::uint64_t i = 0; i < 20; ++i)
            Device(world, 100 + i).connect();
        for (const auto& device : waiting)
            CHECK_FALSE(device->is_closed());
        waiting[0]->drop();
        waiter(22, "192.0.2.9");
    }
    SUBCASE("bytes")
    {
        const auto phone = waiter(2, "192.0.2.1");
        for (int i = 0; i < 6'000; ++i)
            world.give(phone->link, frame::Ping{1'000'000});
        (void)world.tick();
        CHECK(phone->is_closed());
    }
    SUBCASE("grants are paced, and go to the newest connection of a device")
    {
        const auto phone = waiter(2, "192.0.2.1");
        const auto again = waiter(2, "192.0.2.2");
        CHECK(laptop.code(frame::LinkGrant{phone->id, {1}}) == ErrorCode::ok);
        CHECK(phone->take<frame::LinkGranted>().empty());
        CHECK(again->take<frame::LinkGranted>().size() == 1);
        CHECK(laptop.code(frame::LinkGrant{phone->id, {1}}) == ErrorCode::ok);
        CHECK(laptop.code(frame::LinkGrant{phone->id, {1}}) == ErrorCode::rate_limited);
    }
}

// SPDX-License-Identifier: Apache-2.0
// CreatePermission and ChannelBind (RFC 8656 sections 10 and 12): what they demand, how long they last, how many.
#include "tests/relay/turn_rig.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

const auto home = at("93.184.216.34", 4000);
const auto peer = at("8.8.8.8", 9000);

Endpoint nth(std::size_t i, std::uint16_t port = 9000)
{
    return Endpoint::of(Bytes{8, 8, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}, port);
}

Fields channel(std::uint16_t number)
{
    return Fields{}.number(attribute::channel_number, std::uint32_t{number} << 16);
}

} // namespace

TEST_CASE("what is refused, by name")
{
    struct Row {
        const char* what;
        Method method;
        Fields fields;
        int code;
    };
    const Row table[] = {
        {"a permission for nobody", Method::create_permission, {}, 400},
        {"an address of another form", Method::create_permission, Fields{}.add(attribute::xor_peer_address, Bytes(7)),
         400},
        {"one good, one of another form", Method::create_permission,
         Fields{}.peer(peer).add(attribute::xor_peer_address, Bytes(7)), 400},
        {"unknown and required", Method::create_permission, Fields{}.peer(peer).add(0x0123), 420},
        {"a channel for nobody", Method::channel_bind, channel(0x4000), 400},
        {"no channel", Method::channel_bind, Fields{}.peer(peer), 400},
        {"a channel of another form", Method::channel_bind,
         Fields{}.add(attribute::channel_number, Bytes{0x40, 0}).peer(peer), 400},
        {"below the channels", Method::channel_bind, channel(0x3fff).peer(peer), 400},
        {"the first channel", Method::channel_bind, channel(0x4000).peer(peer), 0},
        {"the last channel", Method::channel_bind, channel(0x7fff).peer(peer), 0},
        {"above the channels", Method::channel_bind, channel(0x8000).peer(peer), 400},
        {"port 0", Method::channel_bind, channel(0x4000).peer(at("8.8.8.8", 0)), 400},
        {"unknown and required there", Method::channel_bind, channel(0x4000).peer(peer).add(0x0123), 420},
    };
    for (const auto& row : table) {
        CAPTURE(row.what);
        World world;
        Client ann(world, home);
        REQUIRE(ann.allocate().code() == 0);
        CHECK(ann.ask(row.method, row.fields).code() == row.code);
        CHECK(world.server.counters().channels == (row.code == 0 ? 1 : 0));
        CHECK(world.server.counters().permissions == (row.code == 0 ? 1 : 0));
    }
}

TEST_CASE("several permissions in one request; the port does not count")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    REQUIRE(ann.ask(Method::create_permission, Fields{}.peer(nth(1)).peer(nth(2)).peer(nth(1, 5))).code() == 0);
    CHECK(world.server.counters().permissions == 2);
    ann.send(nth(1, 1234), "one");
    ann.send(nth(2), "two");
    ann.send(nth(3), "three");
    REQUIRE(world.sockets.to_peers.size() == 2);
    CHECK(world.sockets.to_peers[0].peer == nth(1, 1234));
    CHECK(world.server.counters().packets_unpermitted == 1);
}

TEST_CASE("a permission lasts five minutes, a channel ten, and each may be renewed")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate(Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    const auto relay = world.sockets.open.begin()->first;
    REQUIRE(ann.bind(0x4000, peer).code() == 0);
    const auto arrives = [&] {
        world.sockets.to_clients.clear();
        world.server.from_peer(relay, peer, as_bytes("in"), world.now);
        return !world.sockets.to_clients.empty();
    };
    const auto leaves = [&] {
        world.sockets.to_peers.clear();
        ann.send_channel(0x4000, "out");
        return !world.sockets.to_peers.empty();
    };
    world.pass(300s - 1us);
    CHECK(arrives());
    world.pass(1us);
    CHECK_FALSE(arrives());
    CHECK(leaves()); // the channel still stands (section 12.6)
    REQUIRE(ann.permit(peer).code() == 0);
    CHECK(arrives());
    CHECK(world.sockets.to_clients.front().bytes[0] == 0x40);
    world.pass(300s - 1us);
    CHECK(leaves());
    world.pass(1us);
    CHECK_FALSE(leaves());
    REQUIRE(ann.bind(0x4000, peer).code() == 0);
    world.pass(400s);
    REQUIRE(ann.bind(0x4000, peer).code() == 0);
    world.pass(400s);
    CHECK(leaves());
}

TEST_CASE("a channel is one peer's and a peer has one channel, as long as it stands")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate(Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    REQUIRE(ann.bind(0x4000, peer).code() == 0);
    CHECK(ann.bind(0x4000, peer).code() == 0);
    CHECK(ann.bind(0x4000, nth(1)).code() == 400);
    CHECK(ann.bind(0x4001, peer).code() == 400);
    CHECK(ann.bind(0x4001, at("8.8.8.8", 9001)).code() == 0); // another port is another peer
    CHECK(ann.bind(0x4000, at("8.8.8.8", 9001)).code() == 400);
    world.pass(600s);
    CHECK(ann.bind(0x4000, nth(1)).code() == 0);
    CHECK(ann.bind(0x4001, peer).code() == 0);
}

TEST_CASE("permissions of a user: fifty over all allocations, the next gets 508, and one that is over makes room")
{
    World world;
    Client one(world, home);
    Client two(world, at("93.184.216.34", 4001));
    REQUIRE(one.allocate(Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    REQUIRE(two.allocate(Fields{}.number(attribute::lifetime, 3600)).code() == 0);
    const auto many = [](std::size_t from, std::size_t count) {
        Fields out;
        for (std::size_t i = from; i < from + count; ++i)
            out.peer(nth(i));
        return out;
    };
    REQUIRE(one.ask(Method::create_permission, many(0, 25)).code() == 0);
    CHECK(two.ask(Method::create_permission, many(0, 26)).code() == 508);
    CHECK(world.server.counters().permissions == 25); // all or nothing
    REQUIRE(two.ask(Method::create_permission, many(0, 25)).code() == 0);
    CHECK(two.permit(nth(25)).code() == 508);
    CHECK(two.bind(0x4000, nth(25)).code() == 508);
    CHECK(two.permit(nth(24)).code() == 0); // it has that one
    CHECK(two.bind(0x4000, nth(24)).code() == 0);
    world.pass(299s);
    CHECK(one.ask(Method::create_permission, many(0, 24)).code() == 0);
    world.pass(2s);
    CHECK(two.permit(nth(25)).code() == 0);
    CHECK(world.server.counters().refused_quota == 3);
}

TEST_CASE("channels of a user: the limit, and one more gets 508")
{
    auto few = config();
    few.limits.channels_per_user_max = 3;
    World world(few);
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    for (std::uint16_t i = 0; i < 3; ++i)
        CHECK(ann.bind(static_cast<std::uint16_t>(0x4000 + i), at("8.8.8.8", static_cast<std::uint16_t>(100 + i)))
                  .code() == 0);
    CHECK(ann.bind(0x4003, at("8.8.8.8", 200)).code() == 508);
    CHECK(ann.bind(0x4001, at("8.8.8.8", 101)).code() == 0);
}

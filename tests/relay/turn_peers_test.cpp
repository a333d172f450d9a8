// SPDX-License-Identifier: Apache-2.0
// Where a relayed socket may not send: every kind of address that is not on the open internet, in every spelling.
#include "tests/relay/turn_rig.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

const char* const forbidden[] = {
    // IPv4: the first, the last and one within each
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.0.0.0",
    "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
    "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
    "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255", "224.0.0.0", "239.255.255.255",
    "240.0.0.0", "255.255.255.255",
    // IPv6
    "::", "::1", "100::1", "fc00::1", "fd12:3456:789a::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
    "2001:db8::1", "3fff::1", "3fff:fff::1", "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1", "3ffe::1", "4000::1",
    "8000::1", "2620:4f:8000::1",
    // of clouds, on addresses that look public
    "168.63.129.16", "161.26.0.10", "166.8.0.1", "166.11.255.255", "199.36.153.4", "199.36.153.11",
    "2600:2d00:2:1000::5", "2600:2d00:2:2000::5",
    // 127.0.0.1, 10.0.0.1 and 169.254.169.254 in IPv6 clothes: v4-mapped, v4-compatible, NAT64 (well-known and local),
    // 6to4, Teredo (server and, inverted, client), ISATAP
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::a00:1", "2002:7f00:1::1",
    "2002:a9fe:a9fe::", "2002:a00:1::1", "2001:0:7f00:1::", "2001::f5ff:fffe", "2001:0:5ef5:79fd:0:59d:80ff:fffe",
    "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1",
    // also where a public address is inside: who wants 8.8.8.8 says so
    "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2a00:1450::5efe:808:808"};

const char* const open_internet[] = {"1.1.1.1",
                                     "8.8.8.8",
                                     "9.255.255.255",
                                     "11.0.0.0",
                                     "100.63.255.255",
                                     "100.128.0.0",
                                     "126.255.255.255",
                                     "128.0.0.0",
                                     "161.25.255.255",
                                     "161.27.0.0",
                                     "166.7.255.255",
                                     "166.12.0.0",
                                     "168.63.129.15",
                                     "168.63.129.17",
                                     "169.253.255.255",
                                     "169.255.0.0",
                                     "172.15.255.255",
                                     "172.32.0.0",
                                     "191.255.255.255",
                                     "192.0.1.0",
                                     "192.0.3.0",
                                     "192.167.255.255",
                                     "192.169.0.0",
                                     "198.17.255.255",
                                     "198.20.0.0",
                                     "198.51.99.255",
                                     "198.51.101.0",
                                     "199.36.153.3",
                                     "199.36.153.12",
                                     "203.0.112.255",
                                     "203.0.114.0",
                                     "223.255.255.255",
                                     "2001:200::1",
                                     "2001:4860:4860::8888",
                                     "2400::1",
                                     "2a00:1450::1",
                                     "2a00:1450::5eff:7f00:1",
                                     "2003::1",
                                     "2600:2d00:2:1001::1",
                                     "2620:4f:8001::1",
                                     "3ffd::1"};

} // namespace

TEST_CASE("forbidden peers: a reason for each, and 403 for permission and channel alike")
{
    World world;
    Client ann(world, at("93.184.216.34", 4000));
    REQUIRE(ann.allocate(Fields{}.number(attribute::additional_address_family, 2U << 24)).code() == 0);
    for (const auto* const ip : forbidden) {
        CAPTURE(ip);
        world.pass(1s);
        CHECK(PeerPolicy{}.refusal(at(ip)) != nullptr);
        CHECK(ann.permit(at(ip, 80)).code() == 403);
        CHECK(ann.bind(0x4001, at(ip, 80)).code() == 403);
        ann.send(at(ip, 80), "secret");
        ann.send_channel(0x4001, "secret");
        // One among good ones spoils them all.
        CHECK(ann.ask(Method::create_permission, Fields{}.peer(at("8.8.8.8", 1)).peer(at(ip))).code() == 403);
    }
    CHECK(world.sockets.to_peers.empty());
    CHECK(world.server.counters().permissions == 0);
    CHECK(world.server.counters().channels == 0);
}

TEST_CASE("the open internet may be talked to, up to the very edge of what may not")
{
    for (const auto* const ip : open_internet) {
        CAPTURE(ip);
        CHECK(PeerPolicy{}.refusal(at(ip)) == nullptr);
    }
}

TEST_CASE("this host's own addresses: no service of it is reached, but other allocations are")
{
    World world;
    Client ann(world, at("93.184.216.34", 4000));
    Client bob(world, at("93.184.216.35", 4000), "bob");
    REQUIRE(ann.allocate().code() == 0);
    CHECK(ann.permit(at("5.9.1.2")).code() == 403); // another address of this host
    // The relayed address itself may be another allocation's …
    CHECK(ann.permit(at("5.9.1.1")).code() == 0);
    const std::uint16_t ports[] = {22, 4433, 3478, 50'000, 50'099};
    for (const auto port : ports) {
        if (world.relay_at(at("5.9.1.1", port)) != 0) continue;
        ann.send(at("5.9.1.1", port), "login: root");
        CHECK(ann.bind(static_cast<std::uint16_t>(0x4000 + port % 256), at("5.9.1.1", port)).code() == 0);
        ann.send_channel(static_cast<std::uint16_t>(0x4000 + port % 256), "login: root");
    }
    CHECK(world.sockets.to_peers.empty());
    // … and then it goes there, past the network.
    const auto bobs = bob.allocate().address(attribute::xor_relayed_address);
    REQUIRE(bobs);
    world.sockets.to_clients.clear();
    ann.send(*bobs, "hello");
    CHECK(world.sockets.to_clients.empty()); // bob permitted nobody
    REQUIRE(bob.permit(at("5.9.1.1")).code() == 0);
    ann.send(*bobs, "hello");
    REQUIRE(world.sockets.to_clients.size() == 1);
    CHECK(world.sockets.to_clients.front().client == bob.tuple);
    CHECK(world.sockets.to_peers.empty());
}

TEST_CASE("what the operator names is allowed, and nothing beside it")
{
    auto lab = config();
    lab.peers = PeerPolicy({prefix("127.0.0.0", 8), prefix("fd00::", 64), prefix("10.1.2.3", 32)}, {at("127.0.0.1")});
    World world(lab);
    Client ann(world, at("93.184.216.34", 4000));
    REQUIRE(ann.allocate(Fields{}.number(attribute::additional_address_family, 2U << 24)).code() == 0);
    CHECK(ann.permit(at("127.0.0.1")).code() == 0);
    CHECK(ann.permit(at("127.255.0.1")).code() == 0);
    CHECK(ann.permit(at("fd00::5")).code() == 0);
    CHECK(ann.permit(at("10.1.2.3")).code() == 0);
    CHECK(ann.permit(at("10.1.2.4")).code() == 403);
    CHECK(ann.permit(at("fd00:0:0:1::5")).code() == 403);
    CHECK(ann.permit(at("::ffff:127.0.0.1")).code() == 403); // another spelling is another address
}

TEST_CASE("what the operator denies is refused first, whatever allows it")
{
    auto denying = config();
    denying.peers = PeerPolicy({prefix("127.0.0.0", 8), prefix("::ffff:0:0", 96)}, {at("5.9.1.1")},
                               {prefix("93.184.216.0", 25), prefix("2a00:1450:1::", 48), prefix("127.0.0.53", 32)});
    World world(denying);
    Client ann(world, at("93.184.216.34", 4000));
    REQUIRE(ann.allocate(Fields{}.number(attribute::additional_address_family, 2U << 24)).code() == 0);
    for (const auto* const ip : {"93.184.216.0", "93.184.216.127", "2a00:1450:1::1", "127.0.0.53", "::ffff:127.0.0.53",
                                 "::ffff:93.184.216.1"}) {
        CAPTURE(ip);
        world.pass(1s);
        CHECK(ann.permit(at(ip, 80)).code() == 403);
        CHECK(ann.bind(0x4001, at(ip, 80)).code() == 403);
        ann.send(at(ip, 80), "secret");
    }
    CHECK(world.sockets.to_peers.empty());
    for (const auto* const ip : {"93.184.216.128", "2a00:1450:2::1", "127.0.0.54", "::ffff:127.0.0.54"}) {
        CAPTURE(ip);
        world.pass(1s);
        CHECK(ann.permit(at(ip)).code() == 0);
    }
}

TEST_CASE("a peer of a family that the allocation has not: 443")
{
    World world;
    Client ann(world, at("93.184.216.34", 4000));
    REQUIRE(ann.allocate().code() == 0);
    CHECK(ann.permit(at("2a00:1450::1")).code() == 443);
    CHECK(ann.bind(0x4000, at("2a00:1450::1", 1)).code() == 443);
    CHECK(ann.permit(at("::ffff:127.0.0.1")).code() == 443);
}

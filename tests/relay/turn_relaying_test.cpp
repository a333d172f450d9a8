// SPDX-License-Identifier: Apache-2.0
// Data in both directions, in both forms, over both transports; and what a user may have relayed in a second.
#include "tests/relay/turn_rig.hpp"

#include "relay/turn/stream.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::relay::turn;
using namespace godwit::relay::turn::test;

namespace {

const auto home = at("93.184.216.34", 4000);
const auto peer = at("8.8.8.8", 9000);
const auto peer_v6 = at("2a00:1450::5", 9000);

RelayId relay_of(const World& world, bool is_v6 = false)
{
    for (const auto& [id, where] : world.sockets.open)
        if (where.is_v6 == is_v6) return id;
    return 0;
}

} // namespace

TEST_CASE("Send and Data indications, both families")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate(Fields{}.number(attribute::additional_address_family, 2U << 24)).code() == 0);
    REQUIRE(ann.ask(Method::create_permission, Fields{}.peer(peer).peer(peer_v6)).code() == 0);
    for (const auto& far : {peer, peer_v6}) {
        world.sockets.to_peers.clear();
        world.sockets.to_clients.clear();
        ann.send(far, "");
        ann.send(far, "hello");
        ann.send(far, "whole", true);
        REQUIRE(world.sockets.to_peers.size() == 3);
        CHECK(world.sockets.to_peers[0].payload.empty());
        CHECK(world.sockets.to_peers[1].relay == relay_of(world, far.is_v6));
        CHECK(as_text(world.sockets.to_peers[1].payload) == "hello");
        CHECK_FALSE(world.sockets.to_peers[1].dont_fragment);
        CHECK(world.sockets.to_peers[2].dont_fragment);

        world.server.from_peer(relay_of(world, far.is_v6), far, as_bytes("answer"), world.now);
        REQUIRE(world.sockets.to_clients.size() == 1);
        const Response data{world.sockets.to_clients.front().bytes};
        const auto message = data.message();
        CHECK(message.method() == Method::data);
        CHECK(message.message_class() == Class::indication);
        CHECK(data.address(attribute::xor_peer_address) == far);
        CHECK(as_text(data.value(attribute::data)) == "answer");
    }
    // A stranger, and somebody who is permitted on the other family only.
    world.sockets.to_clients.clear();
    world.server.from_peer(relay_of(world), at("9.9.9.9", 1), as_bytes("x"), world.now);
    world.server.from_peer(relay_of(world, true), peer, as_bytes("x"), world.now);
    world.server.from_peer(999, peer, as_bytes("x"), world.now);
    CHECK(world.sockets.to_clients.empty());
}

TEST_CASE("ChannelData: bare over UDP, padded to four on a stream")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        CAPTURE(static_cast<int>(transport));
        World world;
        Client ann(world, home, "ann", transport);
        REQUIRE(ann.allocate().code() == 0);
        REQUIRE(ann.bind(0x4abc, peer).code() == 0);
        ann.send_channel(0x4abc, "hello");
        REQUIRE(world.sockets.to_peers.size() == 1);
        CHECK(world.sockets.to_peers[0].peer == peer);
        CHECK(as_text(world.sockets.to_peers[0].payload) == "hello");
        world.server.from_peer(relay_of(world), peer, as_bytes("world"), world.now);
        REQUIRE(world.sockets.to_clients.size() == 1);
        CHECK(to_hex(world.sockets.to_clients.front().bytes) ==
              (transport == Transport::udp ? "4abc0005776f726c64" : "4abc0005776f726c64000000"));
        // From another port of the peer there is no channel.
        world.sockets.to_clients.clear();
        world.server.from_peer(relay_of(world), at("8.8.8.8", 1), as_bytes("world"), world.now);
        CHECK(Response{world.sockets.to_clients.front().bytes}.address(attribute::xor_peer_address) ==
              at("8.8.8.8", 1));
        // Shorter than it says, unknown, too short: dropped.
        world.sockets.to_peers.clear();
        ann.say(*from_hex("4abc000568656c6c"));
        ann.say(*from_hex("4abd000568656c6c6f"));
        ann.say(*from_hex("4abc00"));
        CHECK(world.sockets.to_peers.empty());
        ann.say(*from_hex("4abc000568656c6c6f000000")); // padding is not data
        CHECK(world.sockets.to_peers.at(0).payload.size() == 5);
    }
}

TEST_CASE("Send indications that say something else are dropped")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    REQUIRE(ann.permit(peer).code() == 0);
    const Bytes transaction = *from_hex("2112a442000102030405060708090a0b");
    const auto make = [&](auto&& fill) {
        stun::Writer out(Method::send, Class::indication, transaction);
        fill(out);
        ann.say(out.take());
    };
    make([](stun::Writer& w) { w.put(attribute::data, std::string_view("x")); });
    make([](stun::Writer& w) { w.put_xor_address(attribute::xor_peer_address, peer); });
    make([](stun::Writer& w) {
        w.put_xor_address(attribute::xor_peer_address, peer)
            .put(attribute::data, std::string_view("x"))
            .put(0x0777, BytesView{});
    });
    make([](stun::Writer& w) {
        w.put_xor_address(attribute::xor_peer_address, peer.with_port(0)).put(attribute::data, std::string_view("x"));
    });
    make([](stun::Writer& w) {
        w.put(attribute::xor_peer_address, Bytes(5)).put(attribute::data, std::string_view("x"));
    });
    CHECK(world.sockets.to_peers.empty());
    make([](stun::Writer& w) {
        w.put_xor_address(attribute::xor_peer_address, peer)
            .put(attribute::data, std::string_view("x"))
            .put(0x8777, BytesView{});
    });
    CHECK(world.sockets.to_peers.size() == 1);
    CHECK(world.sockets.to_clients.empty()); // an indication is never answered
}

TEST_CASE("two clients of one server, relayed to relayed: each sees the other's relayed address")
{
    World world;
    Client ann(world, home);
    Client bob(world, at("93.184.216.35", 4000), "bob");
    const auto anns = *ann.allocate().address(attribute::xor_relayed_address);
    const auto bobs = *bob.allocate().address(attribute::xor_relayed_address);
    REQUIRE(ann.bind(0x4000, bobs).code() == 0);
    REQUIRE(bob.permit(anns).code() == 0);
    ann.send_channel(0x4000, "from ann");
    REQUIRE(world.sockets.to_clients.size() == 1);
    const Response seen{world.sockets.to_clients.front().bytes};
    CHECK(world.sockets.to_clients.front().client == bob.tuple);
    CHECK(seen.address(attribute::xor_peer_address) == anns);
    CHECK(as_text(seen.value(attribute::data)) == "from ann");
    world.sockets.to_clients.clear();
    bob.send(anns, "from bob");
    REQUIRE(world.sockets.to_clients.size() == 1);
    CHECK(to_hex(world.sockets.to_clients.front().bytes) == "40000008" + to_hex(as_bytes("from bob")));
    CHECK(world.sockets.to_peers.empty());
}

TEST_CASE(
    "a user's rate: so many datagrams and bytes a second, both ways and over all allocations; a canary is unharmed")
{
    auto slow = config();
    slow.limits.packets_per_s = 10;
    slow.limits.bytes_per_s = 1000;
    World world(slow);
    Client one(world, home);
    Client two(world, at("93.184.216.34", 4001));
    Client canary(world, at("93.184.216.36", 4001), "canary");
    for (auto* const client : {&one, &two, &canary}) {
        REQUIRE(client->allocate().code() == 0);
        REQUIRE(client->bind(0x4000, peer).code() == 0);
    }
    const auto carried = [&](Client& by, const std::string& payload, int times) {
        world.sockets.to_peers.clear();
        for (int i = 0; i < times; ++i)
            by.send_channel(0x4000, payload);
        return world.sockets.to_peers.size();
    };
    CHECK(carried(one, "x", 6) == 6);
    CHECK(carried(two, "x", 6) == 4); // ten of a user
    CHECK(world.server.counters().packets_over_rate == 2);
    CHECK(carried(canary, "x", 5) == 5);
    world.pass(100ms);
    CHECK(carried(two, "x", 2) == 1);
    world.pass(10s); // no more than a second's worth is saved up
    CHECK(carried(one, std::string(500, 'x'), 3) == 2);
    world.pass(500ms);
    CHECK(carried(one, std::string(501, 'x'), 1) == 0);
    CHECK(carried(one, std::string(500, 'x'), 1) == 1);
    world.pass(1s);
    // What comes in counts as well.
    world.sockets.to_clients.clear();
    for (const auto& [id, where] : world.sockets.open)
        for (int i = 0; i < 11; ++i)
            world.server.from_peer(id, peer, as_bytes("y"), world.now);
    CHECK(world.sockets.to_clients.size() == 20); // ten for ann's two, ten for the canary
}

TEST_CASE(
    "too much to do: first no new allocations, then nothing is relayed; what there is stays, and goes on afterwards")
{
    World world;
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    REQUIRE(ann.bind(0x4000, peer).code() == 0);
    const auto carried = [&] {
        world.sockets.to_peers.clear();
        ann.send_channel(0x4000, "x");
        return world.sockets.to_peers.size();
    };
    world.server.shed(true, false);
    Client bob(world, at("93.184.216.34", 4001), "bob");
    CHECK(bob.allocate().code() == 508);
    CHECK(carried() == 1);
    CHECK(ann.ask(Method::refresh).code() == 0);
    world.server.shed(true, true);
    CHECK(carried() == 0);
    world.sockets.to_clients.clear();
    for (const auto& [id, where] : world.sockets.open)
        world.server.from_peer(id, peer, as_bytes("y"), world.now);
    CHECK(world.sockets.to_clients.empty());
    CHECK(world.server.counters().packets_shed == 2);
    world.server.shed(false, false);
    CHECK(carried() == 1);
    CHECK(bob.allocate().code() == 0);
}

TEST_CASE("requests of a user have a rate of their own")
{
    auto slow = config();
    slow.limits.requests_per_s = 5;
    World world(slow);
    Client ann(world, home);
    REQUIRE(ann.allocate().code() == 0);
    int answered = 0;
    for (int i = 0; i < 6; ++i)
        answered += ann.ask(Method::refresh).silent() ? 0 : 1;
    CHECK(answered == 5);
    world.pass(200ms);
    CHECK(ann.ask(Method::refresh).code() == 0);
}

TEST_CASE("the bucket: what comes in a microsecond is not lost, and nothing overflows")
{
    TokenBucket bucket(1'000'000'000);
    Instant now(1h);
    REQUIRE(bucket.has(1'000'000'000, now));
    bucket.take(1'000'000'000);
    CHECK_FALSE(bucket.has(1, now));
    CHECK(bucket.has(1000, now + 1us));
    CHECK_FALSE(bucket.has(1001, now + 1us));
    TokenBucket slow(1);
    REQUIRE(slow.has(1, now));
    slow.take(1);
    for (int i = 0; i < 999'999; ++i)
        REQUIRE_FALSE(slow.has(1, now += 1us));
    CHECK(slow.has(1, now += 1us));
    TokenBucket huge(std::numeric_limits<std::int64_t>::max());
    CHECK(huge.has(TokenBucket::per_s_max, Instant(Duration::max() / 4)));
    CHECK_FALSE(huge.has(TokenBucket::per_s_max + 1, Instant(Duration::max() / 4)));
}

TEST_CASE("streams: messages whole again, however they are cut")
{
    Bytes stream;
    std::vector<Bytes> messages;
    const auto put = [&](const std::string& hex) {
        messages.push_back(*from_hex(hex));
        append(stream, messages.back());
    };
    put("000100002112a442000102030405060708090a0b");
    put("40000000");
    put("7fff000568656c6c6f000000");
    put("000100082112a442000102030405060708090a0b8022000461626364");
    const std::uint64_t seed = 3;
    MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 500; ++round) {
        StreamReader reader;
        std::vector<Bytes> seen;
        for (std::size_t from = 0; from < stream.size();) {
            const auto piece = std::min<std::size_t>(1 + random() % (round % 2 == 0 ? 3 : 40), stream.size() - from);
            REQUIRE(reader.feed(BytesView(stream).subspan(from, piece), 1500, [&](BytesView one) {
                seen.push_back(to_bytes(one));
                return true;
            }) == StreamReader::Outcome::fed);
            from += piece;
        }
        REQUIRE(seen == messages);
        REQUIRE(reader.held_bytes() == 0);
    }
    const auto fed = [](const std::string& hex, std::size_t bytes_max) {
        return StreamReader().feed(*from_hex(hex), bytes_max, [](BytesView) { return true; });
    };
    CHECK(fed("16030100", 1500) == StreamReader::Outcome::malformed); // TLS
    CHECK(fed("80000000", 1500) == StreamReader::Outcome::malformed); // above the channels
    CHECK(fed("00010001", 1500) == StreamReader::Outcome::malformed); // no multiple of four
    CHECK(fed("000105c8", 1500) == StreamReader::Outcome::fed);       // 1480 + 20
    CHECK(fed("000105cc", 1500) == StreamReader::Outcome::malformed);
    CHECK(fed("4000ffff", stream_message_bytes_max) == StreamReader::Outcome::fed);
    StreamReader one;
    CHECK(one.feed(stream, 1500, [](BytesView) { return false; }) == StreamReader::Outcome::stopped);
}

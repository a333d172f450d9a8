// SPDX-License-Identifier: Apache-2.0
// What waits for the end of a turn of the loop: joined where it goes the same way, in order, and never for a port that
// has gone.
#include "relay/daemon/turn_trains.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::relay;

namespace {

const auto to_a = *loop::Address::parse("192.0.2.1:1000");
const auto to_b = *loop::Address::parse("192.0.2.2:1000");
const auto from = *loop::Address::parse("198.51.100.1:4433");

struct Sent {
    loop::Address to;
    Bytes bytes;
    std::size_t segment_bytes;
};

struct Exit {
    std::vector<std::vector<Sent>> calls;
    Trains::Port port = [this](std::span<const loop::UdpSend> sends) {
        auto& call = calls.emplace_back();
        for (const auto& one : sends)
            call.push_back({one.to, to_bytes(one.bytes), one.segment_bytes});
    };
};

} // namespace

TEST_CASE("equal datagrams one way become a train, a shorter one ends it, another way begins another")
{
    Trains trains;
    Exit exit;
    const Bytes head{1, 2, 3, 4};
    const Bytes body(6, 9);
    const auto add = [&](const loop::Address& to, std::size_t body_bytes, std::size_t zeroes = 0) {
        trains.add(exit.port, to, from, head, BytesView(body).first(body_bytes), zeroes);
    };
    add(to_a, 6);
    add(to_a, 6);
    add(to_a, 2, 2); // 8 bytes: shorter
    add(to_a, 6);    // so this one is alone
    add(to_b, 6);
    add(to_b, 4);
    add(to_b, 0);
    CHECK(exit.calls.empty());
    trains.flush();
    REQUIRE(exit.calls.size() == 1); // one port, one call
    const auto& sent = exit.calls[0];
    REQUIRE(sent.size() == 4);
    CHECK(sent[0].bytes.size() == 28);
    CHECK(sent[0].segment_bytes == 10);
    CHECK(to_hex(sent[0].bytes) == "01020304090909090909"
                                   "01020304090909090909"
                                   "0102030409090000");
    CHECK(sent[1].bytes.size() == 10);
    CHECK(sent[1].segment_bytes == 0);
    CHECK(sent[2].to == to_b);
    CHECK(sent[2].bytes.size() == 18);
    CHECK(sent[3].bytes.size() == 4); // behind a shorter one nothing follows
    CHECK(trains.empty());
    trains.flush();
    CHECK(exit.calls.size() == 1);
}

TEST_CASE("a train has at most 64 datagrams and what fits into one send; more bytes than may wait go at once")
{
    Trains trains;
    Exit exit;
    const Bytes small(100, 1);
    for (std::size_t i = 0; i < loop::udp_segments_max + 1; ++i)
        trains.add(exit.port, to_a, from, small, {}, 0);
    const Bytes large(1200, 2);
    for (int i = 0; i < 60; ++i)
        trains.add(exit.port, to_b, from, large, {}, 0);
    trains.flush();
    REQUIRE(exit.calls.size() == 1);
    REQUIRE(exit.calls[0].size() == 4);
    CHECK(exit.calls[0][0].bytes.size() == 6400);
    CHECK(exit.calls[0][1].bytes.size() == 100);
    CHECK(exit.calls[0][2].bytes.size() == 54 * 1200); // 64,800; one more would be above 65,507
    exit.calls.clear();
    const Bytes whole(loop::udp_send_bytes_max, 3);
    for (std::size_t i = 0; i < trains_bytes_max / whole.size() + 1; ++i)
        trains.add(exit.port, to_a, from, whole, {}, 0);
    CHECK(exit.calls.size() == 1);
    CHECK_FALSE(trains.empty());
    trains.add(exit.port, to_a, from, whole, Bytes{1}, 0); // one byte too long: lost
    trains.flush();
    CHECK(exit.calls[1].size() == 1);
}

TEST_CASE("empty datagrams pass, and what waits for a port that goes, goes with it")
{
    Trains trains;
    Exit stays;
    {
        Exit goes;
        trains.add(goes.port, to_a, {}, Bytes{1}, {}, 0);
        trains.add(stays.port, to_a, {}, {}, {}, 0);
        trains.add(stays.port, to_a, {}, {}, {}, 0);
        trains.add(goes.port, to_a, {}, Bytes{2}, {}, 0);
        trains.forget(goes.port);
    }
    trains.flush();
    REQUIRE(stays.calls.size() == 1);
    CHECK(stays.calls[0].size() == 2);
    CHECK(stays.calls[0][0].bytes.empty());
}

// SPDX-License-Identifier: Apache-2.0
// What every Link promises, whatever it runs over: one set of stories, told by each transport's tests with its own
// World.
//
// A World has: loop, server_identity, client_identity, acceptor, server, probe, link; a constructor from ServeOptions;
// dial(DialOptions), connect(), far() (the server's probe) and far_link().
#pragma once

#include "tests/transport/support/link_probe.hpp"
#include "tests/transport/support/until.hpp"
#include "transport/tls/framing.hpp"

#include <doctest/doctest.h>

namespace godwit::test {

using tls::DialOptions;
using tls::ServeOptions;

/// Both sides prove their keys, and frames pass both ways.
template <class World>
void proves_keys()
{
    World world;
    world.connect();
    CHECK(world.link->peer_key() == world.server_identity.public_key());
    CHECK(world.far_link()->peer_key() == world.client_identity.public_key());
    CHECK(world.link->send(as_bytes("there")));
    CHECK(world.far_link()->send(as_bytes("and back")));
    CHECK(world.link->send({}));
    REQUIRE(until(world.loop, [&] { return world.far().frames == 2 && world.probe.frames == 1; }));
    CHECK(world.far().kept[0] == to_bytes(as_bytes("there")));
    CHECK(world.far().kept[1].empty());
    CHECK(world.probe.kept[0] == to_bytes(as_bytes("and back")));
    CHECK(world.link->quality().sent_bytes == 5);
    CHECK(world.link->quality().received_bytes == 8);
    CHECK(world.link->quality().rtt > Duration::zero());
    CHECK(world.acceptor.entries[0].from.is_loopback());
}

/// A wrong pinned key is relay_key_mismatch, or what the caller calls it, and the server sees no link.
template <class World>
void wrong_key()
{
    for (const ErrorCode called : {ErrorCode::relay_key_mismatch, ErrorCode::authentication_failed}) {
        World world;
        DialOptions options;
        options.peer.expected = identity(9).public_key();
        options.peer.on_mismatch = called;
        world.dial(options);
        CHECK_FALSE(world.link->send(as_bytes("too early")));
        REQUIRE(until(world.loop, [&] { return world.probe.downs == 1 && world.server->half_open() == 0; }));
        CHECK(world.probe.code() == called);
        CHECK(world.probe.ups == 0);
        CHECK(world.acceptor.entries.empty());
    }
}

/// A client whose key is refused never thinks that it is in.
template <class World>
void refused_client()
{
    ServeOptions options;
    options.peer.ask = [](const port::PeerKey&) { return false; };
    World world(options);
    world.dial();
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.ups == 0);
    CHECK(world.probe.code() == ErrorCode::authentication_failed);
    CHECK(world.acceptor.entries.empty());
}

/// Another protocol name is protocol_mismatch.
template <class World>
void wrong_protocol()
{
    World world;
    DialOptions options;
    options.alpn = tls::alpn_peer;
    world.dial(options);
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.code() == ErrorCode::protocol_mismatch);
    CHECK(world.acceptor.entries.empty());
}

/// 10,000 frames each way in order, the largest among them.
template <class World>
void carries_many()
{
    World world;
    world.connect();
    Stream out{.count = 10'000};
    Stream back{.count = 10'000};
    world.far().on_frame = [&](port::Link&, BytesView frame) { out.check(frame); };
    world.probe.on_frame = [&](port::Link&, BytesView frame) { back.check(frame); };
    world.probe.on_writable = [&](port::Link& link) { out.push(link); };
    world.far().on_writable = [&](port::Link& link) { back.push(link); };
    out.push(*world.link);
    back.push(*world.far_link());
    CHECK(out.sent < out.count); // the queue said no at least once
    REQUIRE(until(world.loop, [&] { return out.done() && back.done(); }));
    CHECK_FALSE(out.wrong);
    CHECK_FALSE(back.wrong);
    CHECK(world.probe.writables > 0);
    CHECK(until(world.loop, [&] { return world.link->quality().queued_bytes == 0; })); // the last acknowledgement
}

/// One byte above the frame limit, and a full queue, are refused and cost nothing.
template <class World>
void has_limits()
{
    World world;
    world.connect();
    CHECK_FALSE(world.link->send(Bytes(port::frame_bytes_max + 1)));
    std::size_t taken = 0;
    while (world.link->send(Bytes(port::frame_bytes_max)))
        ++taken;
    CHECK(taken ==
          (port::link_queue_bytes_max - World::queue_overhead) / (port::frame_bytes_max + tls::frame_head_bytes));
    CHECK(world.link->quality().queued_bytes <= port::link_queue_bytes_max);
    REQUIRE(until(world.loop, [&] { return world.probe.writables == 1; }));
    REQUIRE(until(world.loop, [&] { return world.far().frames == taken; }));
}

/// Whoever accepted a link says how long the far side's frames may be; a longer one ends it, before its bytes are kept.
template <class World>
void limits_frames()
{
    World world;
    world.connect();
    world.far_link()->limit_frames(100);
    CHECK(world.link->send(Bytes(100)));
    REQUIRE(until(world.loop, [&] { return world.far().frames == 1; }));
    CHECK(world.link->send(Bytes(101)));
    REQUIRE(until(world.loop, [&] { return world.far().downs == 1; }));
    CHECK(world.far().code() == ErrorCode::malformed);
    CHECK(world.far().frames == 1);

    World other;
    other.connect();
    other.far_link()->limit_frames(100);
    other.far_link()->limit_frames(2 * port::frame_bytes_max); // the most is the most
    CHECK(other.link->send(Bytes(port::frame_bytes_max)));
    REQUIRE(until(other.loop, [&] { return other.far().frames == 1; }));
}

/// A link may be destroyed inside each of its callbacks.
template <class World>
void dies_in_callbacks()
{
    for (const int where : {0, 1, 2, 3}) {
        World world;
        bool gone = false;
        const auto destroy = [&](port::Link&) {
            world.link.reset();
            gone = true;
        };
        if (where == 0) world.probe.on_up = destroy;
        if (where == 1) world.probe.on_frame = [&](port::Link& link, BytesView) { destroy(link); };
        if (where == 2) world.probe.on_writable = destroy;
        if (where == 3) world.probe.on_down = destroy;
        world.acceptor.on_accept = [&](Acceptor::Entry& entry) {
            for (int i = 0; i < 3; ++i)
                CHECK_FALSE(entry.link == nullptr);
        };
        world.dial();
        if (where == 0) {
            REQUIRE(until(world.loop, [&] { return gone; }));
            continue;
        }
        REQUIRE(until(world.loop, [&] { return world.probe.up() && world.acceptor.entries.size() == 1; }));
        if (where == 1) {
            for (int i = 0; i < 3; ++i)
                CHECK(world.far_link()->send(as_bytes("x")));
        }
        if (where == 2) {
            while (world.link->send(Bytes(port::frame_bytes_max))) {}
        }
        if (where == 3) world.far_link()->close();
        REQUIRE(until(world.loop, [&] { return gone; }));
        turns(world.loop, 5);
        CHECK(world.probe.frames <= 1);
    }
}

/// The server, or the link just accepted, may go inside link_accepted.
template <class World>
void server_dies()
{
    World world;
    world.acceptor.on_accept = [&](Acceptor::Entry& entry) {
        entry.link.reset();
        world.server.reset();
    };
    world.dial();
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.ups == 0);
}

} // namespace godwit::test

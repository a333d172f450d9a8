// SPDX-License-Identifier: Apache-2.0
// A peer link as the client has it: QUIC over the path that ICE found, both ends on one loop.
#include "tests/transport/ice/ice_world.hpp"
#include "tests/transport/support/link_probe.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_peer.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::ice;
using namespace godwit::ice::test;
using godwit::test::identity;
using godwit::test::LinkProbe;

namespace {

/// Two devices: the ICE controlling side is the QUIC client. Links open as soon as their side of ICE is connected,
/// which is not the same moment on both.
struct Devices {
    World world;
    loop::SystemEntropy entropy;
    Couple couple;
    LinkProbe a, b;
    std::unique_ptr<port::Link> a_link, b_link;
    quic::PeerOptions a_options{.role = quic::PeerRole::client,
                                .expected = identity(2).public_key(),
                                .alpn = std::string(tls::alpn_peer),
                                .link = {}};
    quic::PeerOptions b_options{.role = quic::PeerRole::server,
                                .expected = identity(1).public_key(),
                                .alpn = std::string(tls::alpn_peer),
                                .link = {}};

    ~Devices()
    {
        a_link.reset(); // Before the paths under them.
        b_link.reset();
    }

    void start()
    {
        couple.a.on_event = [this] {
            if (couple.a.connected > 0 && a_link == nullptr)
                a_link = quic::open_peer(world.loop, couple.a.session->path(), identity(1), a_options, entropy, a);
        };
        couple.b.on_event = [this] {
            if (couple.b.connected > 0 && b_link == nullptr)
                b_link = quic::open_peer(world.loop, couple.b.session->path(), identity(2), b_options, entropy, b);
        };
        couple.start(world);
    }
    void connect()
    {
        start();
        REQUIRE(world.run_until([&] { return a.up() && b.up(); }));
    }
};

} // namespace

TEST_CASE("ICE and QUIC: two devices find each other, prove their keys and exchange frames")
{
    Devices devices;
    devices.connect();
    CHECK(devices.a_link->peer_key() == identity(2).public_key());
    CHECK(devices.b_link->peer_key() == identity(1).public_key());

    Bytes large(100'000);
    for (std::size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<std::uint8_t>(i * 7);
    Bytes seen_a, seen_b;
    devices.a.on_frame = [&](port::Link&, BytesView frame) { seen_a = to_bytes(frame); };
    devices.b.on_frame = [&](port::Link&, BytesView frame) { seen_b = to_bytes(frame); };
    CHECK(devices.a_link->send(large));
    CHECK(devices.b_link->send(as_bytes("short")));
    REQUIRE(devices.world.run_until([&] { return !seen_a.empty() && !seen_b.empty(); }));
    CHECK(seen_b == large);
    CHECK(as_text(seen_a) == "short");
}

TEST_CASE("ICE and QUIC: whoever answers on the path with another key is refused")
{
    Devices devices;
    devices.a_options.expected = identity(9).public_key();
    devices.start();
    REQUIRE(devices.world.run_until([&] { return devices.a.downs == 1; }));
    CHECK(devices.a.ups == 0);
    CHECK(devices.a.code() == ErrorCode::authentication_failed);
}

TEST_CASE("ICE and QUIC: a cut path is noticed by QUIC, and a new session beside the old one takes over")
{
    Devices devices;
    devices.a_options.link.idle_max = std::chrono::milliseconds(600);
    devices.a_options.link.keep_alive = std::chrono::milliseconds(150);
    devices.connect();
    devices.couple.a.session->set_blackhole(true);
    REQUIRE(devices.world.run_until([&] { return devices.a.downs == 1 && devices.b.downs == 1; }));
    CHECK(devices.a.code() == ErrorCode::timed_out);

    // The dead session is still there while the next one connects.
    Couple next;
    LinkProbe c, d;
    next.start(devices.world);
    REQUIRE(devices.world.run_until([&] { return next.both_connected(); }));
    auto d_link =
        quic::open_peer(devices.world.loop, next.b.session->path(), identity(2), devices.b_options, devices.entropy, d);
    auto c_link =
        quic::open_peer(devices.world.loop, next.a.session->path(), identity(1), devices.a_options, devices.entropy, c);
    REQUIRE(devices.world.run_until([&] { return c.up() && d.up(); }));
    CHECK(c_link->send(as_bytes("alive")));
    REQUIRE(devices.world.run_until([&] { return d.frames == 1; }));
    c_link.reset();
    d_link.reset();
}

TEST_CASE("ICE and QUIC: link and session go in the callbacks that end them")
{
    Devices devices;
    devices.connect();
    devices.b.on_down = [&](port::Link&) {
        devices.b_link.reset();
        devices.couple.b.session.reset();
    };
    devices.a_link->close();
    devices.a_link.reset();
    devices.couple.a.session.reset();
    REQUIRE(devices.world.run_until([&] { return devices.b.downs == 1; }));
    CHECK(devices.world.run_until([&] { return devices.world.runtime->session_count() == 0; }));
}

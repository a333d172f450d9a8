// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/link_contract.hpp"
#include "transport/tls/tls_link.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <random>

using namespace godwit;
using namespace godwit::tls;
using namespace godwit::test;

namespace {

struct World {
    static constexpr std::size_t queue_overhead = 0;
    loop::Loop loop;
    Identity server_identity = identity(1);
    Identity client_identity = identity(2);
    Acceptor acceptor;
    std::unique_ptr<TlsServer> server;
    LinkProbe probe;
    std::unique_ptr<port::Link> link;

    explicit World(ServeOptions options = {})
    {
        server =
            std::move(TlsServer::open(loop, loop::Address::loopback_v4(0), server_identity, options, acceptor)).value();
    }
    void dial(DialOptions options = {})
    {
        if (!options.peer.expected) options.peer.expected = server_identity.public_key();
        link = tls::dial(loop, server->local(), client_identity, options, probe);
    }
    void connect()
    {
        dial();
        REQUIRE(until(loop, [&] { return probe.up() && acceptor.entries.size() == 1; }));
    }
    LinkProbe& far() { return *acceptor.entries.at(0).probe; }
    std::unique_ptr<port::Link>& far_link() { return acceptor.entries.at(0).link; }
};

std::string key_log_path()
{
    return (std::filesystem::temp_directory_path() / "godwit_tls_test_must_not_exist.keylog").string();
}

// GnuTLS reads the variable once a process, at its first secret: so it is set before main, for every story in this
// program.
const bool key_log_wanted = [] {
    std::filesystem::remove(key_log_path());
    return setenv("SSLKEYLOGFILE", key_log_path().c_str(), 1) == 0;
}();

/// A TCP client that is no TLS client.
struct RawClient final : loop::TcpObserver {
    std::unique_ptr<loop::TcpStream> stream;
    Bytes opening;
    bool connected = false;
    bool closed = false;
    void tcp_connected(loop::TcpStream& s, const std::optional<Error>& fault) override
    {
        connected = !fault;
        closed = fault.has_value();
        if (connected && !opening.empty()) static_cast<void>(s.write(opening));
    }
    void tcp_readable(loop::TcpStream& s) override
    {
        std::uint8_t room[4096];
        for (;;) {
            const auto io = s.read(room);
            if (io.state == loop::TcpIo::State::ok) continue;
            if (io.state != loop::TcpIo::State::would_block) {
                closed = true;
                s.want_readable(false);
            }
            return;
        }
    }
    void tcp_writable(loop::TcpStream&) override {}
};

} // namespace

TEST_CASE("tls: both sides prove their keys, and frames pass both ways")
{
    proves_keys<World>();
}

TEST_CASE("tls: a wrong pinned key is relay_key_mismatch, or what the caller calls it, and the server sees no link")
{
    wrong_key<World>();
}

TEST_CASE("tls: a client whose key is refused never thinks that it is in")
{
    refused_client<World>();
}

TEST_CASE("tls: another protocol name is protocol_mismatch")
{
    wrong_protocol<World>();
}

TEST_CASE("tls: nobody there, and a port that is taken")
{
    World world;
    ServeOptions options;
    auto second = TlsServer::open(world.loop, world.server->local(), world.server_identity, options, world.acceptor);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::address_in_use);
    const auto address = world.server->local();
    world.server->stop_accepting();
    LinkProbe probe;
    DialOptions dial_options;
    dial_options.peer.expected = world.server_identity.public_key();
    auto link = tls::dial(world.loop, address, world.client_identity, dial_options, probe);
    REQUIRE(until(world.loop, [&] { return probe.downs == 1; }));
    CHECK(probe.code() == ErrorCode::not_connected);
}

TEST_CASE("tls: 10,000 frames each way in order, the largest among them")
{
    carries_many<World>();
}

TEST_CASE("tls: one byte above the frame limit, and a full queue, are refused and cost nothing")
{
    has_limits<World>();
}

TEST_CASE("tls: goodbye arrives after what was queued; vanishing is told apart")
{
    World world;
    world.connect();
    for (int i = 0; i < 100; ++i)
        CHECK(world.link->send(Bytes(1000, 1)));
    world.link->close();
    CHECK_FALSE(world.link->send(as_bytes("too late")));
    REQUIRE(until(world.loop, [&] { return world.far().downs == 1; }));
    CHECK(world.far().frames == 100);
    CHECK(world.far().code() == ErrorCode::cancelled);
    CHECK(world.probe.downs == 0);

    World other;
    other.connect();
    other.far_link().reset();
    REQUIRE(until(other.loop, [&] { return other.probe.downs == 1; }));
    CHECK(other.probe.code() == ErrorCode::not_connected);
    CHECK(other.server->open_links() == 0);
}

TEST_CASE("tls: the far side's frames are as long as they may be, and one byte more ends the link")
{
    limits_frames<World>();
}

TEST_CASE("tls: a link may be destroyed inside each of its callbacks")
{
    dies_in_callbacks<World>();
}

TEST_CASE("tls: the server, or the link just accepted, may go inside link_accepted")
{
    server_dies<World>();
}

TEST_CASE("tls: an idle link goes down, a kept-alive one stays")
{
    ServeOptions serve;
    serve.link.idle_max = Duration::zero();
    World world(serve);
    DialOptions options;
    options.link.idle_max = std::chrono::milliseconds(60);
    world.dial(options);
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.ups == 1);
    CHECK(world.probe.code() == ErrorCode::timed_out);

    World kept;
    options.link.idle_max = std::chrono::milliseconds(6000);
    options.link.keep_alive = std::chrono::milliseconds(20);
    kept.dial(options);
    REQUIRE(until(kept.loop, [&] { return kept.probe.up(); }));
    const Instant heard = kept.link->quality().last_heard;
    REQUIRE(until(kept.loop,
                  [&] { return kept.probe.downs > 0 || kept.link->quality().last_heard > heard + Duration(900'000); }));
    CHECK(kept.probe.up());
    CHECK(kept.far().frames == 0); // pings are not frames
}

TEST_CASE("tls: silent and slow strangers are few and short-lived, and harm nobody")
{
    ServeOptions options;
    options.link.handshake_max = std::chrono::milliseconds(400);
    options.limits.half_open_per_subscriber_max = 8;
    World world(options);
    std::vector<std::unique_ptr<RawClient>> strangers;
    for (std::size_t i = 0; i < 30; ++i) {
        strangers.push_back(std::make_unique<RawClient>());
        if (i % 2 == 0) strangers.back()->opening = {0x16, 0x03, 0x01}; // a record that never goes on
        strangers.back()->stream = loop::TcpStream::connect(world.loop, world.server->local(), *strangers.back());
    }
    const auto closed = [&] {
        std::size_t n = 0;
        for (const auto& s : strangers)
            n += s->closed ? 1U : 0U;
        return n;
    };
    REQUIRE(until(world.loop, [&] { return closed() >= 22; })); // beyond the eight: at once
    CHECK(world.server->half_open() <= 8);
    REQUIRE(until(world.loop, [&] { return closed() == 30; }));
    CHECK(world.server->half_open() == 0);
    world.connect();
}

TEST_CASE("tls: garbage is refused, seed 20260901")
{
    World world;
    std::mt19937 random(20260901);
    for (int round = 0; round < 200; ++round) {
        RawClient stranger;
        stranger.opening.resize(1 + random() % 3000);
        for (auto& b : stranger.opening)
            b = static_cast<std::uint8_t>(random());
        if (round % 2 == 0 && stranger.opening.size() > 9) {
            // Shaped like a record with a ClientHello of 16 MiB, to reach further in.
            const std::uint8_t head[] = {0x16, 0x03, 0x01, 0x20, 0x00, 0x01, 0xff, 0xff, 0xff};
            std::copy(std::begin(head), std::end(head), stranger.opening.begin());
        }
        stranger.stream = loop::TcpStream::connect(world.loop, world.server->local(), stranger);
        REQUIRE(until(world.loop, [&] { return stranger.connected; }));
        turns(world.loop, 2);
        stranger.stream.reset();
    }
    REQUIRE(until(world.loop, [&] { return world.server->half_open() == 0; }));
    CHECK(world.acceptor.entries.empty());
    world.connect();
}

TEST_CASE("tls: SSLKEYLOGFILE stays empty, whatever the environment of the app says")
{
    World world;
    world.connect();
    REQUIRE(key_log_wanted);
    CHECK_FALSE(std::ifstream(key_log_path()).good());
}

TEST_CASE(
    "tls: a connection that begins with STUN is handed over unread; TLS beside it goes on; a silent one is bounded")
{
    ServeOptions options;
    options.link.handshake_max = std::chrono::milliseconds(400);
    World world;
    std::vector<Bytes> heard;
    std::vector<std::unique_ptr<loop::TcpStream>> taken;
    world.server = std::move(TlsServer::open(world.loop, loop::Address::loopback_v4(0), world.server_identity, options,
                                             world.acceptor,
                                             [&](std::unique_ptr<loop::TcpStream> stream) {
                                                 Bytes first(64);
                                                 const auto io = stream->read(first);
                                                 first.resize(io.bytes);
                                                 heard.push_back(first);
                                                 taken.push_back(std::move(stream));
                                             }))
                       .value();
    for (const std::uint8_t first : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{0x40}}) {
        RawClient client;
        client.opening = {first, 1, 2, 3};
        client.stream = loop::TcpStream::connect(world.loop, world.server->local(), client);
        REQUIRE(until(world.loop, [&] { return client.closed || (!heard.empty() && heard.back() == client.opening); }));
        CHECK(client.closed == (first > 3));
    }
    CHECK(taken.size() == 2);
    CHECK(world.server->half_open() == 0); // they do not count any more
    RawClient silent;
    silent.stream = loop::TcpStream::connect(world.loop, world.server->local(), silent);
    REQUIRE(until(world.loop, [&] { return silent.closed; }));
    world.connect();
}

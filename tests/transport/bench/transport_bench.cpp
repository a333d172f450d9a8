// SPDX-License-Identifier: Apache-2.0
// Measures links over loopback, both ends on one loop: `meson test -C build --benchmark transport -v`.
//
// Times are of this machine; ratios between the rows are what counts.
#include "tests/transport/quic/lossy_path.hpp"
#include "tests/transport/quic/nat.hpp"
#include "tests/transport/support/link_probe.hpp"
#include "tests/transport/support/until.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/loop/udp.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/quic/quic_peer.hpp"
#include "transport/quic/quic_server.hpp"
#include "transport/tls/tls_link.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <malloc.h>

using namespace godwit;
using namespace godwit::test;

namespace {

constexpr int rounds = 3000;
constexpr std::size_t bulk_bytes = 128 * 1024 * 1024;
constexpr std::size_t bulk_frame_bytes = 64 * 1024;
constexpr int idle_links = 200;

double seconds(Duration d)
{
    return static_cast<double>(d.count()) / 1e6;
}
Instant now()
{
    return loop::Loop::now().mono;
}
double cpu_seconds()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Ends {
    port::Link* near = nullptr;
    port::Link* far = nullptr;
    LinkProbe* near_probe = nullptr;
    LinkProbe* far_probe = nullptr;
};

void ping_pong(const char* name, loop::Loop& loop, const Ends& ends)
{
    const Bytes word(100, 7);
    std::vector<double> times;
    Instant start = now();
    ends.far_probe->on_frame = [](port::Link& link, BytesView frame) { static_cast<void>(link.send(frame)); };
    ends.near_probe->on_frame = [&](port::Link& link, BytesView) {
        times.push_back(static_cast<double>((now() - start).count()));
        start = now();
        static_cast<void>(link.send(word));
    };
    static_cast<void>(ends.near->send(word));
    if (!until(loop, [&] { return times.size() >= rounds; })) std::printf("%s: ping-pong did not finish\n", name);
    std::sort(times.begin(), times.end());
    std::printf("%-24s round trip of 100 B: p50 %.0f us, p99 %.0f us\n", name, times[times.size() / 2],
                times[times.size() * 99 / 100]);
    ends.far_probe->on_frame = nullptr;
    ends.near_probe->on_frame = nullptr;
    turns(loop, 10);
}

void bulk(const char* name, loop::Loop& loop, const Ends& ends)
{
    const Bytes chunk(bulk_frame_bytes, 9);
    const std::size_t before = ends.far_probe->bytes;
    std::size_t sent = 0;
    const auto push = [&] {
        while (sent < bulk_bytes && ends.near->send(chunk))
            sent += chunk.size();
    };
    ends.near_probe->on_writable = [&](port::Link&) { push(); };
    const Instant start = now();
    const double cpu = cpu_seconds();
    push();
    const bool done =
        until(loop, [&] { return ends.far_probe->bytes - before >= bulk_bytes; }, std::chrono::seconds(60));
    const double took = seconds(now() - start);
    std::printf("%-24s bulk: %.0f MiB/s, %.1f ms CPU a MiB for both ends%s\n", name,
                static_cast<double>(ends.far_probe->bytes - before) / took / 1048576.0,
                (cpu_seconds() - cpu) * 1000 / (static_cast<double>(bulk_bytes) / 1048576.0),
                done ? "" : " (not finished)");
    ends.near_probe->on_writable = nullptr;
}

template <class Dial>
void idle_memory(const char* name, loop::Loop& loop, Acceptor& acceptor, Dial dial)
{
    std::vector<std::unique_ptr<LinkProbe>> probes;
    std::vector<std::unique_ptr<port::Link>> links;
    const std::size_t accepted = acceptor.entries.size();
    const auto used = [] { return static_cast<double>(mallinfo2().uordblks + mallinfo2().hblkhd); };
    const double before = used();
    const Instant start = now();
    const double cpu = cpu_seconds();
    for (int i = 0; i < idle_links; ++i) {
        probes.push_back(std::make_unique<LinkProbe>());
        links.push_back(dial(*probes.back()));
        if (i % 16 == 15)
            static_cast<void>(until(loop, [&] { return acceptor.entries.size() == accepted + links.size(); }));
    }
    static_cast<void>(until(loop, [&] { return acceptor.entries.size() == accepted + idle_links; }));
    const double took = seconds(now() - start);
    turns(loop, 100);
    const double both = (used() - before) / idle_links;
    std::printf("%-24s connect: %.0f/s, %.2f ms CPU each for both ends; idle link %.1f KiB heap for both ends", name,
                idle_links / took, (cpu_seconds() - cpu) * 1000 / idle_links, both / 1024);
    links.clear();
    const double server = (used() - before) / idle_links;
    std::printf(", %.1f KiB of it the server's\n", server / 1024);
    acceptor.entries.clear();
}

void tls_rows()
{
    loop::Loop loop;
    const auto server_identity = identity(1);
    const auto client_identity = identity(2);
    Acceptor acceptor;
    tls::ServeOptions serve;
    serve.limits.links_per_subscriber_max = 10'000;
    auto server =
        std::move(tls::TlsServer::open(loop, loop::Address::loopback_v4(0), server_identity, serve, acceptor)).value();
    tls::DialOptions options;
    options.peer.expected = server_identity.public_key();
    LinkProbe probe;
    auto link = tls::dial(loop, server->local(), client_identity, options, probe);
    static_cast<void>(until(loop, [&] { return probe.up() && acceptor.entries.size() == 1; }));
    const Ends ends{link.get(), acceptor.entries[0].link.get(), &probe, acceptor.entries[0].probe.get()};
    ping_pong("tls", loop, ends);
    bulk("tls", loop, ends);
    idle_memory("tls", loop, acceptor,
                [&](LinkProbe& p) { return tls::dial(loop, server->local(), client_identity, options, p); });
}

/// What a stranger costs who sends one first packet and falls silent.
void half_open_memory(loop::Loop& loop, const quic::QuicServer& server)
{
    loop::SystemEntropy entropy;
    const auto client_identity = identity(2);
    const auto used = [] { return static_cast<double>(mallinfo2().uordblks); };
    tls::DialOptions options;
    options.peer.expected = identity(1).public_key();
    double server_side = 0;
    constexpr int count = 100;
    for (int i = 0; i < count; ++i) {
        Nat nat(loop, server.local());
        LinkProbe probe;
        const double before = used();
        auto link = quic::dial(loop, nat.address(), client_identity, options, entropy, probe);
        const std::size_t known = server.half_open();
        static_cast<void>(until(loop, [&] {
            nat.deaf_to_client = nat.to_server_bytes > 0;
            return server.half_open() > known;
        }));
        nat.black_hole = true;
        link.reset();
        server_side += used() - before;
    }
    std::printf("%-24s half-open link %.1f KiB heap of the server\n", "quic", server_side / count / 1024);
}

void quic_rows(const char* name, bool batch, bool with_traffic = true)
{
    loop::Loop loop;
    loop::SystemEntropy entropy;
    const auto server_identity = identity(1);
    const auto client_identity = identity(2);
    Acceptor acceptor;
    quic::QuicServeOptions serve;
    serve.serve.limits.links_per_subscriber_max = 10'000;
    serve.serve.limits.half_open_per_subscriber_max = 10'000;
    serve.udp.batch = batch;
    auto server = std::move(quic::QuicServer::open(loop, loop::Address::loopback_v4(0), server_identity, serve, entropy,
                                                   acceptor))
                      .value();
    tls::DialOptions options;
    options.peer.expected = server_identity.public_key();
    LinkProbe probe;
    auto link = quic::dial(loop, server->local(), client_identity, options, entropy, probe);
    static_cast<void>(until(loop, [&] { return probe.up() && acceptor.entries.size() == 1; }));
    const Ends ends{link.get(), acceptor.entries[0].link.get(), &probe, acceptor.entries[0].probe.get()};
    if (with_traffic) {
        ping_pong(name, loop, ends);
        bulk(name, loop, ends);
    }
    if (batch) half_open_memory(loop, *server);
    if (batch)
        idle_memory(name, loop, acceptor, [&](LinkProbe& p) {
            return quic::dial(loop, server->local(), client_identity, options, entropy, p);
        });
}

void peer_rows(const char* name, const Weather& weather, bool with_bulk)
{
    loop::Loop loop;
    loop::SystemEntropy entropy;
    LossyPath a_path(loop, weather, 5);
    LossyPath b_path(loop, weather, 6);
    a_path.join(b_path);
    LinkProbe a;
    LinkProbe b;
    quic::PeerOptions a_options;
    a_options.expected = identity(2).public_key();
    quic::PeerOptions b_options;
    b_options.role = quic::PeerRole::server;
    b_options.expected = identity(1).public_key();
    const Instant start = now();
    auto b_link = quic::open_peer(loop, b_path, identity(2), b_options, entropy, b);
    auto a_link = quic::open_peer(loop, a_path, identity(1), a_options, entropy, a);
    static_cast<void>(until(loop, [&] { return a.up() && b.up(); }));
    std::printf("%-24s connect: %.1f ms\n", name, seconds(now() - start) * 1000);
    const Ends ends{a_link.get(), b_link.get(), &a, &b};
    if (with_bulk) {
        ping_pong(name, loop, ends);
        bulk(name, loop, ends);
    }
}

/// The yardstick: two plain sockets on the same loop.
void udp_row()
{
    struct Echo final : loop::UdpObserver {
        bool echo = true;
        Instant start{};
        std::vector<double> times;
        void udp_datagrams(loop::UdpSocket& socket, std::span<const loop::UdpDatagram> datagrams) override
        {
            for (const auto& d : datagrams) {
                if (!echo) times.push_back(static_cast<double>((now() - start).count()));
                start = now();
                const loop::UdpSend send{.to = d.from, .from = {}, .bytes = d.bytes};
                static_cast<void>(socket.send({&send, 1}));
            }
        }
        void udp_writable(loop::UdpSocket&) override {}
    };
    loop::Loop loop;
    Echo near;
    Echo far;
    near.echo = false;
    auto a = std::move(loop::UdpSocket::open(loop, loop::Address::loopback_v4(0), near)).value();
    auto b = std::move(loop::UdpSocket::open(loop, loop::Address::loopback_v4(0), far)).value();
    const Bytes word(100, 7);
    near.start = now();
    const loop::UdpSend send{.to = b->local(), .from = {}, .bytes = word};
    static_cast<void>(a->send({&send, 1}));
    static_cast<void>(until(loop, [&] { return near.times.size() >= rounds; }));
    std::sort(near.times.begin(), near.times.end());
    std::printf("%-24s round trip of 100 B: p50 %.0f us, p99 %.0f us\n", "udp, bare", near.times[near.times.size() / 2],
                near.times[near.times.size() * 99 / 100]);
}

} // namespace

/// With an argument: only the rows of that name.
int main(int argc, char** argv)
{
    const std::string_view only = argc > 1 ? argv[1] : "";
    const auto wanted = [only](std::string_view name) { return only.empty() || only == name; };
    if (wanted("udp")) udp_row();
    if (wanted("tls")) tls_rows();
    if (wanted("quic")) quic_rows("quic", true);
    if (only == "idle") quic_rows("quic", true, false);
    if (wanted("plain")) quic_rows("quic, no batching", false);
    if (wanted("peer")) peer_rows("peer, in memory", {}, true);
    if (wanted("lossy"))
        peer_rows("peer, 5 % loss, 20 ms",
                  {.loss_percent = 5, .delay_min = Duration(10'000), .delay_max = Duration(10'100)}, false);
}

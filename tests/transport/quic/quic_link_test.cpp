// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/quic/nat.hpp"
#include "tests/transport/support/link_contract.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quic_client.hpp"
#include "transport/quic/quic_server.hpp"

#include <random>
#include <set>

using namespace godwit;
using namespace godwit::quic;
using namespace godwit::test;

namespace {

struct World {
    static constexpr std::size_t queue_overhead = tls::frame_head_bytes; // the opening frame is not acknowledged yet
    loop::Loop loop;
    loop::SystemEntropy entropy;
    tls::Identity server_identity = identity(1);
    tls::Identity client_identity = identity(2);
    Acceptor acceptor;
    std::vector<Bytes> strays;
    std::set<loop::Address> channels; ///< Whose channel data is for the stray handler.
    std::unique_ptr<QuicServer> server;
    std::unique_ptr<Nat> nat;
    LinkProbe probe;
    std::unique_ptr<port::Link> link;

    explicit World(const ServeOptions& options = {}) : World(with(options)) {}
    explicit World(const QuicServeOptions& options) { server = serve(options); }

    static QuicServeOptions with(const ServeOptions& options)
    {
        QuicServeOptions out;
        out.serve = options;
        out.reset_secret.fill(7);
        return out;
    }
    std::unique_ptr<QuicServer> serve(const QuicServeOptions& options)
    {
        return std::move(QuicServer::open(loop, loop::Address::loopback_v4(0), server_identity, options, entropy,
                                          acceptor,
                                          [this](const loop::UdpDatagram& d) {
                                              if (d.bytes[0] >= 0x40 && channels.count(d.from) == 0) return false;
                                              strays.push_back(to_bytes(d.bytes));
                                              const Bytes reply(d.bytes.rbegin(), d.bytes.rend());
                                              server->send_stray({.to = d.from, .from = d.to, .bytes = reply});
                                              return true;
                                          }))
            .value();
    }
    void through_nat() { nat = std::make_unique<Nat>(loop, server->local()); }
    void dial(DialOptions options = {})
    {
        if (!options.peer.expected) options.peer.expected = server_identity.public_key();
        link = quic::dial(loop, nat ? nat->address() : server->local(), client_identity, options, entropy, probe);
    }
    void connect(const DialOptions& options = {})
    {
        dial(options);
        REQUIRE(until(loop, [&] { return probe.up() && acceptor.entries.size() == 1; }));
    }
    LinkProbe& far() { return *acceptor.entries.at(0).probe; }
    std::unique_ptr<port::Link>& far_link() { return acceptor.entries.at(0).link; }
    [[nodiscard]] bool echo(std::string_view word)
    {
        const std::size_t before = far().frames;
        return link->send(as_bytes(word)) && until(loop, [&] { return far().frames == before + 1; });
    }
};

/// A plain UDP socket: a stranger.
struct Stranger final : loop::UdpObserver {
    std::unique_ptr<loop::UdpSocket> socket;
    std::vector<Bytes> got;
    explicit Stranger(loop::Loop& loop)
    {
        socket = std::move(loop::UdpSocket::open(loop, loop::Address::loopback_v4(0), *this)).value();
    }
    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        for (const auto& d : datagrams)
            got.push_back(to_bytes(d.bytes));
    }
    void udp_writable(loop::UdpSocket&) override {}
    void say(const loop::Address& to, BytesView bytes)
    {
        const loop::UdpSend send{.to = to, .from = {}, .bytes = bytes};
        static_cast<void>(socket->send({&send, 1}));
    }
};

} // namespace

TEST_CASE("quic: both sides prove their keys, and frames pass both ways")
{
    proves_keys<World>();
}
TEST_CASE("quic: a wrong pinned key is relay_key_mismatch, or what the caller calls it, and the server sees no link")
{
    wrong_key<World>();
}
TEST_CASE("quic: a client whose key is refused never thinks that it is in")
{
    refused_client<World>();
}
TEST_CASE("quic: another protocol name is protocol_mismatch")
{
    wrong_protocol<World>();
}
TEST_CASE("quic: 10,000 frames each way in order, the largest among them")
{
    carries_many<World>();
}
TEST_CASE("quic: one byte above the frame limit, and a full queue, are refused and cost nothing")
{
    has_limits<World>();
}
TEST_CASE("quic: the far side's frames are as long as they may be, and one byte more ends the link")
{
    limits_frames<World>();
}

TEST_CASE("quic: a link may be destroyed inside each of its callbacks")
{
    dies_in_callbacks<World>();
}
TEST_CASE("quic: the server, or the link just accepted, may go inside link_accepted")
{
    server_dies<World>();
}

TEST_CASE("quic: without batching, the same")
{
    QuicServeOptions options = World::with({});
    options.udp.batch = false;
    World world(options);
    world.connect();
    Stream out{.count = 3000};
    world.far().on_frame = [&](port::Link&, BytesView frame) { out.check(frame); };
    world.probe.on_writable = [&](port::Link& link) { out.push(link); };
    out.push(*world.link);
    REQUIRE(until(world.loop, [&] { return out.done(); }));
    CHECK_FALSE(out.wrong);
    CHECK(world.strays.empty()); // no QUIC packet may look like anything else
}

TEST_CASE("quic: one server on all addresses serves IPv4 and IPv6, and answers from where it was asked")
{
    for (const bool batch : {true, false}) {
        World world;
        QuicServeOptions options = World::with({});
        options.udp.batch = batch;
        auto all = QuicServer::open(world.loop, loop::Address::any_v6(0), world.server_identity, options, world.entropy,
                                    world.acceptor);
        if (!all && all.error().code == ErrorCode::unsupported) return; // a host without IPv6
        REQUIRE(all);
        DialOptions dial;
        dial.peer.expected = world.server_identity.public_key();
        auto other_v4 = loop::Address::loopback_v4((*all)->local().port);
        other_v4.ip[3] = 9;
        for (const auto& to : {other_v4, loop::Address::loopback_v6((*all)->local().port)}) {
            LinkProbe probe;
            auto link = quic::dial(world.loop, to, world.client_identity, dial, world.entropy, probe);
            REQUIRE(until(world.loop, [&] { return probe.ups + probe.downs > 0; }));
            CHECK(probe.up());
            CHECK(world.acceptor.entries.back().from.is_v6 == to.is_v6);
        }
    }
}

TEST_CASE("quic: the server may speak first")
{
    World world;
    world.acceptor.on_accept = [](Acceptor::Entry& entry) { CHECK(entry.link->send(as_bytes("welcome"))); };
    world.connect();
    REQUIRE(until(world.loop, [&] { return world.probe.frames == 1; }));
    CHECK(world.probe.kept[0] == to_bytes(as_bytes("welcome")));
}

TEST_CASE("quic: goodbye, vanishing and closing while sending are told apart")
{
    World world;
    world.connect();
    for (int i = 0; i < 5; ++i)
        CHECK(world.link->send(Bytes(1000, 1)));
    world.link->close();
    CHECK_FALSE(world.link->send(as_bytes("too late")));
    REQUIRE(until(world.loop, [&] { return world.far().downs == 1; }));
    CHECK(world.far().frames == 5); // what fits the first congestion window leaves before the goodbye
    CHECK(world.far().code() == ErrorCode::cancelled);
    CHECK(world.probe.downs == 0);
    CHECK(world.server->open_links() == 0);

    World other;
    other.connect();
    while (other.far_link()->send(Bytes(100'000, 1))) {}
    turns(other.loop, 3);
    other.far_link().reset();
    REQUIRE(until(other.loop, [&] { return other.probe.downs == 1; }));
    CHECK(other.probe.code() == ErrorCode::not_connected);
}

TEST_CASE("quic: nobody there is timed_out, and the dial can be cancelled before")
{
    World world;
    Stranger silent(world.loop);
    DialOptions options;
    options.peer.expected = world.server_identity.public_key();
    options.link.handshake_max = std::chrono::milliseconds(300);
    LinkProbe probe;
    auto link = quic::dial(world.loop, silent.socket->local(), world.client_identity, options, world.entropy, probe);
    LinkProbe cancelled;
    auto other =
        quic::dial(world.loop, silent.socket->local(), world.client_identity, options, world.entropy, cancelled);
    turns(world.loop, 3);
    other.reset();
    REQUIRE(until(world.loop, [&] { return probe.downs == 1; }));
    CHECK(probe.code() == ErrorCode::timed_out);
    CHECK(cancelled.downs + cancelled.ups == 0);
}

TEST_CASE("quic: a taken port is named")
{
    World world;
    auto second = QuicServer::open(world.loop, world.server->local(), world.server_identity, World::with({}),
                                   world.entropy, world.acceptor);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::address_in_use);
}

TEST_CASE("quic: a NAT that changes the port in mid-flight loses nothing")
{
    World world;
    world.through_nat();
    world.connect();
    Stream out{.count = 3000};
    Stream back{.count = 3000};
    bool moved = false;
    world.far().on_frame = [&](port::Link&, BytesView frame) {
        out.check(frame);
        if (out.seen == 1000) {
            world.nat->rebind();
            moved = true;
        }
    };
    world.probe.on_frame = [&](port::Link&, BytesView frame) { back.check(frame); };
    world.probe.on_writable = [&](port::Link& link) { out.push(link); };
    world.far().on_writable = [&](port::Link& link) { back.push(link); };
    out.push(*world.link);
    back.push(*world.far_link());
    REQUIRE(until(world.loop, [&] { return out.done() && back.done(); }));
    CHECK(moved);
    CHECK_FALSE(out.wrong);
    CHECK_FALSE(back.wrong);
    world.nat->rebind(); // and again, when quiet
    CHECK(world.echo("still here"));
    CHECK(world.far_link()->send(as_bytes("so am I")));
    REQUIRE(until(world.loop, [&] { return world.probe.frames == 3001; }));
    CHECK(world.probe.up());
}

TEST_CASE("quic: a restarted server with the same secret is noticed at once")
{
    World world;
    world.through_nat();
    world.connect();
    auto reborn = world.serve(World::with({}));
    world.nat->set_server(reborn->local()); // the old one is as good as dead: nothing reaches it
    const Instant before = loop::Loop::now().mono;
    CHECK(world.link->send(as_bytes("are you there?")));
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.code() == ErrorCode::not_connected);
    CHECK(loop::Loop::now().mono - before < std::chrono::seconds(3));
    CHECK(world.probe.reason->detail.find("restarted") != std::string::npos);
}

TEST_CASE("quic: a server that has another secret cannot reset the connection")
{
    World world;
    world.through_nat();
    DialOptions dial;
    dial.link.idle_max = std::chrono::milliseconds(400);
    world.connect(dial);
    auto options = World::with({});
    options.reset_secret.fill(8);
    auto impostor = world.serve(options);
    world.nat->set_server(impostor->local());
    CHECK(world.link->send(as_bytes("are you there?")));
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1; }));
    CHECK(world.probe.code() == ErrorCode::timed_out);
}

TEST_CASE("quic: silence is noticed on both sides; keep-alive keeps a quiet link")
{
    World world;
    world.through_nat();
    DialOptions dial;
    dial.link.idle_max = std::chrono::milliseconds(300);
    world.connect(dial);
    world.nat->black_hole = true;
    REQUIRE(until(world.loop, [&] { return world.probe.downs == 1 && world.far().downs == 1; }));
    CHECK(world.probe.code() == ErrorCode::timed_out);
    CHECK(world.far().code() == ErrorCode::timed_out);

    World kept;
    dial.link.keep_alive = std::chrono::milliseconds(50);
    kept.connect(dial);
    const Instant end = loop::Loop::now().mono + std::chrono::milliseconds(900);
    REQUIRE(until(kept.loop, [&] { return loop::Loop::now().mono > end; }));
    CHECK(kept.probe.up());
    CHECK(kept.far().frames == 0);
}

TEST_CASE("quic: a quiet client is asked for a sign of life, and answers in the turn in which the question comes")
{
    ServeOptions serve;
    serve.link.keep_alive = std::chrono::milliseconds(60);
    World world(serve);
    world.through_nat();
    loop::Loop sleeper; // the client's own: it turns only when it is told to
    DialOptions options;
    options.peer.expected = world.server_identity.public_key();
    options.link.acknowledge_at_once = true;
    const auto link =
        quic::dial(sleeper, world.nat->address(), world.client_identity, options, world.entropy, world.probe);
    const auto pump = [&](Instant end, const auto& done) {
        while (!done() && loop::Loop::now().mono < end) { // a round trip of some milliseconds
            sleeper.run_once(std::chrono::milliseconds(2));
            world.loop.run_once(std::chrono::milliseconds(2));
        }
    };
    const Instant begun = loop::Loop::now().mono;
    pump(begun + std::chrono::seconds(20), [&] { return world.probe.up() && world.acceptor.entries.size() == 1; });
    REQUIRE(world.probe.up());
    pump(loop::Loop::now().mono + std::chrono::milliseconds(400), [] { return false; }); // what a handshake leaves
    for (int question = 0; question < 3; ++question) {
        const auto asked = world.nat->to_client_bytes;
        REQUIRE(until(world.loop, [&] { return world.nat->to_client_bytes > asked; }));
        const auto answered = world.nat->to_server_bytes;
        sleeper.run_once(Duration::zero());
        CHECK(until(world.loop, [&] { return world.nat->to_server_bytes > answered; }));
    }
    CHECK(world.probe.up());
    CHECK(world.far().frames == 0);
}

TEST_CASE("quic: Retry proves addresses when asked to, and when busy")
{
    auto options = World::with({});
    options.retry_always = true;
    World world(options);
    world.connect();
    CHECK(world.echo("through Retry"));

    ServeOptions busy;
    busy.limits.half_open_max = 4; // one newcomer makes it busy
    World other(busy);
    DialOptions dial;
    dial.peer.expected = other.server_identity.public_key();
    // The server answers this client through a NAT that swallows the answers: half-open for ten seconds.
    Nat nat(other.loop, other.server->local());
    LinkProbe lost;
    auto half = quic::dial(other.loop, nat.address(), other.client_identity, dial, other.entropy, lost);
    REQUIRE(until(other.loop, [&] { return other.server->half_open() == 1 || nat.to_server_bytes > 0; }));
    nat.black_hole = true;
    REQUIRE(until(other.loop, [&] { return other.server->half_open() == 1; }));
    other.connect();
    CHECK(other.echo("through Retry"));
    half.reset();
}

TEST_CASE("quic: who has been here proves its address by what it was given then, and what proves nothing costs a Retry")
{
    auto options = World::with({});
    options.retry_always = true;
    World world(options);
    const auto tokens = std::make_shared<AddressTokens>();
    DialOptions dial;
    dial.peer.expected = world.server_identity.public_key();
    const auto visit = [&](World& where) {
        LinkProbe probe;
        auto link =
            quic::dial(where.loop, where.server->local(), where.client_identity, dial, where.entropy, probe, tokens);
        REQUIRE(until(where.loop, [&] { return probe.up(); }));
        // What was given comes with the handshake's end, or a turn later.
        Bytes token;
        REQUIRE(until(where.loop, [&] { return !(token = tokens->take(where.server->local())).empty(); }));
        return token;
    };
    const auto retries_of_a_visit_with = [&](World& where, BytesView token) {
        tokens->keep(where.server->local(), token);
        const auto before = where.server->retries();
        static_cast<void>(visit(where));
        return where.server->retries() - before;
    };
    const auto first = visit(world);
    CHECK(world.server->retries() == 1);
    CHECK(retries_of_a_visit_with(world, first) == 0);
    CHECK(retries_of_a_visit_with(world, {}) == 1);
    auto changed = first;
    changed.back() ^= 1;
    CHECK(retries_of_a_visit_with(world, changed) == 1);
    CHECK(retries_of_a_visit_with(world, BytesView(first).first(1)) == 1);
    World another(options); // each has a secret of its own
    CHECK(retries_of_a_visit_with(another, first) == 1);
    options.address_secret.fill(3);
    World before(options), restarted(options);
    CHECK(retries_of_a_visit_with(restarted, visit(before)) == 0);
    options.address_secret.fill(4);
    World stranger(options);
    CHECK(retries_of_a_visit_with(stranger, visit(restarted)) == 1);
    auto lenient = World::with({}); // and where addresses are not asked for, a bad one is no reason to refuse
    World other(lenient);
    CHECK(retries_of_a_visit_with(other, changed) == 0);
}

TEST_CASE("quic: tokens are kept for some servers, one each, and none that is too long")
{
    AddressTokens tokens;
    const auto server = [](std::uint16_t port) { return loop::Address::loopback_v4(port); };
    const auto servers = static_cast<std::uint16_t>(AddressTokens::servers_max);
    for (std::uint16_t port = 1; port <= servers + 1; ++port)
        tokens.keep(server(port), Bytes(AddressTokens::token_bytes_max, static_cast<std::uint8_t>(port)));
    CHECK(tokens.take(server(1)).empty()); // the oldest made room
    CHECK(tokens.take(server(2)) == Bytes(AddressTokens::token_bytes_max, 2));
    CHECK(tokens.take(server(2)).empty());
    tokens.keep(server(3), Bytes(AddressTokens::token_bytes_max + 1, 9));
    CHECK(tokens.take(server(3)) == Bytes(AddressTokens::token_bytes_max, 3));
    tokens.keep(server(4), Bytes(1, 7));
    CHECK(tokens.take(server(4)) == Bytes(1, 7));
    CHECK(tokens.take(server(4)).empty());
    AddressTokens two;
    two.keep(server(1), Bytes(1, 1));
    for (int visit = 0; visit <= servers; ++visit) {
        static_cast<void>(two.take(server(2)));
        two.keep(server(2), Bytes(1, 2));
    }
    CHECK(two.take(server(1)) == Bytes(1, 1)); // who is visited often pushes nobody out
}

TEST_CASE("quic: nothing is kept of a thousand who have not proved an address, and each is told how to")
{
    auto options = World::with({});
    options.retry_always = true;
    World world(options);
    world.through_nat();
    world.dial();
    REQUIRE(until(world.loop, [&] { return world.nat->to_server_bytes > 0; }));
    Stranger stranger(world.loop);
    const auto told = world.server->retries();
    for (std::uint32_t i = 0; i < 1000; ++i) {
        Bytes initial(1200, 0); // RFC 9000 section 17.2.2: an Initial, of which only the head is looked at
        const std::uint8_t head[] = {0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4};
        std::copy(std::begin(head), std::end(head), initial.begin());
        for (std::size_t at = 0; at < 4; ++at)
            initial[10 + at] = static_cast<std::uint8_t>(i >> (8 * at));
        initial[14] = 0;    // no id of its own
        initial[15] = 0;    // no token
        initial[16] = 0x44; // a length of two bytes
        initial[17] = 0x9e;
        stranger.say(world.server->local(), initial);
        if (i % 50 != 49) continue;
        REQUIRE(until(world.loop, [&] { return stranger.got.size() == i + 1; }));
        CHECK(world.server->half_open() <= 1); // the one who behaves, and goes on
    }
    CHECK(world.server->retries() - told >= 1000);
    for (const auto& answer : stranger.got)
        CHECK(answer.size() < 1200);
    REQUIRE(until(world.loop, [&] { return world.probe.up(); }));
    CHECK(world.server->half_open() == 0);
}

TEST_CASE("quic: beyond its limits a server refuses newcomers and keeps those who are in")
{
    ServeOptions options;
    options.limits.links_max = 2;
    World world(options);
    LinkProbe probes[3];
    std::unique_ptr<port::Link> links[3];
    DialOptions dial;
    dial.peer.expected = world.server_identity.public_key();
    for (int i = 0; i < 3; ++i) {
        links[i] = quic::dial(world.loop, world.server->local(), world.client_identity, dial, world.entropy, probes[i]);
        REQUIRE(until(world.loop, [&] { return probes[i].ups + probes[i].downs == 1; }));
    }
    CHECK(probes[0].up());
    CHECK(probes[1].up());
    CHECK(probes[2].code() == ErrorCode::not_connected);
    links[0].reset();
    REQUIRE(until(world.loop, [&] { return world.server->open_links() == 1; }));
    LinkProbe again;
    auto link = quic::dial(world.loop, world.server->local(), world.client_identity, dial, world.entropy, again);
    REQUIRE(until(world.loop, [&] { return again.up(); }));

    world.server->stop_accepting();
    LinkProbe late;
    auto too_late = quic::dial(world.loop, world.server->local(), world.client_identity, dial, world.entropy, late);
    REQUIRE(until(world.loop, [&] { return late.downs == 1; }));
    CHECK(late.code() == ErrorCode::not_connected);
    CHECK(again.up());
}

TEST_CASE("quic: an answer to an unproved address is at most three times what it sent, repetitions included")
{
    ServeOptions options;
    options.link.handshake_max = std::chrono::milliseconds(3500); // room for the repetitions after 1 s and 3 s
    World world(options);
    world.through_nat();
    world.dial();
    REQUIRE(until(world.loop, [&] { return world.nat->to_server_bytes > 0; }));
    world.nat->deaf_to_client = true; // the server never hears more than this first flight
    const std::size_t asked = world.nat->to_server_bytes;
    REQUIRE(until(world.loop, [&] { return world.server->half_open() == 1; }));
    REQUIRE(until(world.loop, [&] { return world.server->half_open() == 0; }));
    CHECK(world.nat->to_client_bytes > asked); // it did answer, and more than once
    CHECK(world.nat->to_client_bytes <= 3 * asked);
    CHECK(world.acceptor.entries.empty());
}

TEST_CASE("quic: datagrams that are not QUIC go to the stray handler, which can answer")
{
    World world;
    Stranger stranger(world.loop);
    const Bytes binding = *from_hex("000100002112a442000102030405060708090a0b");
    stranger.say(world.server->local(), binding);
    REQUIRE(until(world.loop, [&] { return stranger.got.size() == 1; }));
    CHECK(world.strays == std::vector<Bytes>{binding});
    CHECK(stranger.got[0] == Bytes(binding.rbegin(), binding.rend()));
}

TEST_CASE(
    "quic: TURN channels, which begin as some packets do, go to whoever knows their sender; QUIC beside them goes on")
{
    World world;
    Stranger known(world.loop);
    Stranger unknown(world.loop);
    world.channels.insert(known.socket->local());
    const Bytes channel = *from_hex("4000000568656c6c6f");
    const Bytes above = *from_hex("c000000568656c6c6f");
    unknown.say(world.server->local(), channel);
    known.say(world.server->local(), above);
    known.say(world.server->local(), channel);
    REQUIRE(until(world.loop, [&] { return !known.got.empty(); }));
    CHECK(world.strays == std::vector<Bytes>{channel});
    CHECK(unknown.got.empty());
    world.connect();
}

TEST_CASE("quic: another version is answered by Version Negotiation, and only when the question was long enough")
{
    World world;
    Stranger stranger(world.loop);
    Bytes initial(1200, 0);
    const Bytes head = *from_hex("c0babababa0801020304050607080411121314");
    std::copy(head.begin(), head.end(), initial.begin());
    stranger.say(world.server->local(), BytesView(initial).first(1199));
    stranger.say(world.server->local(), initial);
    REQUIRE(until(world.loop, [&] { return stranger.got.size() == 1; }));
    turns(world.loop, 10);
    REQUIRE(stranger.got.size() == 1);
    const Bytes& answer = stranger.got[0];
    CHECK(to_hex(BytesView(answer).subspan(1, 18)) == "00000000"
                                                      "0411121314"
                                                      "080102030405060708"); // RFC 9000 section 17.2.1
    CHECK(to_hex(BytesView(answer).subspan(19, 4)) == "00000001");
}

TEST_CASE("quic: garbage harms nobody, and answers are shorter than questions, seed 20260902")
{
    World world;
    world.connect();
    Stranger stranger(world.loop);
    std::mt19937 random(20260902);
    std::size_t asked = 0;
    for (int round = 0; round < 3000; ++round) {
        Bytes bytes(1 + random() % 1500);
        for (auto& b : bytes)
            b = static_cast<std::uint8_t>(random());
        if (round % 3 == 1) bytes[0] |= 0xc0;
        if (round % 3 == 2) bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x3f) | 0x40);
        if (round % 3 == 1 && bytes.size() > 10) {
            const std::uint8_t version_one[] = {0, 0, 0, 1, 8};
            std::copy(std::begin(version_one), std::end(version_one), bytes.begin() + 1);
        }
        asked += bytes.size();
        stranger.say(world.server->local(), bytes);
        if (round % 16 == 0) turns(world.loop, 1);
    }
    turns(world.loop, 20);
    std::size_t answered = 0;
    for (const auto& b : stranger.got)
        answered += b.size();
    CHECK(answered <= 2 * asked); // our stray handler echoes; QUIC alone stays below
    CHECK(world.echo("unharmed"));
    CHECK(world.acceptor.entries.size() == 1);
    CHECK(world.server->half_open() <= 32);
}

TEST_CASE("quic: stateless resets are shorter than what caused them, and only so many a second")
{
    World world;
    Stranger stranger(world.loop);
    Bytes short_packet(40, 0x41);
    const Instant start = loop::Loop::now().mono;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        std::memcpy(short_packet.data() + 1, &i, sizeof i);
        stranger.say(world.server->local(), short_packet);
        if (i % 64 == 0) turns(world.loop, 1);
    }
    turns(world.loop, 20);
    const auto seconds = (loop::Loop::now().mono - start) / std::chrono::seconds(1) + 1;
    CHECK(stranger.got.size() > 100);
    CHECK(stranger.got.size() <= 2000 * static_cast<std::size_t>(seconds)); // resets_per_second_max
    for (const auto& reset : stranger.got)
        CHECK(reset.size() == short_packet.size() - 1);
    // And one that is too short to be answered by a shorter one.
    stranger.got.clear();
    stranger.say(world.server->local(), BytesView(short_packet).first(21));
    turns(world.loop, 20);
    CHECK(stranger.got.empty());
}

TEST_CASE("quic: a flood of first packets from one place is bounded, and others still get in")
{
    ServeOptions options;
    options.link.handshake_max = std::chrono::milliseconds(500);
    options.limits.half_open_per_subscriber_max = 8;
    World world(options);
    std::vector<std::unique_ptr<Nat>> holes;
    std::vector<std::unique_ptr<LinkProbe>> probes;
    std::vector<std::unique_ptr<port::Link>> links;
    DialOptions dial;
    dial.peer.expected = world.server_identity.public_key();
    for (int i = 0; i < 30; ++i) {
        holes.push_back(std::make_unique<Nat>(world.loop, world.server->local()));
        probes.push_back(std::make_unique<LinkProbe>());
        links.push_back(quic::dial(world.loop, holes.back()->address(), world.client_identity, dial, world.entropy,
                                   *probes.back()));
        REQUIRE(until(world.loop, [&] { return holes.back()->to_server_bytes > 0; }));
        turns(world.loop, 3);
        holes.back()->black_hole = true;
        CHECK(world.server->half_open() <= 8);
    }
    links.clear();
    REQUIRE(until(world.loop, [&] { return world.server->half_open() == 0; }));
    CHECK(world.server->open_links() == world.acceptor.entries.size());
    for (auto& entry : world.acceptor.entries)
        entry.link.reset();
    world.acceptor.entries.clear();
    world.connect();
}

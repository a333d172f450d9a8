// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/quic/lossy_path.hpp"
#include "tests/transport/support/link_probe.hpp"
#include "tests/transport/support/until.hpp"
#include "transport/loop/system_entropy.hpp"
#include "transport/quic/quantum.hpp"
#include "transport/quic/quic_core.hpp"
#include "transport/quic/quic_peer.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::quic;
using namespace godwit::test;

namespace {

struct Pair {
    loop::Loop loop;
    loop::SystemEntropy entropy;
    LossyPath a_path;
    LossyPath b_path;
    LinkProbe a;
    LinkProbe b;
    std::unique_ptr<port::Link> a_link;
    std::unique_ptr<port::Link> b_link;
    PeerOptions a_options{.role = PeerRole::client,
                          .expected = identity(2).public_key(),
                          .alpn = std::string(tls::alpn_peer),
                          .link = {}};
    PeerOptions b_options{.role = PeerRole::server,
                          .expected = identity(1).public_key(),
                          .alpn = std::string(tls::alpn_peer),
                          .link = {}};

    explicit Pair(const Weather& weather = {}, std::uint32_t seed = 1)
        : a_path(loop, weather, seed), b_path(loop, weather, seed + 1)
    {
        a_path.join(b_path);
    }
    void open()
    {
        b_link = open_peer(loop, b_path, identity(2), b_options, entropy, b);
        a_link = open_peer(loop, a_path, identity(1), a_options, entropy, a);
    }
    void connect()
    {
        open();
        REQUIRE(until(loop, [&] { return a.up() && b.up(); }));
    }
    void exchange(std::size_t count)
    {
        Stream out{.count = count};
        Stream back{.count = count};
        a.on_frame = [&](port::Link&, BytesView frame) { back.check(frame); };
        b.on_frame = [&](port::Link&, BytesView frame) { out.check(frame); };
        a.on_writable = [&](port::Link& link) { out.push(link); };
        b.on_writable = [&](port::Link& link) { back.push(link); };
        out.push(*a_link);
        back.push(*b_link);
        REQUIRE(until(
            loop, [&] { return (out.done() && back.done()) || a.downs > 0 || b.downs > 0; }, std::chrono::seconds(60)));
        CHECK(out.seen == count);
        CHECK(back.seen == count);
        CHECK_FALSE(out.wrong);
        CHECK_FALSE(back.wrong);
    }
};

} // namespace

TEST_CASE("peer: both prove their device keys, and the server may speak first")
{
    Pair pair;
    pair.b.on_up = [](port::Link& link) { CHECK(link.send(as_bytes("hello"))); };
    pair.connect();
    CHECK(pair.a_link->peer_key() == identity(2).public_key());
    CHECK(pair.b_link->peer_key() == identity(1).public_key());
    REQUIRE(until(pair.loop, [&] { return pair.a.frames == 1; }));
    pair.exchange(0);
}

TEST_CASE("peer: a path that loses, repeats and reorders carries everything")
{
    const std::pair<std::uint32_t, Weather> table[] = {
        {11, {.loss_percent = 5, .duplicate_percent = 5, .delay_min = Duration(500), .delay_max = Duration(6000)}},
        {12, {.loss_percent = 20, .duplicate_percent = 10, .delay_min = Duration(200), .delay_max = Duration(3000)}},
        {13, {.datagram_bytes_max = 1200}},
        {14, {.batch_max = 1}},
    };
    for (const auto& [seed, weather] : table) {
        CAPTURE(seed);
        Pair pair(weather, seed);
        pair.connect();
        pair.exchange(600);
    }
}

TEST_CASE("peer: what arrives in one turn of the loop shares an acknowledgement")
{
    Pair pair;
    pair.connect();
    pair.exchange(10); // what a handshake leaves behind is said
    const auto came = pair.b_path.arrived;
    const auto said = pair.b_path.sent;
    CHECK(pair.a_link->send(Bytes(60'000)));
    const auto frames = pair.b.frames;
    REQUIRE(until(pair.loop, [&] { return pair.b.frames == frames + 1; }));
    const auto arrived = pair.b_path.arrived - came;
    CHECK(arrived >= 40);
    CHECK(pair.b_path.sent - said <=
          arrived / 4); // one for each two, if each had its own turn (RFC 9000 section 13.2.2)
}

TEST_CASE("a millisecond of the pacer's rate leaves in one go: a datagram at least, a train at most")
{
    constexpr double mbit_s = 1e6 / 8 / 1e9; // in bytes a nanosecond
    constexpr std::size_t ten = 10 * datagram_bytes_max;
    CHECK(quantum_bytes(0, 0) == datagram_bytes_max);
    CHECK(quantum_bytes(-1, 0) == datagram_bytes_max);
    CHECK(quantum_bytes(20 * mbit_s, 2 * datagram_bytes_max) == 2 * datagram_bytes_max); // as ngtcp2 has it
    CHECK(quantum_bytes(20 * mbit_s, ten) == ten);
    CHECK(quantum_bytes(200 * mbit_s, ten) == 25'000);
    CHECK(quantum_bytes(800 * mbit_s, ten) == train_bytes_max);
    CHECK(quantum_bytes(1e9, ten) == train_bytes_max);
    CHECK(quantum_bytes(0, 64 * 1024) == train_bytes_max);
}

TEST_CASE("peer: where much goes it goes in long trains, and nothing of them goes alone")
{
    Pair pair;
    pair.connect();
    std::size_t seen = 0;
    pair.b.on_frame = [&](port::Link&, BytesView) { ++seen; };
    constexpr std::size_t films = 48;
    const auto trains = pair.a_path.trains;
    const auto alone = pair.a_path.alone;
    for (std::size_t i = 0; i < films; ++i)
        REQUIRE(pair.a_link->send(pattern(64 * 1024, i), port::Lane::bulk));
    REQUIRE(until(pair.loop, [&] { return seen == films; }, std::chrono::seconds(30)));
    CHECK(pair.a_path.longest_train > 20);
    CHECK(pair.a_path.longest_train <= train_bytes_max / 1200);
    CHECK((pair.a_path.alone - alone) * 4 < pair.a_path.trains - trains);
}

TEST_CASE("peer: bulk yields: a message overtakes a film, and both arrive whole and in order")
{
    for (const unsigned loss : {0U, 5U}) {
        CAPTURE(loss);
        // 1 MiB at what this path gives (64 datagrams a turn, 5 ms each way) takes many round trips.
        Pair pair({.loss_percent = loss, .delay_min = Duration(5000), .delay_max = Duration(5000)}, 21);
        pair.connect();
        const std::size_t films = 16;
        std::size_t bulk_seen = 0;
        std::size_t bulk_when_prompt_came = films;
        bool wrong = false;
        pair.b.on_frame = [&](port::Link&, BytesView frame) {
            if (frame.size() == 5) {
                bulk_when_prompt_came = bulk_seen;
                return;
            }
            const Bytes expected = pattern(64 * 1024, bulk_seen++);
            wrong = wrong || !std::equal(frame.begin(), frame.end(), expected.begin(), expected.end());
        };
        for (std::size_t i = 0; i < films; ++i)
            REQUIRE(pair.a_link->send(pattern(64 * 1024, i), port::Lane::bulk));
        REQUIRE(pair.a_link->send(as_bytes("quick")));
        REQUIRE(until(
            pair.loop, [&] { return bulk_seen == films && bulk_when_prompt_came < films; }, std::chrono::seconds(30)));
        CHECK_FALSE(wrong);
        CHECK(bulk_when_prompt_came < films / 2);
    }
}

TEST_CASE("peer: bulk both ways at once, and each lane has room of its own")
{
    Pair pair;
    pair.connect();
    std::size_t a_seen = 0;
    std::size_t b_seen = 0;
    pair.a.on_frame = [&](port::Link&, BytesView frame) { a_seen += frame.size(); };
    pair.b.on_frame = [&](port::Link&, BytesView frame) { b_seen += frame.size(); };
    const Bytes film(64 * 1024, 7);
    std::size_t taken = 0;
    while (pair.a_link->send(film, port::Lane::bulk))
        ++taken;
    CHECK(taken == port::link_queue_bytes_max / film.size() - 1); // the length prefixes
    CHECK(pair.a_link->send(film));
    for (std::size_t i = 0; i < 10; ++i)
        CHECK(pair.b_link->send(film, port::Lane::bulk));
    REQUIRE(until(
        pair.loop, [&] { return b_seen == (taken + 1) * film.size() && a_seen == 10 * film.size(); },
        std::chrono::seconds(30)));
    REQUIRE(until(pair.loop, [&] { return pair.a.writables == 1; }));
    REQUIRE(until(pair.loop, [&] { return pair.a_link->quality().queued_bytes == 0; }));
}

TEST_CASE("peer: datagrams go beside the frames, whole, and before the bulk that waits")
{
    Pair pair({.delay_min = Duration(5000), .delay_max = Duration(5000)}, 31);
    pair.open();
    CHECK_FALSE(pair.a_link->send_datagram(as_bytes("too early")));
    REQUIRE(until(pair.loop, [&] { return pair.a.up() && pair.b.up(); }));
    std::vector<Bytes> at_a, at_b;
    std::size_t bulk = 0, bulk_before_last = 0;
    pair.a.on_datagram = [&](port::Link&, BytesView datagram) { at_a.push_back(to_bytes(datagram)); };
    pair.b.on_datagram = [&](port::Link&, BytesView datagram) {
        at_b.push_back(to_bytes(datagram));
        bulk_before_last = bulk;
    };
    pair.b.on_frame = [&](port::Link&, BytesView) { ++bulk; };
    for (std::size_t i = 0; i < 8; ++i)
        REQUIRE(pair.a_link->send(pattern(64 * 1024, i), port::Lane::bulk));
    for (std::size_t i = 0; i < 20; ++i) {
        REQUIRE(pair.a_link->send_datagram(pattern(1150, i)));
        REQUIRE(pair.b_link->send_datagram(pattern(1 + i, i)));
    }
    REQUIRE(until(pair.loop, [&] { return at_a.size() == 20 && at_b.size() == 20 && bulk == 8; }));
    CHECK(bulk_before_last < 4);
    for (std::size_t i = 0; i < 20; ++i) {
        CHECK(at_b[i] == pattern(1150, i));
        CHECK(at_a[i] == pattern(1 + i, i));
    }
    CHECK_FALSE(pair.a_link->send_datagram({})); // nothing in it
    CHECK_FALSE(pair.a_link->send_datagram(pattern(1453 - 37, 0)));
    // The link goes on as before, also when its end lies inside of a datagram's report.
    pair.a.on_datagram = [&](port::Link& link, BytesView) { link.close(); };
    REQUIRE(pair.b_link->send_datagram(as_bytes("bye")));
    REQUIRE(until(pair.loop, [&] { return pair.b.downs == 1; }));
    CHECK(pair.b.code() == ErrorCode::cancelled);
    CHECK_FALSE(pair.b_link->send_datagram(as_bytes("too late")));
}

TEST_CASE("peer: datagrams that nobody takes: the oldest go, the link lives, and loss loses some and repeats none")
{
    Pair pair({.loss_percent = 20}, 32);
    pair.connect();
    std::vector<std::size_t> seen;
    pair.b.on_datagram = [&](port::Link&, BytesView datagram) { seen.push_back(datagram.size()); };
    pair.a_path.refuse_all = true;
    for (std::size_t i = 1; i <= 3 * datagrams_waiting_max; ++i)
        CHECK(pair.a_link->send_datagram(Bytes(i, 1)));
    pair.a_path.refuse_all = false;
    CHECK(pair.a_link->send(as_bytes("after them")));
    REQUIRE(until(pair.loop, [&] { return pair.b.frames == 1; }));
    turns(pair.loop, 20);
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.front() > 2 * datagrams_waiting_max);
    CHECK(seen.size() < datagrams_waiting_max);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("peer: whoever is not the expected device is refused, on either side")
{
    for (const bool wrong_at_client : {true, false}) {
        Pair pair;
        (wrong_at_client ? pair.a_options : pair.b_options).expected = identity(9).public_key();
        pair.a.on_up = [](port::Link& link) { CHECK(link.send(as_bytes("for nobody else"))); };
        pair.open();
        REQUIRE(until(pair.loop, [&] { return pair.a.downs == 1 && pair.b.downs == 1; }));
        CHECK(pair.a.ups == (wrong_at_client ? 0U : 1U)); // the client does not wait for the server's judgement
        CHECK(pair.b.ups == 0);
        CHECK(pair.b.frames == 0);
        CHECK((wrong_at_client ? pair.a : pair.b).code() == ErrorCode::authentication_failed);
    }
}

TEST_CASE("peer: what the client says first goes with the end of its handshake, and waits for no answer")
{
    Pair pair;
    pair.a.on_up = [&](port::Link& link) {
        pair.b_path.refuse_all = true; // nothing comes back any more
        CHECK(link.send(as_bytes("first")));
    };
    pair.open();
    REQUIRE(until(pair.loop, [&] { return pair.b.frames == 1; }));
    CHECK(pair.b.kept[0] == to_bytes(as_bytes("first")));
    CHECK(pair.a.up());
}

TEST_CASE("peer: a link may be closed, or go, when it is told that it is up")
{
    for (const bool close : {true, false}) {
        Pair pair;
        pair.a.on_up = [&](port::Link& link) { close ? link.close() : pair.a_link.reset(); };
        pair.open();
        REQUIRE(until(pair.loop, [&] { return pair.b.downs == 1; }));
        CHECK(pair.a.ups == 1);
    }
}

TEST_CASE("peer: a server whose client never comes is timed_out")
{
    Pair pair;
    pair.b_options.link.handshake_max = std::chrono::milliseconds(100);
    pair.b_link = open_peer(pair.loop, pair.b_path, identity(2), pair.b_options, pair.entropy, pair.b);
    REQUIRE(until(pair.loop, [&] { return pair.b.downs == 1; }));
    CHECK(pair.b.code() == ErrorCode::timed_out);
    CHECK_FALSE(pair.b_path.observed());
}

TEST_CASE("peer: the end of the path is the end of the link, with the path's reason")
{
    Pair pair;
    pair.connect();
    pair.a_path.fail(Error{ErrorCode::not_connected, "consent lost"});
    CHECK(pair.a.downs == 1);
    CHECK(pair.a.reason->detail == "consent lost");
    CHECK_FALSE(pair.a_path.observed());
    pair.b_link.reset();
    CHECK_FALSE(pair.b_path.observed());
}

TEST_CASE("peer: a path that takes nothing for a while only delays")
{
    Pair pair;
    pair.connect();
    pair.a_path.refuse_all = true;
    for (int i = 0; i < 100; ++i)
        CHECK(pair.a_link->send(Bytes(2000, 1)));
    turns(pair.loop, 20);
    pair.a_path.refuse_all = false;
    REQUIRE(until(pair.loop, [&] { return pair.b.frames == 100; }));
}

TEST_CASE("peer: datagrams that are no QUIC do not disturb")
{
    Pair pair;
    pair.open();
    const Bytes noise(100, 0x55);
    const BytesView batch[] = {noise, BytesView(noise).first(1), noise};
    pair.a_path.send(batch);
    REQUIRE(until(pair.loop, [&] { return pair.a.up() && pair.b.up(); }));
    pair.a_path.send(batch);
    pair.b_path.send(batch);
    pair.exchange(50);
}

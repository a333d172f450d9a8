// SPDX-License-Identifier: Apache-2.0
#include "tests/transport/support/until.hpp"
#include "transport/loop/sockaddr.hpp"
#include "transport/loop/udp.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace godwit;
using namespace godwit::loop;
using godwit::test::until;

namespace {

struct Catcher final : UdpObserver {
    std::vector<Bytes> got;
    Address from;
    Address to;
    std::uint8_t ecn = 0;
    int writable = 0;
    std::function<void()> on_datagrams;

    void udp_datagrams(UdpSocket&, std::span<const UdpDatagram> datagrams) override
    {
        for (const auto& d : datagrams) {
            got.push_back(to_bytes(d.bytes));
            from = d.from;
            to = d.to;
            ecn = d.ecn;
        }
        if (on_datagrams) on_datagrams();
    }
    void udp_writable(UdpSocket&) override { ++writable; }
};

Bytes pattern(std::size_t size, std::uint8_t seed)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 7 + seed);
    return out;
}

} // namespace

TEST_CASE("udp: trains of segments arrive as datagrams, fast and plain, in every mixture")
{
    for (const bool fast_sender : {true, false}) {
        for (const bool fast_receiver : {true, false}) {
            CAPTURE(fast_sender);
            CAPTURE(fast_receiver);
            Loop loop;
            Catcher near;
            Catcher far;
            auto a = UdpSocket::open(loop, Address::loopback_v4(0), near, {.batch = fast_sender});
            auto b = UdpSocket::open(loop, Address::loopback_v4(0), far, {.batch = fast_receiver});
            REQUIRE(a);
            REQUIRE(b);
            CHECK_FALSE((!fast_sender && (*a)->batching()));
            const Bytes train = pattern(10 * 1200 + 77, 1);
            const Bytes single = pattern(5, 2);
            const UdpSend sends[] = {{.to = (*b)->local(), .from = {}, .bytes = train, .segment_bytes = 1200},
                                     {.to = (*b)->local(), .from = {}, .bytes = single}};
            CHECK((*a)->send(sends) == 2);
            REQUIRE(until(loop, [&] { return far.got.size() == 12; }));
            for (std::size_t i = 0; i < 10; ++i)
                CHECK(far.got[i] == Bytes(train.begin() + static_cast<std::ptrdiff_t>(i) * 1200,
                                          train.begin() + static_cast<std::ptrdiff_t>(i + 1) * 1200));
            CHECK(far.got[10].size() == 77);
            CHECK(far.got[11] == single);
            CHECK(far.from == (*a)->local());
            CHECK(far.to == (*b)->local());
        }
    }
}

TEST_CASE("udp: fragments allowed and forbidden, from one datagram to the next")
{
    Loop loop;
    Catcher near;
    Catcher far;
    auto a = UdpSocket::open(loop, Address::loopback_v4(0), near, {.fragments = true});
    auto b = UdpSocket::open(loop, Address::loopback_v4(0), far);
    REQUIRE(a);
    REQUIRE(b);
    // The loopback interface carries 65,536 bytes, so fragments cannot be seen here; that the switch keeps datagrams
    // going both ways can.
    const Bytes large = pattern(udp_send_bytes_max, 3);
    for (const bool allowed : {true, false, true}) {
        (*a)->allow_fragments(allowed);
        const UdpSend send{.to = (*b)->local(), .from = {}, .bytes = large};
        const auto before = far.got.size();
        CHECK((*a)->send({&send, 1}) == 1);
        REQUIRE(until(loop, [&] { return far.got.size() > before; }));
        CHECK(far.got.back() == large);
    }
}

TEST_CASE("udp: dual-stack on [::] serves IPv4 too, answers from where it was asked, and ECN passes")
{
    for (const bool batch : {true, false}) {
        Loop loop;
        Catcher near;
        Catcher far;
        auto server = UdpSocket::open(loop, Address::any_v6(0), far, {.batch = batch});
        if (!server && server.error().code == ErrorCode::unsupported) return; // a host without IPv6
        REQUIRE(server);
        auto client = UdpSocket::open(loop, Address::any_v4(0), near, {.batch = batch});
        REQUIRE(client);
        auto asked = Address::loopback_v4((*server)->local().port);
        asked.ip[3] = 9; // 127.0.0.9: the answer must come from there
        const Bytes ping = pattern(9, 3);
        const UdpSend ask[] = {{.to = asked, .from = {}, .bytes = ping, .segment_bytes = 0, .ecn = 2}};
        CHECK((*client)->send(ask) == 1);
        REQUIRE(until(loop, [&] { return far.got.size() == 1; }));
        CHECK_FALSE(far.from.is_v6);
        CHECK(far.to == asked);
        CHECK(far.ecn == 2);
        const UdpSend answer[] = {{.to = far.from, .from = far.to, .bytes = ping}};
        CHECK((*server)->send(answer) == 1);
        REQUIRE(until(loop, [&] { return near.got.size() == 1; }));
        CHECK(near.from == asked);

        Catcher near6;
        auto client6 = UdpSocket::open(loop, Address::loopback_v6(0), near6, {.batch = batch});
        REQUIRE(client6);
        const UdpSend ask6[] = {{.to = Address::loopback_v6((*server)->local().port), .from = {}, .bytes = ping}};
        CHECK((*client6)->send(ask6) == 1);
        REQUIRE(until(loop, [&] { return far.got.size() == 2; }));
        CHECK(far.from == (*client6)->local());
    }
}

TEST_CASE("udp: a taken port, a foreign address and a missing right are told apart")
{
    Loop loop;
    Catcher catcher;
    auto first = UdpSocket::open(loop, Address::loopback_v4(0), catcher);
    REQUIRE(first);
    auto second = UdpSocket::open(loop, (*first)->local(), catcher);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::address_in_use);
    auto foreign = UdpSocket::open(loop, *Address::parse("192.0.2.1:4"), catcher);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == ErrorCode::invalid_argument);
}

TEST_CASE("udp: a socket may go while it delivers, and unroutable or oversized datagrams are lost, not fatal")
{
    Loop loop;
    Catcher near;
    Catcher far;
    auto a = std::move(UdpSocket::open(loop, Address::loopback_v4(0), near)).value();
    auto b = std::move(UdpSocket::open(loop, Address::loopback_v4(0), far)).value();
    far.on_datagrams = [&] { b.reset(); };
    const Bytes bytes = pattern(100, 1);
    const Bytes huge = pattern(udp_send_bytes_max, 1);
    auto unroutable = Address::any_v6(9);
    const UdpSend sends[] = {{.to = unroutable, .from = {}, .bytes = bytes},
                             {.to = Address::parse("240.0.0.1:9").value(), .from = {}, .bytes = huge},
                             {.to = b->local(), .from = {}, .bytes = bytes}};
    CHECK(a->send(sends) == 3);
    REQUIRE(until(loop, [&] { return b == nullptr; }));
    CHECK(far.got.size() == 1);
}

namespace {

/// A bound socket that somebody else reads, one datagram a call.
struct PlainSocket {
    int fd = -1;
    Address at;
    explicit PlainSocket(bool is_v6) : fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0))
    {
        sockaddr_storage name{};
        socklen_t length = to_sockaddr(is_v6 ? Address::loopback_v6(0) : Address::loopback_v4(0), is_v6, name);
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&name), length) == 0);
        length = sizeof name;
        REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) == 0);
        at = from_sockaddr(reinterpret_cast<sockaddr*>(&name));
    }
    ~PlainSocket() { ::close(fd); }
    PlainSocket(const PlainSocket&) = delete;
    PlainSocket& operator=(const PlainSocket&) = delete;

    std::vector<Bytes> take() const
    {
        std::vector<Bytes> out;
        Bytes room(65536);
        for (;;) {
            const auto got = ::recv(fd, room.data(), room.size(), MSG_DONTWAIT);
            if (got < 0) return out;
            out.emplace_back(room.begin(), room.begin() + got);
        }
    }
};

} // namespace

TEST_CASE("udp: beside another's socket one takes QUIC of one sender; all else stays, cut, where it was")
{
    for (const bool is_v6 : {false, true}) {
        CAPTURE(is_v6);
        Loop loop;
        Catcher silent;
        Catcher caught;
        const PlainSocket first(is_v6);
        const auto any = is_v6 ? Address::loopback_v6(0) : Address::loopback_v4(0);
        auto peer = UdpSocket::open(loop, any, silent);
        auto stranger = UdpSocket::open(loop, any, silent);
        REQUIRE(peer);
        REQUIRE(stranger);
        auto beside = UdpSocket::open_beside(loop, first.fd, (*peer)->local(), caught);
#if defined(__linux__)
        REQUIRE(beside);
#endif
        if (!beside) return; // a system without
        CHECK((*beside)->local() == first.at);
        // Everything is there when send() returns: this is loopback.
        const auto say = [&](UdpSocket& from, std::uint8_t first_byte, std::size_t size, std::size_t segment = 0) {
            const Bytes bytes(size, first_byte);
            const UdpSend send{.to = first.at, .from = {}, .bytes = bytes, .segment_bytes = segment};
            REQUIRE(from.send({&send, 1}) == 1);
        };
        say(**peer, 0x47, 10 * 1200 + 77, 1200); // a short header
        say(**peer, 0xc3, 1200);                 // a long one
        REQUIRE(until(loop, [&] { return caught.got.size() == 12; }));
        CHECK(caught.got[0].size() == 1200);
        CHECK(caught.got[10].size() == 77);
        CHECK(caught.got[11][0] == 0xc3);
        CHECK(caught.from == (*peer)->local());
        CHECK(first.take().empty());

        say(**peer, 0x00, 300, 100);     // three of STUN, which nobody must see as one
        say(**stranger, 0x47, 300, 100); // QUIC, and channels' data, of somebody else
        for (int turn = 0; turn < 4; ++turn)
            loop.run_once(Duration::zero());
        CHECK(caught.got.size() == 12);
        CHECK(first.take() == std::vector<Bytes>{Bytes(100, 0x00), Bytes(100, 0x00), Bytes(100, 0x00), Bytes(100, 0x47),
                                                 Bytes(100, 0x47), Bytes(100, 0x47)});

        beside->reset();
        say(**peer, 0x47, 2400, 1200);
        CHECK(first.take().size() == 2);
        beside = UdpSocket::open_beside(loop, first.fd, (*stranger)->local(), caught);
        REQUIRE(beside);
        say(**stranger, 0x47, 2400, 1200);
        REQUIRE(until(loop, [&] { return caught.got.size() == 14; }));
        say(**peer, 0x47, 2400, 1200);
        CHECK(first.take().size() == 2);
    }
}

TEST_CASE("udp: no socket beside one of another family, or beside none")
{
    Loop loop;
    Catcher catcher;
    const PlainSocket first(false);
    CHECK_FALSE(UdpSocket::open_beside(loop, first.fd, Address::loopback_v6(1), catcher));
    CHECK_FALSE(UdpSocket::open_beside(loop, -1, Address::loopback_v4(1), catcher));
}

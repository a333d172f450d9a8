// SPDX-License-Identifier: Apache-2.0
// TURN on real sockets of both families, and what ends it from outside: an account that is no more, too much to do.
#include "relay/daemon/turn_front.hpp"
#include "relay/stun/writer.hpp"
#include "relay/turn/rest.hpp"
#include "tests/support/seeded_entropy.hpp"
#include "transport/loop/udp.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace godwit;
using namespace godwit::relay;
namespace attribute = godwit::relay::stun::attribute;
using stun::Class;
using stun::Method;

namespace {

constexpr std::string_view secret = "s";
constexpr std::uint32_t family_v6 = 2U << 24;

/// A UDP socket that keeps what comes.
struct Socket final : loop::UdpObserver {
    std::unique_ptr<loop::UdpSocket> socket;
    std::deque<std::pair<loop::Address, Bytes>> heard;

    Socket(loop::Loop& loop, const loop::Address& at)
    {
        auto opened = loop::UdpSocket::open(loop, at, *this);
        REQUIRE(opened.ok());
        socket = *std::move(opened);
    }
    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        for (const auto& one : datagrams)
            heard.emplace_back(one.from, to_bytes(one.bytes));
    }
    void udp_writable(loop::UdpSocket&) override {}
    void send(const loop::Address& to, BytesView bytes)
    {
        const loop::UdpSend one{.to = to, .from = {}, .bytes = bytes};
        CHECK(socket->send({&one, 1}) == 1);
    }
};

stun::Endpoint endpoint(const loop::Address& address)
{
    return stun::Endpoint::of(address.ip_bytes(), address.port);
}

struct House {
    loop::Loop loop;
    godwit::test::SeededEntropy entropy{7};
    Rate rate{200, std::chrono::milliseconds(20)};
    PaceTable strangers{rate, 100};
    TurnFront front{loop, config(), entropy, strangers};
    std::uint8_t transaction = 0;

    static turn::Config config()
    {
        turn::Config out;
        out.secret = crypto::to_wiped(as_bytes(secret));
        out.address_v4 = endpoint(loop::Address::loopback_v4(0));
        out.address_v6 = endpoint(loop::Address::loopback_v6(0));
        out.peers = turn::PeerPolicy(
            {{endpoint(loop::Address::loopback_v4(0)), 32}, {endpoint(loop::Address::loopback_v6(0)), 128}}, {});
        return out;
    }

    /// The cookie, and an id.
    Bytes next_transaction()
    {
        auto out = *from_hex("2112a442");
        out.resize(stun::transaction_bytes, ++transaction);
        return out;
    }
    /// The next datagram to `socket`, within ten seconds.
    Bytes next(Socket& socket)
    {
        const auto end = loop::Loop::now().mono + std::chrono::seconds(10);
        while (socket.heard.empty() && loop::Loop::now().mono < end)
            loop.run_once(end - loop::Loop::now().mono);
        REQUIRE_FALSE(socket.heard.empty());
        auto out = std::move(socket.heard.front().second);
        socket.heard.pop_front();
        return out;
    }
};

struct Caller {
    House& house;
    loop::Address server;
    Socket socket;
    std::string user;
    Bytes key, nonce;
    std::string realm;

    Caller(House& house_in, const loop::Address& server_in, const loop::Address& from, std::string_view account)
        : house(house_in), server(server_in), socket(house.loop, from),
          user(turn::rest_username(4'000'000'000, account))
    {
    }
    Bytes ask(stun::Writer request)
    {
        if (!nonce.empty())
            request.put(attribute::username, user)
                .put(attribute::realm, realm)
                .put(attribute::nonce, nonce)
                .put_integrity(key);
        socket.send(server, request.take());
        return house.next(socket);
    }
    static int code(const Bytes& answer)
    {
        const auto message = stun::Message::decode(answer);
        REQUIRE(message);
        const auto* const error = message->find(attribute::error_code);
        return error == nullptr ? 0 : error->value[2] * 100 + error->value[3];
    }
    /// The relayed address, or nothing.
    std::optional<stun::Endpoint> allocate(bool v6)
    {
        const auto request = [&] {
            stun::Writer out(Method::allocate, Class::request, house.next_transaction());
            out.put_u32(attribute::requested_transport, 17U << 24);
            if (v6) out.put_u32(attribute::requested_address_family, family_v6);
            return out;
        };
        if (nonce.empty()) {
            const auto challenge = ask(request());
            const auto message = stun::Message::decode(challenge);
            REQUIRE(code(challenge) == 401);
            realm = as_text(message->find(attribute::realm)->value);
            nonce = to_bytes(message->find(attribute::nonce)->value);
            const auto password = turn::rest_password(as_bytes(secret), user);
            const auto made =
                stun::long_term_key(stun::PasswordAlgorithm::md5, as_bytes(user), as_bytes(realm), as_bytes(password));
            key.assign(made.begin(), made.end());
        }
        const auto answer = ask(request());
        if (code(answer) != 0) return std::nullopt;
        const auto message = stun::Message::decode(answer);
        return stun::read_xor_address(message->find(attribute::xor_relayed_address)->value, message->transaction());
    }
    int bind(std::uint16_t channel, const loop::Address& peer)
    {
        stun::Writer out(Method::channel_bind, Class::request, house.next_transaction());
        out.put_u32(attribute::channel_number, std::uint32_t{channel} << 16)
            .put_xor_address(attribute::xor_peer_address, endpoint(peer));
        return code(ask(std::move(out)));
    }
};

} // namespace

TEST_CASE("real sockets: a client and a peer of either family, there and back by channel")
{
    House house;
    for (const auto& at : {loop::Address::loopback_v4(0), loop::Address::loopback_v6(0)}) {
        Socket probe(house.loop, at); // a port that is free for the server
        auto server = probe.socket->local();
        probe.socket.reset();
        REQUIRE(house.front.listen(server).ok());
        for (const bool v6 : {false, true}) {
            CAPTURE(v6);
            Caller ann(house, server, at, "ann");
            Socket peer(house.loop, v6 ? loop::Address::loopback_v6(0) : loop::Address::loopback_v4(0));
            const auto relayed = ann.allocate(v6);
            REQUIRE(relayed);
            CHECK(relayed->is_v6 == v6);
            REQUIRE(ann.bind(0x4000, peer.socket->local()) == 0);
            ann.socket.send(server, *from_hex("4000000568656c6c6f"));
            CHECK(as_text(house.next(peer)) == "hello");
            loop::Address to;
            to.ip = relayed->ip;
            to.port = relayed->port;
            to.is_v6 = v6;
            peer.send(to, as_bytes("back"));
            CHECK(to_hex(house.next(ann.socket)) == "40000004" + to_hex(as_bytes("back")));
        }
    }
}

TEST_CASE("an account that ends loses its relayed sockets in that moment, another keeps its own")
{
    House house;
    Socket probe(house.loop, loop::Address::loopback_v4(0));
    const auto server = probe.socket->local();
    probe.socket.reset();
    REQUIRE(house.front.listen(server).ok());
    Caller ann(house, server, loop::Address::loopback_v4(0), "ann"),
        bo(house, server, loop::Address::loopback_v4(0), "bo");
    const auto relayed = ann.allocate(false);
    REQUIRE(relayed);
    REQUIRE(bo.allocate(false));
    house.front.revoke("ann");
    CHECK(house.front.counters().allocations == 1);
    CHECK(house.front.counters().revoked == 1);
    // The port is anybody's again.
    auto again = loop::Address::loopback_v4(relayed->port);
    const Socket taken(house.loop, again);
    house.front.shed(true, false);
    CHECK_FALSE(ann.allocate(false));
    house.front.shed(false, false);
    CHECK(ann.allocate(false));
}

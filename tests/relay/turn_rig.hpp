// SPDX-License-Identifier: Apache-2.0
// A TURN server on a virtual clock, its sockets in a list, and clients that speak to it as the RFCs say.
#pragma once

#include "relay/turn/turn.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <deque>
#include <map>
#include <set>

namespace godwit::relay::turn::test {

using namespace std::chrono_literals;
namespace stun = relay::stun;
namespace attribute = stun::attribute;
using stun::Class;
using stun::Method;

/// "198.51.100.7", "2001:db8::1" (full groups or one "::"), with a port.
[[nodiscard]] Endpoint at(std::string_view ip, std::uint16_t port = 0);
/// "10.0.0.0/8"
[[nodiscard]] Prefix prefix(std::string_view ip, unsigned bits);

struct ToClient {
    FiveTuple client;
    Bytes bytes;
};

struct ToPeer {
    RelayId relay = 0;
    Endpoint peer;
    Bytes payload;
    bool dont_fragment = false;
};

class Sockets final : public Outside {
public:
    std::map<RelayId, Endpoint> open;
    std::set<Endpoint> taken; ///< By somebody else on this host.
    bool no_more = false;     ///< Out of descriptors.
    std::deque<ToClient> to_clients;
    std::deque<ToPeer> to_peers;

    bool open_relay(RelayId id, const Endpoint& where) override
    {
        if (no_more || taken.contains(where)) return false;
        for (const auto& [other, used] : open)
            if (used == where) return false;
        open.emplace(id, where);
        return true;
    }
    void close_relay(RelayId id) override { GODWIT_ASSERT(open.erase(id) == 1); }
    void send_to_peer(RelayId id, const Endpoint& peer, BytesView payload, bool dont_fragment) override
    {
        GODWIT_ASSERT(open.contains(id));
        to_peers.push_back({id, peer, to_bytes(payload), dont_fragment});
    }
    void send_to_client(const FiveTuple& client, BytesView head, BytesView body, std::size_t zeroes) override
    {
        auto bytes = to_bytes(head);
        append(bytes, body);
        bytes.resize(bytes.size() + zeroes);
        to_clients.push_back({client, std::move(bytes)});
    }
};

[[nodiscard]] Config config();

struct World {
    explicit World(Config what = config()) : settings(what), server(std::move(what), sockets, entropy) {}

    void pass(Duration time)
    {
        now.mono += time;
        now.wall_ms += time / 1ms;
        while (server.deadline() <= now.mono)
            server.handle_deadline(now);
    }
    /// The relayed socket that clients know by this address; 0: none.
    [[nodiscard]] RelayId relay_at(const Endpoint& told) const
    {
        for (const auto& [id, where] : sockets.open)
            if (where == told) return id;
        return 0;
    }

    Config settings;
    test::Sockets sockets;
    godwit::test::SeededEntropy entropy{7};
    Moment now{Instant(1h), 1'700'000'000'000};
    Server server;
};

/// A response, taken apart. Its bytes stay where they are.
struct Response {
    Bytes bytes;
    [[nodiscard]] bool silent() const { return bytes.empty(); }
    [[nodiscard]] stun::Message message() const;
    [[nodiscard]] int code() const; ///< 0: success, -1: silence.
    [[nodiscard]] std::optional<Endpoint> address(std::uint16_t type, std::size_t which = 0) const;
    [[nodiscard]] std::optional<std::uint32_t> number(std::uint16_t type) const;
    [[nodiscard]] Bytes value(std::uint16_t type) const;
    [[nodiscard]] std::vector<std::uint16_t> unknown() const;
};

/// Attributes of a request, in order, before the credentials.
struct Fields {
    std::vector<std::pair<std::uint16_t, Bytes>> list;

    Fields& add(std::uint16_t type, Bytes value = {})
    {
        list.emplace_back(type, std::move(value));
        return *this;
    }
    Fields& number(std::uint16_t type, std::uint32_t value)
    {
        return add(type, {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
    }
    Fields& peer(const Endpoint& peer);
};

[[nodiscard]] Fields udp_allocation();

class Client {
public:
    Client(World& world, const Endpoint& where, std::string account = "ann", Transport transport = Transport::udp);

    // What it uses.
    std::string username;
    std::string password;
    std::string realm = "gw";
    std::string nonce;
    stun::PasswordAlgorithm algorithm = stun::PasswordAlgorithm::md5;
    bool says_algorithm = false; ///< PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS.
    bool sha256 = false;         ///< MESSAGE-INTEGRITY-SHA256 instead of MESSAGE-INTEGRITY.
    FiveTuple tuple;

    /// Without credentials.
    [[nodiscard]] Response bare(Method method, const Fields& fields = {});
    /// With them; learns the nonce of a challenge, and tries again when it is stale (RFC 8489 section 9.2.5).
    Response ask(Method method, const Fields& fields = {});
    /// The same bytes again.
    Response repeat() { return exchange(last_); }
    [[nodiscard]] Bytes request(Method method, const Fields& fields);
    Response exchange(const Bytes& request);
    /// Any bytes, to whichever door of the server is right; answers stay in the sockets' list.
    void say(BytesView bytes);

    Response allocate(Fields more = {});
    Response permit(const Endpoint& peer) { return ask(Method::create_permission, Fields{}.peer(peer)); }
    Response bind(std::uint16_t channel, const Endpoint& peer);
    void send(const Endpoint& peer, std::string_view payload, bool dont_fragment = false);
    void send_channel(std::uint16_t channel, std::string_view payload);

private:
    [[nodiscard]] crypto::WipedBytes key() const;

    World& world_;
    Bytes last_;
    std::uint64_t transaction_ = 0;
};

} // namespace godwit::relay::turn::test

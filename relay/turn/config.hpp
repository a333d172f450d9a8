// SPDX-License-Identifier: Apache-2.0
// What an operator decides about TURN, and what the server asks of the world around it.
#pragma once

#include "lib/crypto/wiped.hpp"
#include "relay/turn/five_tuple.hpp"
#include "relay/turn/peers.hpp"

#include "lib/base/time.hpp"

#include <functional>
#include <optional>

namespace godwit::relay::turn {

/// Each has a test that reaches it, and one that goes one further.
struct Limits {
    std::size_t allocations_max = 4000; ///< Reserved ports count as allocations, here and below.
    std::size_t allocations_per_user_max = 5;
    std::size_t permissions_per_user_max = 50;
    std::size_t channels_per_user_max = 50;
    /// What is relayed for one user, both ways together; a burst of one second. Beyond, datagrams are lost.
    std::int64_t bytes_per_s = 50'000'000 / 8;
    std::int64_t packets_per_s = 10'000;
    /// Requests of one user: an HMAC each.
    std::int64_t requests_per_s = 100;
    Duration lifetime = std::chrono::minutes(10);  ///< When the client does not say (RFC 8656 section 7.2).
    Duration lifetime_max = std::chrono::hours(1); ///< RFC 8656 section 7.2: an hour is recommended.
};

struct Config {
    Limits limits;
    /// At most 4 bytes: an answer with a challenge is to fit into 1.6 times the shortest Allocate (28 bytes).
    std::string realm = "gw";
    crypto::WipedBytes secret; ///< Of the credentials (rest.hpp).
    /// Where relayed sockets are bound; nullopt: that family is not offered. Ports do not count.
    std::optional<Endpoint> address_v4;
    std::optional<Endpoint> address_v6;
    /// What clients are told instead, behind a one-to-one NAT.
    std::optional<Endpoint> external_v4;
    std::uint16_t port_min = 49152; ///< RFC 8656 section 7.2: the dynamic range.
    std::uint16_t port_max = 65535;
    PeerPolicy peers;
    /// Asked at each request, and every account_check_interval for who has allocations: may this account be relayed
    /// for? Empty: every account that has a credential.
    std::function<bool(std::string_view)> may_relay;
};

/// How soon an account that may not any more loses what it has: within five seconds.
inline constexpr Duration account_check_interval = std::chrono::seconds(4);
/// RFC 8656 sections 9 and 12.
inline constexpr Duration permission_life = std::chrono::minutes(5);
inline constexpr Duration channel_life = std::chrono::minutes(10);
/// RFC 8656 section 7.2: a port that is reserved waits for at least 30 seconds.
inline constexpr Duration reservation_life = std::chrono::seconds(30);
/// RFC 8656 section 12 gives out 0x4000 to 0x4fff; clients of RFC 5766, which had them up to 0x7fff, are many.
inline constexpr std::uint16_t channel_min = 0x4000;
inline constexpr std::uint16_t channel_max = 0x7fff;

/// Never used twice.
using RelayId = std::uint64_t;

/// The sockets: real ones in the daemon, recorded ones in tests. Called from within the server's inputs, and must not
/// call it back. Views are good during the call.
class Outside {
public:
    virtual ~Outside() = default;
    /// A UDP socket on exactly this address. False: not to be had (taken, no descriptors left).
    [[nodiscard]] virtual bool open_relay(RelayId id, const Endpoint& at) = 0;
    virtual void close_relay(RelayId id) = 0;
    /// One datagram. Lost when it cannot go.
    virtual void send_to_peer(RelayId id, const Endpoint& peer, BytesView payload, bool dont_fragment) = 0;
    /// One datagram, or one message on a stream: head, body, and so many zero bytes. Lost when it cannot go.
    virtual void send_to_client(const FiveTuple& client, BytesView head, BytesView body, std::size_t zeroes) = 0;
};

/// Since the start, but for the first three.
struct Counters {
    std::uint64_t allocations = 0;
    std::uint64_t permissions = 0; ///< May count some that have just expired.
    std::uint64_t channels = 0;
    std::uint64_t allocations_total = 0;
    std::uint64_t bindings = 0;      ///< Binding requests answered.
    std::uint64_t challenges = 0;    ///< 401 and 438.
    std::uint64_t refused = 0;       ///< Other errors.
    std::uint64_t refused_quota = 0; ///< Of these, 486 and 508.
    std::uint64_t refused_peers = 0; ///< Of these, 403: where nobody is to be sent.
    std::uint64_t revoked = 0;       ///< Allocations of accounts that may not any more.
    std::uint64_t packets_to_peers = 0;
    std::uint64_t packets_to_clients = 0;
    std::uint64_t bytes_to_peers = 0;
    std::uint64_t bytes_to_clients = 0;
    std::uint64_t packets_unpermitted = 0; ///< Dropped: no permission, no channel, a place that is not to be reached.
    std::uint64_t packets_over_rate = 0;   ///< Dropped: the user's rate.
    std::uint64_t packets_shed = 0;        ///< Dropped: too much to do.

    template <class F>
    void each(const F& f) const
    {
        f("turn_allocations", allocations);
        f("turn_permissions", permissions);
        f("turn_channels", channels);
        f("turn_allocations_total", allocations_total);
        f("turn_challenges", challenges);
        f("turn_refused", refused);
        f("turn_refused_quota", refused_quota);
        f("turn_refused_peers", refused_peers);
        f("turn_revoked", revoked);
        f("turn_packets_to_peers", packets_to_peers);
        f("turn_packets_to_clients", packets_to_clients);
        f("turn_bytes_to_peers", bytes_to_peers);
        f("turn_bytes_to_clients", bytes_to_clients);
        f("turn_packets_unpermitted", packets_unpermitted);
        f("turn_packets_over_rate", packets_over_rate);
        f("turn_packets_shed", packets_shed);
    }
};

} // namespace godwit::relay::turn

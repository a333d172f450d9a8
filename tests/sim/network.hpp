// SPDX-License-Identifier: Apache-2.0
// What the network does to links, and which NATs let two devices meet.
//
// A link is a reliable ordered stream (QUIC or TLS), so lost datagrams show as delay: each loss costs a retransmission.
// A stream that is cut stands still, and goes on when the cut ends within the transport's idle time; else it breaks.
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <random>
#include <string_view>

namespace godwit::testing {

/// When a link whose far side is silent is given up by the transport (QUIC idle timeout).
inline constexpr Duration transport_idle = std::chrono::seconds(30);
/// First retransmission (RFC 9002: a probe timeout on a path of some 40 ms, with its variance); it doubles.
inline constexpr Duration retransmit_first = std::chrono::milliseconds(200);
/// More than this no frame is late by loss alone (goals.md S1).
inline constexpr Duration loss_delay_max = std::chrono::seconds(5);

/// Mapping and filtering in the words of RFC 4787; symmetric: address- and port-dependent mapping.
enum class Nat : std::uint8_t {
    open,                 ///< No NAT.
    endpoint_independent, ///< Mapping and filtering.
    address_dependent,    ///< Filtering, behind an endpoint-independent mapping.
    port_dependent,       ///< Address- and port-dependent filtering, behind an endpoint-independent mapping.
    symmetric,
    udp_blocked, ///< No UDP at all: the relay by TLS, peers by TURN over TCP.
};
inline constexpr unsigned nat_count = 6;
[[nodiscard]] std::string_view nat_name(Nat nat) noexcept;
/// Whether ICE finds a direct pair between devices behind these two. Symmetric by construction.
[[nodiscard]] bool opens_directly(Nat a, Nat b) noexcept;

/// Which way a client's datagrams vanish.
enum class Cut : std::uint8_t { none, both, outgoing, incoming };

struct Network {
    Duration delay_min = std::chrono::milliseconds(5);
    Duration delay_max = std::chrono::milliseconds(40);
    Duration relay_extra{};         ///< Frames by the relay take up to this much longer: paths overtake each other.
    bool direct_possible = true;    ///< A direct ICE pair can be found, if the NATs let it.
    bool turn_possible = false;     ///< A TURN server is there: the relay's.
    bool turn_silent = false;       ///< It is not to be reached.
    bool quic_blocked = false;      ///< UDP to the relay vanishes.
    bool direct_blackholed = false; ///< Direct paths swallow everything, without a word.
    Duration ice_time = std::chrono::milliseconds(120);
    std::uint32_t loss_percent = 0;        ///< Of datagrams, in the long run; at most 40.
    std::uint32_t loss_burst = 1;          ///< Datagrams lost in a row, on average.
    std::uint32_t ice_fails_percent = 0;   ///< Of the pairs that could have met.
    std::uint32_t corrupt_per_million = 0; ///< Frames damaged on the way. The link authenticates, so it dies.
};

/// The Gilbert-Elliott model of one direction of one link: in the bad state everything is lost.
class Losses {
public:
    /// How much later a frame arrives because it, or the retransmissions of it, were lost.
    [[nodiscard]] Duration delay(const Network& network, std::mt19937_64& random);

private:
    bool bad_ = false;
};

} // namespace godwit::testing

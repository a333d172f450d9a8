// SPDX-License-Identifier: Apache-2.0
// One ICE candidate as it travels in signalling (RFC 8839 section 5.1), and the door through which a peer's candidates
// come.
//
// A peer's candidate makes this device send connectivity checks to an address of the peer's choosing. So it is parsed
// here, by us, and refused with a reason before libnice sees it: one component, UDP, no names, no address that is not a
// unicast address of another device. Pure functions, no vendor type.
#pragma once

#include <godwit/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::ice {

/// Longest candidate string in bytes: two full IPv6 addresses, a 32-character foundation and a few extensions fit in
/// 200.
inline constexpr std::size_t candidate_bytes_max = 256;
/// Candidates that one side may name in one session: more is a flood (docs: limits).
inline constexpr std::size_t candidates_max = 20;
/// RFC 8839 section 5.1: foundation = 1*32ice-char.
inline constexpr std::size_t foundation_bytes_max = 32;
/// RFC 8839 section 5.4: ufrag is 4 to 256 ice-chars, the password 22 to 256.
inline constexpr std::size_t ufrag_bytes_min = 4;
inline constexpr std::size_t password_bytes_min = 22;
inline constexpr std::size_t credential_bytes_max = 256;

enum class CandidateKind : std::uint8_t { host, srflx, prflx, relayed };

/// "host", "srflx", "prflx", "relayed": what logs and the user see. SDP writes "relay" for the last.
[[nodiscard]] std::string_view kind_name(CandidateKind kind) noexcept;

/// An IP address and port, in network byte order as it stands in a datagram.
struct Endpoint {
    std::array<std::uint8_t, 16> address{}; ///< IPv4 uses the first four bytes.
    bool v6 = false;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "192.0.2.1:4000" or "[2001:db8::1]:4000".
[[nodiscard]] std::string to_text(const Endpoint& endpoint);
/// The address alone, without brackets.
[[nodiscard]] std::string address_text(const Endpoint& endpoint);
/// Only literals; false on names, scopes, and spellings such as "0127.1". The port stays as it is.
[[nodiscard]] bool parse_address(std::string_view text, Endpoint& out);

struct Candidate {
    std::string foundation;
    std::uint32_t priority = 0;
    Endpoint endpoint;
    CandidateKind kind = CandidateKind::host;
};

struct CandidatePolicy {
    bool loopback_allowed = false; ///< Both devices on one machine: tests and the demo.
    bool relayed_allowed = true;   ///< False: no turned path, so a peer's relayed candidate is of no use.
};

/// Why an address may not be named by a peer; empty when it may.
[[nodiscard]] std::string_view address_refusal(const Endpoint& endpoint, const CandidatePolicy& policy) noexcept;

/// Accepts "candidate:…" and "a=candidate:…". Errors: malformed (grammar), unsupported (TCP, names), invalid_argument
/// (well-formed, but refused by `policy`); the detail says which field.
[[nodiscard]] Result<Candidate> parse_candidate(std::string_view text, const CandidatePolicy& policy);

/// "candidate:1 1 UDP 2013266431 192.0.2.1 4000 typ host". The related address is always written as 0.0.0.0 or :: port
/// 9 (RFC 8839 section 5.1 allows it for privacy): a relayed candidate must not tell what is behind it.
[[nodiscard]] std::string format_candidate(const Candidate& candidate);

/// ice-char = ALPHA / DIGIT / "+" / "/" (RFC 8839 section 5.1).
[[nodiscard]] bool is_ice_text(std::string_view text) noexcept;

} // namespace godwit::ice

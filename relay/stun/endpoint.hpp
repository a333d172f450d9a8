// SPDX-License-Identifier: Apache-2.0
// A transport address as STUN carries it: the family of the wire, kept. A v4-mapped IPv6 address stays what it is here,
// so that who judges addresses sees every spelling.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/check.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>

namespace godwit::relay::stun {

struct Endpoint {
    std::array<std::uint8_t, 16> ip{}; ///< Network order; IPv4 uses the first four bytes, the rest is zero.
    std::uint16_t port = 0;            ///< Host order.
    bool is_v6 = false;

    /// Precondition: 4 or 16 bytes.
    [[nodiscard]] static Endpoint of(BytesView ip_bytes, std::uint16_t port)
    {
        GODWIT_ASSERT(ip_bytes.size() == 4 || ip_bytes.size() == 16);
        Endpoint out;
        std::copy(ip_bytes.begin(), ip_bytes.end(), out.ip.begin());
        out.port = port;
        out.is_v6 = ip_bytes.size() == 16;
        return out;
    }
    [[nodiscard]] BytesView ip_bytes() const noexcept { return BytesView(ip.data(), is_v6 ? 16U : 4U); }
    [[nodiscard]] bool same_ip(const Endpoint& other) const noexcept { return is_v6 == other.is_v6 && ip == other.ip; }
    [[nodiscard]] Endpoint with_port(std::uint16_t other) const noexcept
    {
        auto out = *this;
        out.port = other;
        return out;
    }

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// For tables that only the authenticated get into; those are bounded, and the addresses are no secret.
struct EndpointHash {
    [[nodiscard]] std::size_t operator()(const Endpoint& e) const noexcept
    {
        std::uint64_t words[2];
        std::memcpy(words, e.ip.data(), sizeof words);
        std::uint64_t hash = (words[0] ^ (std::uint64_t{e.port} << 1 | (e.is_v6 ? 1U : 0U))) * 0x9e3779b97f4a7c15ULL;
        hash = (hash ^ (hash >> 29) ^ words[1]) * 0xbf58476d1ce4e5b9ULL;
        return static_cast<std::size_t>(hash ^ (hash >> 32));
    }
};

} // namespace godwit::relay::stun

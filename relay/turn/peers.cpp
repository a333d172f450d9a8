// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/peers.hpp"

namespace godwit::relay::turn {
namespace {

struct Special {
    std::array<std::uint8_t, 16> base;
    unsigned bits;
    const char* what;
};

// The IANA registries of special-purpose addresses (RFC 6890), with multicast and what is reserved; and what looks
// public and answers inside a cloud's network alone, to whoever comes from the operator's machine.
constexpr Special special_v4[] = {
    {{0}, 8, "this network (RFC 791)"},
    {{10}, 8, "private (RFC 1918)"},
    {{100, 64}, 10, "carrier-grade NAT (RFC 6598)"},
    {{127}, 8, "loopback"},
    {{161, 26}, 16, "services of IBM Cloud's own network"},
    {{166, 8}, 14, "services of IBM Cloud's own network"},
    {{168, 63, 129, 16}, 32, "Azure's wire server: metadata, DNS, health"},
    {{169, 254}, 16, "link-local and cloud metadata (RFC 3927)"},
    {{172, 16}, 12, "private (RFC 1918)"},
    {{192, 0, 0}, 24, "protocol assignments (RFC 6890)"},
    {{192, 0, 2}, 24, "documentation (RFC 5737)"},
    {{192, 31, 196}, 24, "AS112 (RFC 7535)"},
    {{192, 52, 193}, 24, "AMT (RFC 7450)"},
    {{192, 88, 99}, 24, "6to4 relays (RFC 7526)"},
    {{192, 168}, 16, "private (RFC 1918)"},
    {{192, 175, 48}, 24, "AS112 (RFC 7534)"},
    {{198, 18}, 15, "benchmarks (RFC 2544)"},
    {{198, 51, 100}, 24, "documentation (RFC 5737)"},
    {{199, 36, 153, 4}, 30, "Google Cloud's restricted access to its services"},
    {{199, 36, 153, 8}, 30, "Google Cloud's private access to its services"},
    {{203, 0, 113}, 24, "documentation (RFC 5737)"},
    {{224}, 4, "multicast (RFC 5771)"},
    {{240}, 4, "reserved and broadcast (RFC 1112)"},
};

// Within 2000::/3.
constexpr Special special_v6[] = {
    {{0x20, 0x01, 0x00}, 23, "protocol assignments, Teredo, ORCHID, benchmarks (RFC 2928)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation (RFC 3849)"},
    {{0x20, 0x02}, 16, "6to4, which has an IPv4 address inside (RFC 3056)"},
    {{0x26, 0x00, 0x2d, 0x00, 0x00, 0x02, 0x10, 0x00}, 64, "Google Cloud's restricted access to its services"},
    {{0x26, 0x00, 0x2d, 0x00, 0x00, 0x02, 0x20, 0x00}, 64, "Google Cloud's private access to its services"},
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48, "AS112 (RFC 7534)"},
    {{0x3f, 0xfe}, 16, "6bone (RFC 3701)"},
    {{0x3f, 0xff}, 20, "documentation (RFC 9637)"},
};

bool starts_with(const std::array<std::uint8_t, 16>& ip, const std::array<std::uint8_t, 16>& base, unsigned bits)
{
    const auto whole = bits / 8;
    if (!std::equal(ip.begin(), ip.begin() + whole, base.begin())) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
    return (ip[whole] & mask) == (base[whole] & mask);
}

const char* special_in(std::span<const Special> table, const Endpoint& peer)
{
    for (const auto& one : table)
        if (starts_with(peer.ip, one.base, one.bits)) return one.what;
    return nullptr;
}

const char* refusal_v6(const Endpoint& peer)
{
    // ::, ::1, v4-compatible, v4-mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard (100::/64), SRv6
    // (5f00::/16), unique local (fc00::/7), link-local (fe80::/10), site-local (fec0::/10), multicast (ff00::/8), and
    // what is not given to anybody.
    if ((peer.ip[0] & 0xe0) != 0x20) return "not global unicast (RFC 4291)";
    // RFC 5214 section 6.1: ISATAP's interface identifier, 0000:5efe or 0200:5efe and an IPv4 address.
    if ((peer.ip[8] & 0xfd) == 0 && peer.ip[9] == 0 && peer.ip[10] == 0x5e && peer.ip[11] == 0xfe)
        return "ISATAP, which has an IPv4 address inside (RFC 5214)";
    return special_in(special_v6, peer);
}

bool holds(const std::vector<Prefix>& list, const Endpoint& peer)
{
    return std::any_of(list.begin(), list.end(), [&](const Prefix& one) { return one.contains(peer); });
}

} // namespace

bool Prefix::contains(const Endpoint& address) const noexcept
{
    return address.is_v6 == base.is_v6 && starts_with(address.ip, base.ip, bits);
}

const char* PeerPolicy::refusal(const Endpoint& peer) const noexcept
{
    if (is_denied(peer)) return "denied by the configuration";
    if (is_named(peer)) return nullptr;
    for (const auto& one : own_)
        if (one.same_ip(peer)) return "an address of this host";
    return peer.is_v6 ? refusal_v6(peer) : special_in(special_v4, peer);
}

bool PeerPolicy::is_named(const Endpoint& peer) const noexcept
{
    return !is_denied(peer) && holds(allowed_, peer);
}

bool PeerPolicy::is_denied(const Endpoint& peer) const noexcept
{
    if (holds(denied_, peer)) return true;
    // RFC 4291 section 2.5.5.2: the same host, should allow_peers let this spelling in.
    constexpr std::array<std::uint8_t, 16> v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return peer.is_v6 && starts_with(peer.ip, v4_mapped, 96) &&
           holds(denied_, Endpoint::of(peer.ip_bytes().subspan(12), peer.port));
}

} // namespace godwit::relay::turn

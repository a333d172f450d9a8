// SPDX-License-Identifier: Apache-2.0
// An IP address and port as a value, and the text forms of it.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

namespace godwit::loop {

/// IPv4 or IPv6 endpoint. A v4-mapped IPv6 address (RFC 4291 section 2.5.5.2) never stands here: it is turned into
/// IPv4, so one host has one spelling.
struct Address {
    std::array<std::uint8_t, 16> ip{}; ///< Network order; IPv4 uses the first four bytes, the rest is zero.
    std::uint16_t port = 0;            ///< Host order.
    bool is_v6 = false;
    std::uint32_t scope = 0; ///< Interface index of a link-local IPv6 address, else 0.

    /// 0.0.0.0 and [::]: all addresses of this host. Bound sockets on [::] also serve IPv4 unless told otherwise.
    [[nodiscard]] static Address any_v4(std::uint16_t port);
    [[nodiscard]] static Address any_v6(std::uint16_t port);
    [[nodiscard]] static Address loopback_v4(std::uint16_t port);
    [[nodiscard]] static Address loopback_v6(std::uint16_t port);
    /// `bytes` is 4 or 16 long, else nullopt. v4-mapped becomes IPv4.
    [[nodiscard]] static std::optional<Address> from_ip(BytesView bytes, std::uint16_t port);
    /// "192.0.2.1:443" or "[2001:db8::1]:443". No names: see resolve.hpp.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text);

    /// 4 or 16 bytes.
    [[nodiscard]] BytesView ip_bytes() const noexcept { return BytesView(ip.data(), is_v6 ? 16U : 4U); }
    [[nodiscard]] bool is_any() const noexcept;
    [[nodiscard]] bool is_loopback() const noexcept;
    /// Whom a limit per stranger counts: an IPv4 address, or an IPv6 /64 (one subscriber has at least that much).
    [[nodiscard]] Address subscriber() const noexcept;
    /// The form that parse() reads.
    [[nodiscard]] std::string text() const;

    friend auto operator<=>(const Address&, const Address&) = default;
};

struct AddressHash {
    std::size_t operator()(const Address& a) const noexcept;
};

struct HostPort {
    std::string host; ///< A name or an IP literal, without brackets.
    std::uint16_t port = 0;
};

/// "relay.example:443", "192.0.2.1:443", "[2001:db8::1]:443". invalid_argument says what is wrong.
[[nodiscard]] Result<HostPort> split_host_port(std::string_view text);

} // namespace godwit::loop

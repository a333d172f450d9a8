// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/address.hpp"
#include "transport/loop/sockaddr.hpp"

#include <uv.h>

#include <algorithm>
#include <charconv>

namespace godwit::loop {
namespace {

constexpr std::uint8_t v4_mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

/// fe80::/10, RFC 4291 section 2.5.6: the only unicast addresses that need to be told on which interface.
bool is_link_local(const Address& address)
{
    return address.is_v6 && address.ip[0] == 0xfe && (address.ip[1] & 0xc0) == 0x80;
}

Error bad_address(std::string_view text, std::string_view what)
{
    return Error{ErrorCode::invalid_argument, "address '" + std::string(text) + "': " + std::string(what)};
}

} // namespace

Address Address::any_v4(std::uint16_t port)
{
    Address out;
    out.port = port;
    return out;
}

Address Address::any_v6(std::uint16_t port)
{
    Address out;
    out.is_v6 = true;
    out.port = port;
    return out;
}

Address Address::loopback_v4(std::uint16_t port)
{
    Address out = any_v4(port);
    out.ip[0] = 127;
    out.ip[3] = 1;
    return out;
}

Address Address::loopback_v6(std::uint16_t port)
{
    Address out = any_v6(port);
    out.ip[15] = 1;
    return out;
}

std::optional<Address> Address::from_ip(BytesView bytes, std::uint16_t port)
{
    if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
    Address out;
    out.port = port;
    const bool mapped =
        bytes.size() == 16 && std::equal(std::begin(v4_mapped_prefix), std::end(v4_mapped_prefix), bytes.begin());
    if (mapped) bytes = bytes.subspan(12);
    out.is_v6 = bytes.size() == 16;
    std::copy(bytes.begin(), bytes.end(), out.ip.begin());
    return out;
}

std::optional<Address> Address::parse(std::string_view text)
{
    const auto parts = split_host_port(text);
    if (!parts) return std::nullopt;
    sockaddr_in v4{};
    if (uv_ip4_addr(parts->host.c_str(), parts->port, &v4) == 0)
        return from_sockaddr(reinterpret_cast<const sockaddr*>(&v4));
    // A zone is an interface's name, which libuv looks up, or its index (RFC 4007 section 11.2), which it does not
    // know.
    std::string host = parts->host;
    std::uint32_t index = 0;
    if (const auto percent = host.find('%'); percent != std::string::npos) {
        const auto* const end = host.data() + host.size();
        const auto [stop, fault] = std::from_chars(host.data() + percent + 1, end, index);
        if (fault == std::errc() && stop == end) host.resize(percent);
    }
    sockaddr_in6 v6{};
    if (uv_ip6_addr(host.c_str(), parts->port, &v6) != 0) return std::nullopt;
    Address out = from_sockaddr(reinterpret_cast<const sockaddr*>(&v6));
    if (index != 0) out.scope = index;
    if (!is_link_local(out)) out.scope = 0;
    return out;
}

bool Address::is_any() const noexcept
{
    return std::all_of(ip.begin(), ip.end(), [](std::uint8_t b) { return b == 0; });
}

bool Address::is_loopback() const noexcept
{
    if (!is_v6) return ip[0] == 127;
    return std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t b) { return b == 0; }) && ip[15] == 1;
}

Address Address::subscriber() const noexcept
{
    Address out = *this;
    out.port = 0;
    out.scope = 0;
    if (is_v6) std::fill(out.ip.begin() + 8, out.ip.end(), std::uint8_t{0});
    return out;
}

std::string Address::text() const
{
    char name[INET6_ADDRSTRLEN] = {};
    uv_inet_ntop(is_v6 ? AF_INET6 : AF_INET, ip.data(), name, sizeof name);
    std::string out = is_v6 ? "[" + std::string(name) : std::string(name);
    if (scope != 0) out += "%" + std::to_string(scope);
    if (is_v6) out += "]";
    return out + ":" + std::to_string(port);
}

std::size_t AddressHash::operator()(const Address& a) const noexcept
{
    // FNV-1a: the addresses are not secret, and tables keyed by them are bounded.
    std::uint64_t hash = 14695981039346656037ULL;
    const auto mix = [&hash](std::uint8_t b) { hash = (hash ^ b) * 1099511628211ULL; };
    for (auto b : a.ip)
        mix(b);
    mix(static_cast<std::uint8_t>(a.port >> 8));
    mix(static_cast<std::uint8_t>(a.port & 255));
    mix(static_cast<std::uint8_t>(a.is_v6));
    return static_cast<std::size_t>(hash);
}

Result<HostPort> split_host_port(std::string_view text)
{
    std::string_view host;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return bad_address(text, "']' is missing");
        host = text.substr(1, close - 1);
        if (close + 1 >= text.size() || text[close + 1] != ':')
            return bad_address(text, "':PORT' is missing after ']'");
        port = text.substr(close + 2);
    } else {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) return bad_address(text, "':PORT' is missing, write HOST:PORT");
        if (text.find(':', colon + 1) != std::string_view::npos)
            return bad_address(text, "an IPv6 address stands in brackets, like [2001:db8::1]:443");
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    if (host.empty()) return bad_address(text, "the host is missing");
    if (host.size() > 253 || host.find('\0') != std::string_view::npos)
        return bad_address(text, "this is no host name");
    const auto number = parse_port(port);
    if (!number) return bad_address(text, "the port is a number from 0 to 65535");
    return HostPort{std::string(host), *number};
}

socklen_t to_sockaddr(const Address& address, bool for_v6_socket, sockaddr_storage& out) noexcept
{
    out = {};
    if (!address.is_v6 && !for_v6_socket) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(out);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, address.ip.data(), 4);
        return sizeof(sockaddr_in);
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = address.scope;
    auto* bytes = reinterpret_cast<std::uint8_t*>(&v6.sin6_addr);
    if (address.is_v6) {
        std::memcpy(bytes, address.ip.data(), 16);
    } else {
        std::memcpy(bytes, v4_mapped_prefix, 12);
        std::memcpy(bytes + 12, address.ip.data(), 4);
    }
    return sizeof(sockaddr_in6);
}

Address from_sockaddr(const sockaddr* in) noexcept
{
    if (in->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, in, sizeof v4);
        return *Address::from_ip(BytesView(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4), ntohs(v4.sin_port));
    }
    if (in->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, in, sizeof v6);
        auto out =
            *Address::from_ip(BytesView(reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr), 16), ntohs(v6.sin6_port));
        if (out.is_v6) out.scope = v6.sin6_scope_id;
        return out;
    }
    return {};
}

} // namespace godwit::loop

// SPDX-License-Identifier: Apache-2.0
#include "lib/wire/names.hpp"

#include "lib/wire/frames.hpp"

#include <charconv>

namespace godwit::wire {
namespace {

constexpr std::string_view scheme = "godwit://";
constexpr std::string_view form = "; the form is godwit://HOST:PORT#KEY or godwit://HOST:PORT/APP#KEY";

bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}
bool is_hex(char c) noexcept
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Error wrong(std::string_view what)
{
    return {ErrorCode::invalid_argument, std::string(what) + std::string(form), 0};
}

/// Letters, digits, dots, hyphens, underscores: names and IPv4. Whether it resolves is found out by resolving.
bool is_host_name(std::string_view host) noexcept
{
    if (host.empty() || host.size() > host_bytes_max) return false;
    for (const char c : host)
        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '-' && c != '_') return false;
    return host.front() != '-' && host.front() != '.';
}

/// Looks like IPv6, with an optional zone (RFC 4007 section 11) of a link-local address.
bool is_ipv6_like(std::string_view host) noexcept
{
    const auto percent = host.find('%');
    const auto address = host.substr(0, percent);
    if (percent != std::string_view::npos && !is_host_name(host.substr(percent + 1))) return false;
    if (address.size() < 2 || address.size() > 45 || address.find(':') == std::string_view::npos) return false;
    for (const char c : address)
        if (!is_hex(c) && c != ':' && c != '.') return false;
    return true;
}

} // namespace

bool is_user_name(std::string_view text) noexcept
{
    if (text.empty() || text.size() > user_name_length_max) return false;
    for (const char c : text)
        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '.' && c != '_' && c != '-') return false;
    return (text.front() >= 'a' && text.front() <= 'z') || is_digit(text.front());
}

bool is_host(std::string_view text) noexcept
{
    return is_host_name(text) || is_ipv6_like(text);
}

bool is_app_key(std::string_view text) noexcept
{
    if (text.empty() || text.size() > app_key_length_max) return false;
    for (const char c : text)
        if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
    return true;
}

std::string RelayAddress::to_text() const
{
    const bool bracketed = host.find(':') != std::string::npos;
    std::string out(scheme);
    out += bracketed ? "[" + host + "]" : host;
    out += ":" + std::to_string(port);
    if (!app.empty()) out += "/" + app;
    return out + "#" + to_base64url(key.view());
}

Result<RelayAddress> parse_relay_address(std::string_view text)
{
    RelayAddress out;
    if (!text.starts_with(scheme)) return wrong("a relay address starts with godwit://");
    text.remove_prefix(scheme.size());

    const auto hash = text.find('#');
    if (hash == std::string_view::npos) return wrong("the relay's key is missing after #");
    const auto key_bytes = from_base64url(text.substr(hash + 1));
    const auto key = key_bytes ? PublicKey::from(*key_bytes) : std::nullopt;
    if (!key || key->is_zero()) return wrong("the relay's key after # is not 43 characters of base64url");
    out.key = *key;
    text = text.substr(0, hash);

    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        out.app = text.substr(slash + 1);
        if (!is_app_key(out.app)) return wrong("the application's key after / is not 1 to 64 of A-Z a-z 0-9 - _");
        text = text.substr(0, slash);
    }

    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || (!text.empty() && text.back() == ']')) return wrong("the port is missing");
    const auto port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0 || port.front() == '0')
        return wrong("the port is not a number from 1 to 65535");
    text = text.substr(0, colon);

    if (text.starts_with('[')) {
        if (!text.ends_with(']') || !is_ipv6_like(text.substr(1, text.size() - 2)))
            return wrong("the host in [brackets] is not an IPv6 address");
        out.host = text.substr(1, text.size() - 2);
    } else {
        if (text.find(':') != std::string_view::npos) return wrong("an IPv6 address goes into [brackets]");
        if (!is_host_name(text)) return wrong("the host is not a name or an address");
        out.host = text;
    }
    return out;
}

} // namespace godwit::wire

// SPDX-License-Identifier: Apache-2.0
//   text ─ length, ASCII ─▶ fields ─ grammar ─▶ Candidate ─ address_refusal ─▶ accepted
#include "transport/ice/candidate.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

namespace godwit::ice {

namespace {

/// RFC 8839 section 5.1: priority is 1 to 2^31 - 1.
constexpr std::uint32_t priority_max = 0x7fffffffu;
/// Below this are the ports of services (RFC 6335); no NAT maps an ephemeral port there (RFC 4787 REQ-3), so a peer
/// that names one wants us to knock on somebody's server.
constexpr std::uint16_t port_min = 1024;
/// Name-value pairs after the type; browsers send three.
constexpr std::size_t extensions_max = 8;

[[nodiscard]] std::optional<std::uint32_t> decimal(std::string_view text) noexcept
{
    std::uint32_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (text.empty() || problem != std::errc() || stop != end) return std::nullopt;
    return value;
}

[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

[[nodiscard]] Error malformed(std::string what)
{
    return Error{ErrorCode::malformed, "ICE candidate: " + std::move(what) + ".", 0};
}

[[nodiscard]] std::vector<std::string_view> split(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto end = text.find(' ');
        words.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
        if (text.empty()) words.emplace_back(); // A trailing space leaves an empty last word, refused below.
    }
    return words;
}

[[nodiscard]] std::string_view refusal_v4(const std::uint8_t* a, const CandidatePolicy& policy) noexcept
{
    if (a[0] == 127) return policy.loopback_allowed ? std::string_view() : "loopback address";
    if (a[0] == 0) return "unspecified address";
    if (a[0] == 169 && a[1] == 254) return "link-local address";
    if (a[0] >= 224 && a[0] <= 239) return "multicast address";
    if (a[0] >= 240) return "reserved or broadcast address";
    return {};
}

[[nodiscard]] std::string_view refusal_v6(const std::uint8_t* a, const CandidatePolicy& policy) noexcept
{
    const auto zero = [&](int from, int to) {
        return std::all_of(a + from, a + to, [](std::uint8_t b) { return b == 0; });
    };
    if (zero(0, 15) && a[15] == 1) return policy.loopback_allowed ? std::string_view() : "loopback address";
    if (zero(0, 16)) return "unspecified address";
    if (a[0] == 0xff) return "multicast address";
    if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) return "link-local address"; // Meaningless without our scope id.
    if (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0) return "site-local address"; // RFC 3879.
    // Spellings of an IPv4 address, which would walk around the IPv4 rules: v4-mapped and v4-compatible (RFC 4291
    // section 2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
    if (zero(0, 10) && ((a[10] == 0xff && a[11] == 0xff) || zero(10, 12))) return "IPv4 address written as IPv6";
    if (a[0] == 0x00 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b) return "NAT64 address";
    if (a[0] == 0x20 && a[1] == 0x02) return "6to4 address";
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0) return "Teredo address";
    return {};
}

} // namespace

std::string_view kind_name(CandidateKind kind) noexcept
{
    switch (kind) {
    case CandidateKind::host: return "host";
    case CandidateKind::srflx: return "srflx";
    case CandidateKind::prflx: return "prflx";
    case CandidateKind::relayed: return "relayed";
    }
    return "host";
}

bool is_ice_text(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
}

std::string address_text(const Endpoint& endpoint)
{
    char text[INET6_ADDRSTRLEN] = {};
    if (inet_ntop(endpoint.v6 ? AF_INET6 : AF_INET, endpoint.address.data(), text, sizeof text) == nullptr) return "?";
    return text;
}

std::string to_text(const Endpoint& endpoint)
{
    const auto address = address_text(endpoint);
    const auto port = std::to_string(endpoint.port);
    return endpoint.v6 ? "[" + address + "]:" + port : address + ":" + port;
}

bool parse_address(std::string_view text, Endpoint& out)
{
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return false;
    const std::string copy(text); // inet_pton wants a terminator.
    if (copy.find('\0') != std::string::npos) return false;
    Endpoint parsed;
    parsed.port = out.port;
    if (inet_pton(AF_INET, copy.c_str(), parsed.address.data()) == 1) {
        out = parsed;
        return true;
    }
    if (inet_pton(AF_INET6, copy.c_str(), parsed.address.data()) == 1) {
        parsed.v6 = true;
        out = parsed;
        return true;
    }
    return false;
}

std::string_view address_refusal(const Endpoint& endpoint, const CandidatePolicy& policy) noexcept
{
    if (endpoint.port < port_min) return "port below 1024";
    return endpoint.v6 ? refusal_v6(endpoint.address.data(), policy) : refusal_v4(endpoint.address.data(), policy);
}

Result<Candidate> parse_candidate(std::string_view text, const CandidatePolicy& policy)
{
    if (text.size() > candidate_bytes_max) return malformed("longer than 256 bytes");
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return malformed("a character outside printable ASCII");
    if (text.starts_with("a=")) text.remove_prefix(2);
    if (!text.starts_with("candidate:")) return malformed("does not start with candidate:");
    text.remove_prefix(10);

    // foundation component transport priority address port "typ" type [raddr …] [rport …] *(name value)
    const auto words = split(text);
    if (words.size() < 8) return malformed("fewer than eight fields");
    if (words.size() > 8 + 2 * extensions_max || words.size() % 2 != 0)
        return malformed("extensions do not come in pairs");
    if (std::any_of(words.begin(), words.end(), [](std::string_view w) { return w.empty(); }))
        return malformed("an empty field");

    Candidate out;
    out.foundation = std::string(words[0]);
    if (words[0].size() > foundation_bytes_max || !is_ice_text(words[0]))
        return malformed("foundation is not 1 to 32 ice-chars");
    const auto component = decimal(words[1]);
    if (!component) return malformed("component is not a number");
    if (*component != 1) return Error{ErrorCode::invalid_argument, "ICE candidate: only component 1 is in use.", 0};
    if (same_word(words[2], "TCP"))
        return Error{ErrorCode::unsupported, "ICE candidate: TCP candidates are not used.", 0};
    if (!same_word(words[2], "UDP")) return malformed("unknown transport");
    const auto priority = decimal(words[3]);
    if (!priority || *priority == 0 || *priority > priority_max) return malformed("priority is not 1 to 2^31-1");
    out.priority = *priority;
    if (!parse_address(words[4], out.endpoint))
        return Error{ErrorCode::unsupported, "ICE candidate: only literal addresses, no names (such as .local).", 0};
    const auto port = decimal(words[5]);
    if (!port || *port == 0 || *port > 65535) return malformed("port is not 1 to 65535");
    out.endpoint.port = static_cast<std::uint16_t>(*port);
    if (words[6] != "typ") return malformed("typ is missing");
    if (words[7] == "host")
        out.kind = CandidateKind::host;
    else if (words[7] == "srflx")
        out.kind = CandidateKind::srflx;
    else if (words[7] == "relay")
        out.kind = CandidateKind::relayed;
    else // prflx too: it is discovered by checks, never signalled (RFC 8445 section 7.3.1.3).
        return malformed("unknown type");

    if (out.kind == CandidateKind::relayed && !policy.relayed_allowed)
        return Error{ErrorCode::invalid_argument, "ICE candidate: relayed candidates are off by policy.", 0};
    if (const auto why = address_refusal(out.endpoint, policy); !why.empty())
        return Error{ErrorCode::invalid_argument, "ICE candidate refused: " + std::string(why) + ".", 0};
    return out;
}

std::string format_candidate(const Candidate& candidate)
{
    const auto kind = candidate.kind == CandidateKind::relayed ? std::string_view("relay") : kind_name(candidate.kind);
    std::string out = "candidate:" + candidate.foundation + " 1 UDP " + std::to_string(candidate.priority) + " " +
                      address_text(candidate.endpoint) + " " + std::to_string(candidate.endpoint.port) + " typ ";
    out += kind;
    if (candidate.kind != CandidateKind::host)
        out += candidate.endpoint.v6 ? " raddr :: rport 9" : " raddr 0.0.0.0 rport 9";
    return out;
}

} // namespace godwit::ice

// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/stun.hpp"

#include <vector>

namespace godwit::relay::stun {
namespace {

// RFC 8489 section 5: 00, 14 bits of type, 16 bits of length, cookie, 96 bits of transaction id. RFC 3489 has 128 bits
// of transaction id where the cookie and the id stand now; they are echoed as one.
constexpr std::size_t header_bytes = 20;
constexpr std::uint32_t magic_cookie = 0x2112a442;
constexpr std::uint16_t binding_request = 0x0001;
constexpr std::uint16_t binding_success = 0x0101;
constexpr std::uint16_t binding_error = 0x0111;

// RFC 8489 section 18.3.
constexpr std::uint16_t mapped_address = 0x0001;
constexpr std::uint16_t error_code = 0x0009;
constexpr std::uint16_t unknown_attributes = 0x000a;
constexpr std::uint16_t xor_mapped_address = 0x0020;
constexpr std::uint16_t fingerprint_attribute = 0x8028;

/// Attributes that we understand well enough to go on: credentials, which a server that asks for none does not check
/// (section 9), and, from RFC 3489, RESPONSE-ADDRESS, which must not be followed (section 11.2.2 let anyone send
/// answers to anyone).
bool is_understood(std::uint16_t type) noexcept
{
    switch (type) {
    case 0x0002: // RESPONSE-ADDRESS (RFC 3489)
    case 0x0006: // USERNAME
    case 0x0008: // MESSAGE-INTEGRITY
    case 0x0014: // REALM
    case 0x0015: // NONCE
    case 0x001c: // MESSAGE-INTEGRITY-SHA256
    case 0x001d: // PASSWORD-ALGORITHM
    case 0x001e: // USERHASH
        return true;
    default: return type >= 0x8000; // comprehension-optional
    }
}

std::uint16_t u16(BytesView bytes, std::size_t at) noexcept
{
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

std::uint32_t u32(BytesView bytes, std::size_t at) noexcept
{
    return (std::uint32_t{u16(bytes, at)} << 16) | u16(bytes, at + 2);
}

void put_u16(Bytes& out, std::size_t value)
{
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void put_u32(Bytes& out, std::uint32_t value)
{
    put_u16(out, value >> 16);
    put_u16(out, value & 0xffff);
}

struct Request {
    bool has_cookie = false;
    bool has_fingerprint = false;
    BytesView transaction; ///< 16 bytes: cookie and id, or the id of RFC 3489.
    std::vector<std::uint16_t> unknown;
};

std::optional<Request> parse(BytesView message)
{
    if (message.size() < header_bytes || message.size() > request_bytes_max) return std::nullopt;
    if (u16(message, 0) != binding_request) return std::nullopt;
    if (u16(message, 2) != message.size() - header_bytes || message.size() % 4 != 0) return std::nullopt;

    Request out;
    out.has_cookie = u32(message, 4) == magic_cookie;
    out.transaction = message.subspan(4, 16);
    std::size_t attributes = 0;
    for (std::size_t at = header_bytes; at < message.size();) {
        if (out.has_fingerprint || ++attributes > attributes_max) return std::nullopt; // FINGERPRINT is the last
        const auto type = u16(message, at);
        const std::size_t length = u16(message, at + 2);
        const auto padded = (length + 3) & ~std::size_t{3};
        if (padded > message.size() - at - 4) return std::nullopt;
        if (type == fingerprint_attribute && out.has_cookie) {
            if (length != 4 || u32(message, at + 4) != fingerprint(message.first(at))) return std::nullopt;
            out.has_fingerprint = true;
        } else if (!is_understood(type)) {
            out.unknown.push_back(type);
        }
        at += 4 + padded;
    }
    return out;
}

void put_address(Bytes& out, const Request& request, const Source& source)
{
    // Section 14.2: the port and the address are XORed with the cookie and the transaction id, so that boxes on the way
    // which rewrite what looks like an address leave them alone.
    const bool xored = request.has_cookie;
    put_u16(out, xored ? xor_mapped_address : mapped_address);
    put_u16(out, 4 + source.ip.size());
    put_u16(out, source.ip.size() == 4 ? 1 : 2);
    put_u16(out, xored ? source.port ^ (magic_cookie >> 16) : source.port);
    for (std::size_t i = 0; i < source.ip.size(); ++i)
        out.push_back(static_cast<std::uint8_t>(source.ip[i] ^ (xored ? request.transaction[i] : 0)));
}

void put_unknown(Bytes& out, const std::vector<std::uint16_t>& types)
{
    put_u16(out, error_code);
    put_u16(out, 4);
    put_u32(out, 4 << 8 | 20); // class 4, number 20; no reason phrase, it would make the answer longer than allowed
    put_u16(out, unknown_attributes);
    put_u16(out, types.size() * 2);
    for (const auto type : types)
        put_u16(out, type);
    if (types.size() % 2 != 0) put_u16(out, 0);
}

void set_length(Bytes& message, std::size_t length)
{
    message[2] = static_cast<std::uint8_t>(length >> 8);
    message[3] = static_cast<std::uint8_t>(length);
}

} // namespace

std::optional<Bytes> answer(BytesView datagram, const Source& source)
{
    const auto request = parse(datagram);
    if (!request || (source.ip.size() != 4 && source.ip.size() != 16)) return std::nullopt;

    Bytes out;
    out.reserve(64);
    put_u16(out, request->unknown.empty() ? binding_success : binding_error);
    put_u16(out, 0);
    append(out, request->transaction);
    if (request->unknown.empty())
        put_address(out, *request, source);
    else
        put_unknown(out, request->unknown);
    if (request->has_fingerprint) {
        set_length(out, out.size() - header_bytes + 8); // section 14.7: the length counts the attribute already
        const auto value = fingerprint(out);
        put_u16(out, fingerprint_attribute);
        put_u16(out, 4);
        put_u32(out, value);
    }
    set_length(out, out.size() - header_bytes);
    return out;
}

std::uint32_t fingerprint(BytesView message) noexcept
{
    std::uint32_t crc = 0xffffffff;
    for (const auto byte : message) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc ^ 0x5354554e;
}

} // namespace godwit::relay::stun

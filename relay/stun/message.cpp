// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/message.hpp"

namespace godwit::relay::stun {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        auto crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
        out[byte] = crc;
    }
    return out;
}();

std::uint16_t u16(BytesView bytes, std::size_t at) noexcept
{
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

std::uint32_t u32(BytesView bytes, std::size_t at) noexcept
{
    return (std::uint32_t{u16(bytes, at)} << 16) | u16(bytes, at + 2);
}

/// Family 1 or 2 with the bytes that belong to it (section 14.1).
bool is_address(BytesView value) noexcept
{
    return (value.size() == 8 && value[1] == 1) || (value.size() == 20 && value[1] == 2);
}

} // namespace

std::optional<Message> Message::decode(BytesView bytes)
{
    if (bytes.size() < header_bytes || bytes.size() % 4 != 0 || (bytes[0] & 0xc0) != 0) return std::nullopt;
    if (u16(bytes, 2) != bytes.size() - header_bytes) return std::nullopt;

    Message out;
    out.bytes_ = bytes;
    out.has_cookie_ = u32(bytes, 4) == magic_cookie;
    // Figure 3 of section 5: the two bits of the class stand between those of the method.
    const auto type = u16(bytes, 0);
    out.class_ = static_cast<Class>(((type >> 7) & 2) | ((type >> 4) & 1));
    out.method_ = static_cast<Method>((type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80));

    std::size_t seen = 0;
    bool after_integrity = false;
    bool after_sha256 = false;
    for (std::size_t at = header_bytes; at < bytes.size();) {
        if (out.has_fingerprint_ || ++seen > attributes_max) return std::nullopt;
        const auto attribute_type = u16(bytes, at);
        const std::size_t length = u16(bytes, at + 2);
        const auto padded = (length + 3) & ~std::size_t{3};
        if (padded > bytes.size() - at - 4) return std::nullopt;
        if (attribute_type == attribute::fingerprint && out.has_cookie_) {
            if (length != 4 || u32(bytes, at + 4) != stun::fingerprint(bytes.first(at))) return std::nullopt;
            out.has_fingerprint_ = true;
        } else if (!after_sha256 && (!after_integrity || attribute_type == attribute::message_integrity_sha256)) {
            out.attributes_[out.count_++] = {attribute_type, bytes.subspan(at + 4, length), at};
        }
        after_integrity = after_integrity || attribute_type == attribute::message_integrity;
        after_sha256 = after_sha256 || attribute_type == attribute::message_integrity_sha256;
        at += 4 + padded;
    }
    return out;
}

const Attribute* Message::find(std::uint16_t type) const noexcept
{
    for (const auto& one : attributes())
        if (one.type == type) return &one;
    return nullptr;
}

std::uint32_t fingerprint(BytesView message) noexcept
{
    std::uint32_t crc = 0xffffffff;
    for (const auto byte : message)
        crc = (crc >> 8) ^ crc_table[(crc ^ byte) & 0xff];
    return ~crc ^ 0x5354554e;
}

std::optional<std::uint32_t> read_u32(BytesView value) noexcept
{
    if (value.size() != 4) return std::nullopt;
    return u32(value, 0);
}

std::optional<Endpoint> read_address(BytesView value)
{
    if (!is_address(value)) return std::nullopt;
    return Endpoint::of(value.subspan(4), u16(value, 2));
}

std::optional<Endpoint> read_xor_address(BytesView value, BytesView transaction)
{
    auto out = read_address(value);
    if (!out) return out;
    out->port = static_cast<std::uint16_t>(out->port ^ (magic_cookie >> 16));
    for (std::size_t i = 0; i < out->ip_bytes().size(); ++i)
        out->ip[i] = static_cast<std::uint8_t>(out->ip[i] ^ transaction[i]);
    return out;
}

std::optional<ErrorValue> read_error(BytesView value)
{
    if (value.size() < 4) return std::nullopt;
    const int hundreds = value[2] & 7;
    const int number = value[3];
    if (hundreds < 3 || hundreds > 6 || number > 99) return std::nullopt;
    return ErrorValue{hundreds * 100 + number, as_text(value.subspan(4))};
}

} // namespace godwit::relay::stun

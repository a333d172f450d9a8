// SPDX-License-Identifier: Apache-2.0
#include "lib/base/bytes.hpp"

namespace godwit {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) noexcept
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

} // namespace

std::string to_hex(BytesView bytes)
{
    std::string out;
    out.reserve(bytes.size() * 2);
    for (auto b : bytes) {
        out.push_back(hex_digits[b >> 4]);
        out.push_back(hex_digits[b & 15]);
    }
    return out;
}

std::optional<Bytes> from_hex(std::string_view text)
{
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return out;
}

std::string to_base64url(BytesView bytes)
{
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned have = 0;
    for (auto b : bytes) {
        bits = (bits << 8) | b;
        have += 8;
        while (have >= 6) {
            have -= 6;
            out.push_back(base64url_digits[(bits >> have) & 63]);
        }
    }
    if (have > 0) out.push_back(base64url_digits[(bits << (6 - have)) & 63]);
    return out;
}

std::optional<Bytes> from_base64url(std::string_view text)
{
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned have = 0;
    for (char c : text) {
        const auto digit = base64url_digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out.push_back(static_cast<std::uint8_t>((bits >> have) & 255));
        }
    }
    if (have >= 6) return std::nullopt;
    if ((bits & ((1U << have) - 1)) != 0) return std::nullopt;
    return out;
}

bool is_utf8(std::string_view text) noexcept
{
    const auto* p = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto* const end = p + text.size();
    while (p < end) {
        const std::uint8_t lead = *p++;
        if (lead < 0x80) continue;
        int more = 0;
        std::uint32_t code = 0;
        std::uint32_t least = 0;
        if ((lead & 0xe0) == 0xc0) {
            more = 1;
            code = lead & 0x1fU;
            least = 0x80;
        } else if ((lead & 0xf0) == 0xe0) {
            more = 2;
            code = lead & 0x0fU;
            least = 0x800;
        } else if ((lead & 0xf8) == 0xf0) {
            more = 3;
            code = lead & 0x07U;
            least = 0x10000;
        } else
            return false;
        if (end - p < more) return false;
        for (; more > 0; --more, ++p) {
            if ((*p & 0xc0) != 0x80) return false;
            code = (code << 6) | (*p & 0x3fU);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    }
    return true;
}

} // namespace godwit

// SPDX-License-Identifier: Apache-2.0
#include "lib/json/writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace godwit::json {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

/// How many bytes of `text` are a character (RFC 3629: no surrogates, no overlong forms), and whether all of it is
/// there.
struct Character {
    std::size_t bytes = 1;
    bool whole = false;
};
Character character_at(std::string_view text)
{
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    const auto lead = byte(0);
    if (lead < 0x80) return {1, true};
    if (lead < 0xc2 || lead > 0xf4) return {1, false};
    const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (std::size_t at = 1; at < length; ++at) {
        const std::uint8_t least = at > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t most = at > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (at == text.size() || byte(at) < least || byte(at) > most) return {at, false};
    }
    return {length, true};
}

template <class Number>
void append_number(std::string& out, Number value)
{
    char buffer[24];
    const auto done = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, done.ptr);
}

/// Stands in JSON as it is, and is a character by itself.
bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

} // namespace

void append_quoted(std::string& out, std::string_view text)
{
    out += '"';
    while (!text.empty()) {
        const auto plain =
            static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        const auto [bytes, whole] = character_at(text);
        if (!whole) {
            out += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<std::uint8_t>(c) >= 0x20) {
            out += text.substr(0, bytes);
        } else if (const auto known = std::string_view("\b\f\n\r\t").find(c); known != std::string_view::npos) {
            out += '\\';
            out += "bfnrt"[known];
        } else {
            out += "\\u00";
            out += hex_digits[static_cast<std::uint8_t>(c) >> 4];
            out += hex_digits[static_cast<std::uint8_t>(c) & 15];
        }
        text.remove_prefix(bytes);
    }
    out += '"';
}

void Writer::separate()
{
    if (!first_) out_ += ',';
    first_ = false;
}

void Writer::open(char bracket)
{
    separate();
    out_ += bracket;
    first_ = true;
}

void Writer::close(char bracket)
{
    out_ += bracket;
    first_ = false;
}

void Writer::key(std::string_view name)
{
    separate();
    append_quoted(out_, name);
    out_ += ':';
    first_ = true;
}

void Writer::text(std::string_view value)
{
    separate();
    append_quoted(out_, value);
}

void Writer::number(std::int64_t value)
{
    separate();
    append_number(out_, value);
}

void Writer::number(std::uint64_t value)
{
    separate();
    append_number(out_, value);
}

void Writer::number(double value)
{
    if (!std::isfinite(value)) return null();
    separate();
    // Digits that read back to the same number, without an exponent where that is short enough to read.
    const double size = std::fabs(value);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e15);
    char buffer[32];
    const auto done = std::to_chars(buffer, buffer + sizeof buffer, value,
                                    plain ? std::chars_format::fixed : std::chars_format::scientific);
    const std::string_view digits(buffer, done.ptr);
    out_ += digits;
    if (digits.find_first_of(".e") == std::string_view::npos) out_ += ".0";
}

void Writer::boolean(bool value)
{
    raw(value ? "true" : "false");
}

void Writer::null()
{
    raw("null");
}

void Writer::raw(std::string_view json)
{
    separate();
    out_ += json;
}

} // namespace godwit::json

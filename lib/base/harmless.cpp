// SPDX-License-Identifier: Apache-2.0
#include "lib/base/harmless.hpp"

#include "lib/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace godwit {
namespace {

/// A suffix that is longer is part of the name.
constexpr std::size_t suffix_bytes_max = 16;

std::size_t length_of(std::uint8_t first)
{
    if (first < 0x80) return 1;
    if (first < 0xe0) return 2;
    return first < 0xf0 ? 3 : 4;
}

/// Of one well-formed character.
char32_t code_of(std::string_view character)
{
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(character[i]); };
    if (character.size() == 1) return byte(0);
    char32_t out = byte(0) & (0xffU >> (character.size() + 1));
    for (std::size_t i = 1; i < character.size(); ++i)
        out = (out << 6) | (byte(i) & 0x3fU);
    return out;
}

/// Controls, direction marks and embeddings (Unicode Bidi_Control), separators of lines, what has no width and joins
/// nothing, tags, and what is no character.
bool is_hidden(char32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x180e || c == 0x200b || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || c == 0x00ad || (c >= 0xe0000 && c <= 0xe007f) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xfdd0 && c <= 0xfdef);
}

bool is_of_paths(char32_t c)
{
    return c < 0x80 && std::string_view("<>:\"/\\|?*").find(static_cast<char>(c)) != std::string_view::npos;
}

/// Each character that `harms`, and each byte that is of none, as _.
std::string plain(std::string_view text, bool (*harms)(char32_t))
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = length_of(static_cast<std::uint8_t>(text[at]));
        const auto character = text.substr(at, length);
        if (character.size() != length || !is_utf8(character)) {
            out += '_';
            ++at;
            continue;
        }
        out += harms(code_of(character)) ? std::string_view("_") : character;
        at += length;
    }
    return out;
}

/// Names that Windows takes for devices, whatever follows the first dot.
bool is_device(std::string_view name)
{
    std::string stem(name.substr(0, name.find('.')));
    while (!stem.empty() && stem.back() == ' ')
        stem.pop_back();
    std::transform(stem.begin(), stem.end(), stem.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    for (const std::string_view whole : {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"})
        if (stem == whole) return true;
    if (!stem.starts_with("COM") && !stem.starts_with("LPT")) return false;
    const auto number = std::string_view(stem).substr(3);
    // Windows counts the superscripts 1, 2 and 3 as digits here.
    return (number.size() == 1 && number[0] >= '0' && number[0] <= '9') || number == "\xc2\xb9" ||
           number == "\xc2\xb2" || number == "\xc2\xb3";
}

void trim_end(std::string& name)
{
    while (!name.empty() && (name.back() == '.' || name.back() == ' '))
        name.pop_back();
}

void cut(std::string& name, std::size_t bytes)
{
    if (name.size() <= bytes) return;
    while (bytes > 0 && (static_cast<std::uint8_t>(name[bytes]) & 0xc0) == 0x80)
        --bytes;
    name.resize(bytes);
}

} // namespace

std::string harmless_name(std::string_view name)
{
    if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
    auto out = plain(name, [](char32_t c) { return is_hidden(c) || is_of_paths(c); });
    trim_end(out);
    if (out.empty()) return "file";
    if (out.front() == '.' || out.front() == ' ') out.front() = '_';
    if (is_device(out)) out.insert(out.begin(), '_');
    if (out.size() > harmless_name_bytes_max) {
        const auto dot = out.rfind('.');
        const auto suffix =
            dot != std::string::npos && out.size() - dot <= suffix_bytes_max ? out.substr(dot) : std::string();
        cut(out, harmless_name_bytes_max - suffix.size());
        trim_end(out);
        out += suffix;
    }
    return out;
}

std::string harmless_line(std::string_view text)
{
    std::string out(text);
    std::replace_if(out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return plain(out, is_hidden);
}

bool is_harmless_url(std::string_view url)
{
    if (url.empty()) return true;
    if (!is_harmless_line(url) || url.find(' ') != std::string_view::npos) return false;
    const auto colon = url.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    std::string scheme(url.substr(0, colon));
    for (char& c : scheme) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!fine) return false;
    }
    for (const std::string_view bad : {"javascript", "vbscript", "data", "file", "blob", "about"})
        if (scheme == bad) return false;
    return scheme[0] >= 'a' && scheme[0] <= 'z';
}

std::string harmless_media_type(std::string_view type)
{
    const auto is_fine = [](char c) { return c > ' ' && c < '\x7f'; };
    return std::all_of(type.begin(), type.end(), is_fine) ? std::string(type) : "application/octet-stream";
}

} // namespace godwit

// SPDX-License-Identifier: Apache-2.0
#include "widths.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace {

struct Range {
    std::uint32_t first, last;
};

// Unicode 15: EastAsianWidth W and F, and what is shown as an emoji by itself; from U+1100 on.
constexpr Range wide[]{
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
    {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},
    {0x26fa, 0x26fa},   {0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27b0},   {0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e},
    {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec},
    {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f7f0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945},
    {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};
// Marks that combine, joiners, variation selectors.
constexpr Range without[]{
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},   {0x0670, 0x0670},
    {0x06d6, 0x06dc}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x2066, 0x206f}, {0x20d0, 0x20f0},   {0x302a, 0x302d},
    {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0001, 0xe007f}, {0xe0100, 0xe01ef},
};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], std::uint32_t c)
{
    const auto at = std::lower_bound(std::begin(ranges), std::end(ranges), c,
                                     [](const Range& range, std::uint32_t value) { return range.last < value; });
    return at != std::end(ranges) && c >= at->first;
}

bool continues(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
};

/// Precondition: not empty.
Character first_of(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (bytes == 1 || lead > 0xf4 || text.size() < bytes) return {};
    std::uint32_t c = lead & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if (!continues(text[i])) return {};
        c = (c << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    return {bytes, is_in(without, c) ? 0U : is_in(wide, c) ? 2U : 1U};
}

/// Precondition: not empty.
Character last_of(std::string_view text)
{
    for (std::size_t back = 1; back <= std::min<std::size_t>(4, text.size()); ++back) {
        const auto tail = text.substr(text.size() - back);
        if (continues(tail[0])) continue;
        const auto out = first_of(tail);
        return out.bytes == back ? out : Character{};
    }
    return {};
}

} // namespace

std::size_t columns_of(std::string_view text)
{
    std::size_t out = 0;
    while (!text.empty()) {
        const auto one = first_of(text);
        out += one.columns;
        text.remove_prefix(one.bytes);
    }
    return out;
}

std::string_view first_columns(std::string_view text, std::size_t columns)
{
    std::size_t bytes = 0;
    while (bytes < text.size()) {
        const auto one = first_of(text.substr(bytes));
        if (one.columns > columns) break;
        columns -= one.columns;
        bytes += one.bytes;
    }
    return text.substr(0, bytes);
}

std::string_view last_columns(std::string_view text, std::size_t columns)
{
    std::size_t begin = text.size();
    while (begin > 0) {
        const auto one = last_of(text.substr(0, begin));
        if (one.columns > columns) break;
        columns -= one.columns;
        begin -= one.bytes;
    }
    return text.substr(begin);
}

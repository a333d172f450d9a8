// SPDX-License-Identifier: Apache-2.0
//   0 1 2 3 4 5 6 7
//  |X|  K  |Y|  C  |  KID...  |  CTR...  |     X, Y: 0: K, C is the value itself (0..7); 1: its length in bytes, less
//  one
#include "lib/sframe/header.hpp"

#include <bit>

namespace godwit::sframe {
namespace {

constexpr std::uint8_t extended = 8;
constexpr std::uint64_t inline_max = 7;

unsigned bytes_of(std::uint64_t value)
{
    return (static_cast<unsigned>(std::bit_width(value)) + 7) / 8;
}

std::uint8_t nibble(std::uint64_t value)
{
    return static_cast<std::uint8_t>(value <= inline_max ? value : extended | (bytes_of(value) - 1));
}

void append_value(Bytes& out, std::uint64_t value)
{
    if (value <= inline_max) return;
    for (unsigned i = bytes_of(value); i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// Takes the value of `nibble` from the front of `rest`.
std::optional<std::uint64_t> take_value(unsigned nibble, BytesView& rest)
{
    if ((nibble & extended) == 0) return nibble;
    const std::size_t size = (nibble & 7) + 1;
    if (rest.size() < size) return std::nullopt;
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i)
        out = out << 8 | rest[i];
    rest = rest.subspan(size);
    if (out <= inline_max || bytes_of(out) != size) return std::nullopt;
    return out;
}

} // namespace

Bytes encode_header(const Header& header)
{
    Bytes out{static_cast<std::uint8_t>(nibble(header.kid) << 4 | nibble(header.ctr))};
    append_value(out, header.kid);
    append_value(out, header.ctr);
    return out;
}

std::optional<ParsedHeader> decode_header(BytesView in)
{
    if (in.empty()) return std::nullopt;
    BytesView rest = in.subspan(1);
    const auto kid = take_value(in[0] >> 4, rest);
    if (!kid) return std::nullopt;
    const auto ctr = take_value(in[0] & 15, rest);
    if (!ctr) return std::nullopt;
    return ParsedHeader{{*kid, *ctr}, in.size() - rest.size()};
}

} // namespace godwit::sframe

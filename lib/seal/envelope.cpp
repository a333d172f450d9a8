// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/envelope.hpp"

#include "lib/seal/sealer.hpp"

#include <algorithm>
#include <bit>

namespace godwit::seal {
namespace {

void append_big_endian(Bytes& out, std::uint64_t value, unsigned bytes)
{
    for (unsigned shift = bytes * 8; shift > 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> (shift - 8)));
}

std::uint64_t read_big_endian(BytesView in) noexcept
{
    std::uint64_t out = 0;
    for (auto byte : in)
        out = (out << 8) | byte;
    return out;
}

} // namespace

std::size_t padded_bytes(std::size_t inner_bytes) noexcept
{
    if (inner_bytes <= inner_bytes_min) return inner_bytes_min;
    // Padmé: of a length with exponent E, keep as many leading mantissa bits as E itself needs, round up.
    const auto exponent = static_cast<unsigned>(std::bit_width(inner_bytes)) - 1;
    const auto kept_bits = static_cast<unsigned>(std::bit_width(exponent));
    const std::size_t mask = (std::size_t{1} << (exponent - kept_bits)) - 1;
    return (inner_bytes + mask) & ~mask;
}

std::optional<SealedView> parse_sealed(BytesView sealed) noexcept
{
    if (sealed.size() < head_fixed_bytes || sealed[0] != sealed_version) return std::nullopt;
    const std::size_t count = std::size_t{sealed[1]} + 1;
    if (count > seal_recipients_max) return std::nullopt;
    const std::size_t head_bytes = head_fixed_bytes + count * slot_bytes;
    if (sealed.size() < head_bytes + inner_bytes_min + body_tag_bytes) return std::nullopt;

    SealedView out;
    out.head = sealed.first(head_bytes);
    out.ephemeral_key = sealed.subspan(2, ephemeral_bytes);
    out.slots = out.head.subspan(head_fixed_bytes);
    out.body = sealed.subspan(head_bytes);
    const std::size_t inner_bytes = out.body.size() - body_tag_bytes;
    if (inner_bytes > padded_bytes(inner_fixed_bytes + seal_content_bytes_max) ||
        padded_bytes(inner_bytes) != inner_bytes)
        return std::nullopt;
    for (std::size_t at = slot_bytes; at < out.slots.size(); at += slot_bytes) {
        const BytesView before = out.slots.subspan(at - slot_bytes, slot_bytes);
        const BytesView here = out.slots.subspan(at, slot_bytes);
        if (!std::lexicographical_compare(before.begin(), before.end(), here.begin(), here.end())) return std::nullopt;
    }
    return out;
}

Bytes format_inner(BytesView signature, std::uint64_t generation, BytesView content)
{
    Bytes out;
    const std::size_t size = padded_bytes(inner_fixed_bytes + content.size());
    out.reserve(size);
    append(out, signature);
    append_big_endian(out, generation, 8);
    append_big_endian(out, content.size(), 4);
    append(out, content);
    out.resize(size);
    return out;
}

std::optional<InnerView> parse_inner(BytesView inner) noexcept
{
    if (inner.size() < inner_fixed_bytes) return std::nullopt;
    InnerView out;
    out.signature = inner.first(signature_bytes);
    out.generation = read_big_endian(inner.subspan(signature_bytes, 8));
    const std::uint64_t length = read_big_endian(inner.subspan(signature_bytes + 8, 4));
    if (length > seal_content_bytes_max || length > inner.size() - inner_fixed_bytes) return std::nullopt;
    out.content = inner.subspan(inner_fixed_bytes, static_cast<std::size_t>(length));
    if (padded_bytes(inner_fixed_bytes + out.content.size()) != inner.size()) return std::nullopt;
    const BytesView padding = inner.subspan(inner_fixed_bytes + out.content.size());
    if (!std::all_of(padding.begin(), padding.end(), [](std::uint8_t b) { return b == 0; })) return std::nullopt;
    return out;
}

} // namespace godwit::seal

// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/flexfec.hpp"

#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::rtp {

namespace {

constexpr std::uint8_t version_bits = 0x80, fixed_offsets = 0x40;

void add(Bytes& into, std::size_t at, BytesView bytes)
{
    if (into.size() < at + bytes.size()) into.resize(at + bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        into[at + i] ^= bytes[i];
}

/// What of a packet's header is in a parity packet's, and what follows it.
void add_packet(Bytes& into, BytesView packet)
{
    const auto length = static_cast<std::uint16_t>(packet.size() - header_bytes);
    const std::uint8_t head[] = {static_cast<std::uint8_t>(packet[0] & 0x3f),
                                 packet[1],
                                 static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length),
                                 packet[4],
                                 packet[5],
                                 packet[6],
                                 packet[7]};
    add(into, 0, head);
    add(into, fec_header_bytes, packet.subspan(header_bytes));
}

} // namespace

bool FecHeader::protects(std::uint16_t sequence_number) const noexcept
{
    const auto distance = static_cast<std::uint16_t>(sequence_number - base);
    return distance % step == 0 && distance / step < count;
}

Bytes protect(const FecHeader& header, std::span<const BytesView> packets)
{
    GODWIT_ASSERT(!packets.empty() && packets.size() <= fec_protected_max && packets.size() == header.count);
    GODWIT_ASSERT(header.step == 1 || header.count > 1);
    Bytes out(fec_header_bytes);
    for (const BytesView one : packets) {
        GODWIT_ASSERT(one.size() >= header_bytes && one.size() <= packet_bytes_max);
        add_packet(out, one);
    }
    out[0] |= fixed_offsets;
    out[8] = static_cast<std::uint8_t>(header.base >> 8);
    out[9] = static_cast<std::uint8_t>(header.base);
    out[10] = header.step == 1 ? header.count : header.step;
    out[11] = header.step == 1 ? 0 : header.count;
    return out;
}

std::optional<FecHeader> decode_fec_header(BytesView payload) noexcept
{
    if (payload.size() < fec_header_bytes || (payload[0] & 0xc0) != fixed_offsets) return std::nullopt;
    FecHeader out;
    out.base = static_cast<std::uint16_t>(payload[8] << 8 | payload[9]);
    const std::uint8_t l = payload[10], d = payload[11];
    if (l == 0 || d == 1) return std::nullopt; // d = 1: a row of a block that has columns too
    out.step = d == 0 ? 1 : l;
    out.count = d == 0 ? l : d;
    if (out.count > fec_protected_max) return std::nullopt;
    return out;
}

std::optional<Bytes> recover(BytesView payload, std::span<const BytesView> others, std::uint16_t missing,
                             std::uint32_t ssrc)
{
    if (payload.size() < fec_header_bytes) return std::nullopt;
    Bytes sum = to_bytes(payload);
    for (const BytesView one : others) {
        // Longer than what was protected: it was another packet.
        if (one.size() < header_bytes || one.size() - header_bytes > payload.size() - fec_header_bytes)
            return std::nullopt;
        add_packet(sum, one);
    }
    const std::size_t length = static_cast<std::size_t>(sum[2]) << 8 | sum[3];
    if (length > payload.size() - fec_header_bytes) return std::nullopt;
    Bytes out(header_bytes + length);
    out[0] = static_cast<std::uint8_t>(version_bits | (sum[0] & 0x3f));
    out[1] = sum[1];
    out[2] = static_cast<std::uint8_t>(missing >> 8);
    out[3] = static_cast<std::uint8_t>(missing);
    std::copy_n(sum.begin() + 4, 4, out.begin() + 4);
    for (std::size_t i = 0; i < 4; ++i)
        out[8 + i] = static_cast<std::uint8_t>(ssrc >> (24 - 8 * i));
    std::copy_n(sum.begin() + fec_header_bytes, length, out.begin() + header_bytes);
    return out;
}

} // namespace godwit::rtp

// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/packet.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

#include <algorithm>

namespace godwit::rtp {

namespace {

constexpr std::uint8_t version_bits = 2 << 6;
// RFC 8285 sections 4.2 and 4.3; the low four bits of the latter belong to the application.
constexpr std::uint16_t one_byte_profile = 0xbede, two_byte_profile = 0x1000, two_byte_mask = 0xfff0;

bool fits_one_byte(const Extension& extension)
{
    return extension.id <= 14 && !extension.data.empty() && extension.data.size() <= 16;
}

Bytes encode_extensions(const std::vector<Extension>& extensions)
{
    const bool one_byte = std::all_of(extensions.begin(), extensions.end(), fits_one_byte);
    Bytes block;
    for (const Extension& one : extensions) {
        if (one_byte) {
            put8(block, static_cast<std::uint64_t>(one.id) << 4 | (one.data.size() - 1));
        } else {
            put8(block, one.id);
            put8(block, one.data.size());
        }
        append(block, one.data);
    }
    block.resize((block.size() + 3) / 4 * 4, 0);
    Bytes out;
    put16(out, one_byte ? one_byte_profile : two_byte_profile);
    put16(out, block.size() / 4);
    append(out, block);
    return out;
}

bool decode_extensions(std::uint16_t profile, BytesView block, std::vector<Extension>& out)
{
    const bool one_byte = profile == one_byte_profile;
    if (!one_byte && (profile & two_byte_mask) != two_byte_profile) return true;
    Reader in(block);
    while (in.left() > 0) {
        const std::uint8_t first = in.u8();
        if (first == 0) continue; // padding between elements
        std::uint8_t id = first;
        std::size_t size = 0;
        if (one_byte) {
            id = first >> 4;
            if (id == 15) return true; // section 4.2: what follows is not to be looked at
            if (id == 0) return false;
            size = static_cast<std::size_t>(first & 15) + 1;
        } else {
            size = in.u8();
        }
        const BytesView data = in.bytes(size);
        if (!in.ok() || out.size() == extensions_max) return false;
        out.push_back({id, data});
    }
    return true;
}

} // namespace

const Extension* Packet::find(std::uint8_t extension_id) const noexcept
{
    for (const Extension& one : extensions)
        if (one.id == extension_id) return &one;
    return nullptr;
}

Bytes encode(const Packet& packet)
{
    GODWIT_ASSERT(packet.payload_type < 128 && packet.csrc.size() <= csrc_max);
    GODWIT_ASSERT(packet.extensions.size() <= extensions_max);
    for (const Extension& one : packet.extensions)
        GODWIT_ASSERT(one.id != 0 && one.data.size() <= extension_bytes_max);
    Bytes out;
    out.reserve(header_bytes + packet.payload.size() + 64);
    put8(out, static_cast<std::uint64_t>(version_bits | (packet.extensions.empty() ? 0 : 1 << 4)) | packet.csrc.size());
    put8(out, static_cast<std::uint64_t>(packet.marker ? 0x80 : 0) | packet.payload_type);
    put16(out, packet.sequence_number);
    put32(out, packet.timestamp);
    put32(out, packet.ssrc);
    for (const std::uint32_t one : packet.csrc)
        put32(out, one);
    if (!packet.extensions.empty()) append(out, encode_extensions(packet.extensions));
    append(out, packet.payload);
    return out;
}

std::optional<Packet> decode(BytesView bytes)
{
    if (bytes.size() > packet_bytes_max) return std::nullopt;
    Reader in(bytes);
    const std::uint8_t first = in.u8(), second = in.u8();
    if ((first & 0xc0) != version_bits) return std::nullopt;
    Packet out;
    out.marker = (second & 0x80) != 0;
    out.payload_type = second & 0x7f;
    out.sequence_number = in.u16();
    out.timestamp = in.u32();
    out.ssrc = in.u32();
    for (int i = 0; i < (first & 15) && in.ok(); ++i)
        out.csrc.push_back(in.u32());
    if ((first & 0x10) != 0) {
        const std::uint16_t profile = in.u16();
        const std::size_t block_bytes = std::size_t{4} * in.u16();
        const BytesView block = in.bytes(block_bytes);
        if (!in.ok() || !decode_extensions(profile, block, out.extensions)) return std::nullopt;
    }
    out.payload = in.rest();
    if (!in.ok()) return std::nullopt;
    if ((first & 0x20) != 0) { // the last octet says how much of it is padding, itself included
        if (out.payload.empty()) return std::nullopt;
        const std::size_t padding = out.payload.back();
        if (padding == 0 || padding > out.payload.size()) return std::nullopt;
        out.payload = out.payload.first(out.payload.size() - padding);
    }
    return out;
}

bool is_rtcp(BytesView bytes) noexcept
{
    if (bytes.size() < 2) return false;
    const int type = bytes[1] & 0x7f;
    return type >= 64 && type <= 95;
}

} // namespace godwit::rtp

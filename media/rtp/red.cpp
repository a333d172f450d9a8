// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/red.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

namespace godwit::rtp {

Bytes encode_red(const std::vector<RedBlock>& blocks)
{
    GODWIT_ASSERT(!blocks.empty() && blocks.size() <= red_blocks_max && blocks.back().timestamp_offset == 0);
    Bytes out;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const RedBlock& one = blocks[i];
        GODWIT_ASSERT(one.payload_type < 128);
        if (i + 1 == blocks.size()) {
            put8(out, one.payload_type);
            break;
        }
        GODWIT_ASSERT(one.data.size() <= red_block_bytes_max && one.timestamp_offset <= red_offset_max);
        put8(out, 0x80U | one.payload_type);
        put(out, std::uint64_t{one.timestamp_offset} << 10 | one.data.size(), 3);
    }
    for (const RedBlock& one : blocks)
        append(out, one.data);
    return out;
}

std::optional<std::vector<RedBlock>> decode_red(BytesView payload)
{
    Reader in(payload);
    std::vector<RedBlock> out;
    std::vector<std::size_t> sizes;
    for (;;) {
        const std::uint8_t first = in.u8();
        if (!in.ok() || out.size() == red_blocks_max) return std::nullopt;
        RedBlock one;
        one.payload_type = first & 0x7f;
        if ((first & 0x80) == 0) {
            out.push_back(one);
            break;
        }
        const auto rest = static_cast<std::uint32_t>(in.number(3));
        one.timestamp_offset = rest >> 10;
        sizes.push_back(rest & 0x3ff);
        out.push_back(one);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i)
        out[i].data = in.bytes(sizes[i]);
    out.back().data = in.rest();
    if (!in.ok() || out.back().data.empty()) return std::nullopt;
    return out;
}

} // namespace godwit::rtp

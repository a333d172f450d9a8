// SPDX-License-Identifier: Apache-2.0
// Redundant audio (RFC 2198): frames that went before, once more in a later packet.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace godwit::rtp {

/// Blocks of one payload, the primary one included.
inline constexpr std::size_t red_blocks_max = 5;
/// Section 3: 10 bits of length, 14 of offset.
inline constexpr std::size_t red_block_bytes_max = 1023;
inline constexpr std::uint32_t red_offset_max = 16'383;

struct RedBlock {
    std::uint8_t payload_type = 0;      ///< 7 bits.
    std::uint32_t timestamp_offset = 0; ///< How long before the packet's timestamp; 0 of the primary.
    BytesView data;
};

/// In the order of the payload: redundant ones, oldest first, and the primary one last. Preconditions: the bounds
/// above; red_block_bytes_max does not hold for the primary.
[[nodiscard]] Bytes encode_red(const std::vector<RedBlock>& blocks);
/// nullopt: cut short, no primary block, an empty one, or more than red_blocks_max.
[[nodiscard]] std::optional<std::vector<RedBlock>> decode_red(BytesView payload);

} // namespace godwit::rtp

// SPDX-License-Identifier: Apache-2.0
// The payload descriptor of VP8 (RFC 7741 section 4.2), which stands in clear before a sealed fragment.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace godwit::rtp {

struct Vp8Descriptor {
    bool non_reference = false;              ///< N: may be dropped, nothing refers to it.
    bool start_of_partition = false;         ///< S.
    std::uint8_t partition = 0;              ///< PID, 3 bits. A sealed frame has one.
    std::optional<std::uint16_t> picture_id; ///< I; 15 bits, of which 7 suffice unless long_picture_id.
    bool long_picture_id = true;             ///< M.
    std::optional<std::uint8_t> tl0_pic_idx; ///< L: counts frames of the base layer.
    std::optional<std::uint8_t> temporal_id; ///< T: TID, 2 bits.
    bool layer_sync = false;                 ///< Y, with T.
    std::optional<std::uint8_t> key_index;   ///< K: KEYIDX, 5 bits.
    friend bool operator==(const Vp8Descriptor&, const Vp8Descriptor&) = default;

    /// The first payload of a frame: S, of partition 0.
    [[nodiscard]] bool starts_frame() const noexcept { return start_of_partition && partition == 0; }
};

/// Preconditions: the widths above; a TL0PICIDX only with a TID ("if L is 1, T MUST be 1").
[[nodiscard]] Bytes encode(const Vp8Descriptor& descriptor);

struct ParsedVp8 {
    Vp8Descriptor descriptor;
    BytesView payload; ///< What follows.
};
/// nullopt: cut short, nothing behind it, or L without T. Reserved bits are not looked at.
[[nodiscard]] std::optional<ParsedVp8> decode_vp8(BytesView payload);

} // namespace godwit::rtp

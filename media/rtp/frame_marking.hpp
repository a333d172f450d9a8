// SPDX-License-Identifier: Apache-2.0
// Video Frame Marking (RFC 9626): what whoever forwards a sealed frame, and whoever waits for it, has to know of it.
// VP8 keeps "this is a keyframe" inside the payload, which is sealed; so it stands here.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace godwit::rtp {

/// Section 3.2, the long form, which says everything.
struct FrameMarking {
    bool start_of_frame = false;
    bool end_of_frame = false;
    bool independent = false;     ///< I: decodable without any frame before it.
    bool discardable = false;     ///< D: nothing refers to it.
    bool base_layer_sync = false; ///< B: refers to the base layer only.
    std::uint8_t temporal_id = 0; ///< TID, 3 bits.
    std::uint8_t layer_id = 0;    ///< LID.
    std::uint8_t tl0_pic_idx = 0;
    friend bool operator==(const FrameMarking&, const FrameMarking&) = default;
};

/// Data of the header extension, 3 bytes. Precondition: temporal_id < 8.
[[nodiscard]] Bytes encode(const FrameMarking& marking);
/// The short form (1 byte, of a stream without layers) too; nullopt: another length than 1 or 3.
[[nodiscard]] std::optional<FrameMarking> decode_frame_marking(BytesView data);

} // namespace godwit::rtp

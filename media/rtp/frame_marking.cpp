// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/frame_marking.hpp"

#include "lib/base/check.hpp"

namespace godwit::rtp {

Bytes encode(const FrameMarking& v)
{
    GODWIT_ASSERT(v.temporal_id < 8);
    const auto flags = (v.start_of_frame ? 0x80 : 0) | (v.end_of_frame ? 0x40 : 0) | (v.independent ? 0x20 : 0) |
                       (v.discardable ? 0x10 : 0) | (v.base_layer_sync ? 0x08 : 0) | v.temporal_id;
    return {static_cast<std::uint8_t>(flags), v.layer_id, v.tl0_pic_idx};
}

std::optional<FrameMarking> decode_frame_marking(BytesView data)
{
    if (data.size() != 1 && data.size() != 3) return std::nullopt;
    FrameMarking v;
    v.start_of_frame = (data[0] & 0x80) != 0;
    v.end_of_frame = (data[0] & 0x40) != 0;
    v.independent = (data[0] & 0x20) != 0;
    v.discardable = (data[0] & 0x10) != 0;
    if (data.size() == 1) return v;
    v.base_layer_sync = (data[0] & 0x08) != 0;
    v.temporal_id = data[0] & 7;
    v.layer_id = data[1];
    v.tl0_pic_idx = data[2];
    return v;
}

} // namespace godwit::rtp

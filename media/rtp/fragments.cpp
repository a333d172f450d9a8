// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/fragments.hpp"

namespace godwit::rtp {

std::vector<BytesView> fragment(BytesView frame, std::size_t bytes_max)
{
    std::vector<BytesView> out;
    if (frame.empty() || frame.size() > video_frame_bytes_max || bytes_max == 0) return out;
    const std::size_t parts = (frame.size() + bytes_max - 1) / bytes_max;
    if (parts > video_fragments_max) return out;
    for (std::size_t i = 0; i < parts; ++i) {
        const std::size_t from = frame.size() * i / parts, to = frame.size() * (i + 1) / parts;
        out.push_back(frame.subspan(from, to - from));
    }
    return out;
}

} // namespace godwit::rtp

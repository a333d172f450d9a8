// SPDX-License-Identifier: Apache-2.0
// A video frame is longer than a packet: into how many parts it goes, and what each is.
#pragma once

#include "lib/base/bytes.hpp"

#include <vector>

namespace godwit::rtp {

/// One sealed video frame. A keyframe of 1920 x 1080 at good quality has a tenth of it.
inline constexpr std::size_t video_frame_bytes_max = std::size_t{1} << 20;
/// Packets of one frame, for who puts them together again.
inline constexpr std::size_t video_fragments_max = 1024;

/// Views into `frame`, none empty, none longer than `bytes_max`, of lengths that differ by one at most: the last one of
/// a frame is not more often lost for being small, and no packet is longer than it need be. Empty: the frame is empty,
/// or longer than either bound above allows.
[[nodiscard]] std::vector<BytesView> fragment(BytesView frame, std::size_t bytes_max);

} // namespace godwit::rtp

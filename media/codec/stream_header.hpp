// SPDX-License-Identifier: Apache-2.0
// The first bytes of a VP8 or VP9 frame, as far as they say how large a picture it wants. libvpx of Debian allocates
// for up to 16,384 x 16,384 on a stranger's word, in VP9 also in the middle of a stream; so we look first.
#pragma once

#include <godwit/call.hpp>

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace godwit::codec {

using godwit::VideoCodec;

struct StreamHeader {
    bool keyframe = false;
    /// 0: as in the picture before, or as in one that is referred to.
    int width = 0, height = 0;
    bool shows_existing = false; ///< VP9: shows a picture that is there already.
};

/// nullopt: no frame of this codec, cut short, or of a kind that calls do not use (VP9: superframes, profiles but 0).
[[nodiscard]] std::optional<StreamHeader> read_stream_header(VideoCodec codec, BytesView frame);

} // namespace godwit::codec

// SPDX-License-Identifier: Apache-2.0
// How a call goes.
#pragma once

#include "media/pipeline/video_stream.hpp"

namespace godwit::pipeline {

struct Statistics {
    double rate_bps = 0;   ///< That may be sent.
    double loss_there = 0; ///< 0 to 1, of what this device sends, by the other's feedback.
    Duration round_trip{};
    Duration jitter{};         ///< Of the sound that comes (RFC 3550).
    Duration audio_delay{};    ///< Kept back by the jitter buffer.
    Duration mouth_to_ear{};   ///< About, in one direction: the way, the frame, the jitter buffer, a device.
    double concealed = 0;      ///< 0 to 1, of the sound that was played since the beginning.
    double mos = 0;            ///< What people would say of the sound that comes, 1 to 4.5.
    std::uint64_t refused = 0; ///< Frames that did not open.
    rate::AudioPlan audio_plan;
    Rung video_rung;
    double video_bps = 0; ///< Meant for pictures; 0: the path does not pay for any.
    double files_bps = 0; ///< Left for files, when there are some.
    jitter::AudioStatistics audio;
    VideoStatistics video;
    std::optional<codec::VideoCodec> codec_sent; ///< nullopt: no picture has been.
};

/// Mean opinion score by the E-model (ITU-T G.107 with G.107.1's idea of a better codec than the telephone's):
/// `mouth_to_ear` in one direction, `concealed` 0 to 1 after all repairs. An estimate, for comparing, not a
/// measurement.
[[nodiscard]] double estimate_mos(Duration mouth_to_ear, double concealed) noexcept;

} // namespace godwit::pipeline

// SPDX-License-Identifier: Apache-2.0
// One budget among audio, video and files: audio first, then video, files what is left; but files never stop altogether
// while there is anything for video, or a call would freeze them. Pure.
#pragma once

#include <cstdint>

namespace godwit::rate {

/// How voice is sent. Rates are of the codec; what is around each packet is counted beside.
struct AudioPlan {
    int bitrate_bps = 0;
    int frame_ms = 20;
    int redundancy = 0; ///< Earlier frames that each packet repeats (RED); 0: FEC in the codec has to do.
    int expected_loss_percent = 0;
    friend bool operator==(const AudioPlan&, const AudioPlan&) = default;
};

/// What is around the frames of one packet: RTP with extensions, SFrame, flow identifier, QUIC, UDP, IPv6.
inline constexpr int packet_overhead_bytes = 130;
inline constexpr int audio_best_bps = 32'000;

/// What it takes on the path, in bits a second.
[[nodiscard]] double cost_bps(const AudioPlan& plan) noexcept;
/// The best voice that `budget_bps` pays for; the cheapest there is when it pays for none. `loss`: 0 to 1.
[[nodiscard]] AudioPlan plan_audio(double budget_bps, double loss) noexcept;

struct Wishes {
    bool audio = true;
    bool video = false;
    double video_bps_max = 1'500'000; ///< More would show nothing more.
    bool files = false;               ///< As much as there is.
};
/// What would be sent if the path were wide enough, in bits a second: voice with what it repeats at that loss.
[[nodiscard]] double wanted_bps(const Wishes& wishes, double loss) noexcept;

struct Shares {
    AudioPlan audio;
    double audio_bps = 0; ///< What audio takes on the path.
    double video_bps = 0; ///< 0: too little for a picture; stop sending it.
    double files_bps = 0;
};

/// Below this a picture is no use to anybody, and voice needs it more.
inline constexpr double video_bps_min = 60'000;
/// Of what audio leaves, while there is video too.
inline constexpr double files_share = 0.1;

[[nodiscard]] Shares share(double budget_bps, double loss, const Wishes& wishes) noexcept;

} // namespace godwit::rate

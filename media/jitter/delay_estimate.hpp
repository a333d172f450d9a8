// SPDX-License-Identifier: Apache-2.0
// How long to keep sound back so that late packets still come in time: from how late they have been.
//
//   lateness = transit of a packet − the least transit of the last seconds
//   target   = the lateness that 99 of 100 packets keep, but no more than any had of late, and a frame
//
// A queue that was ours (a call that began with more than the path carries) is remembered for long by one packet in a
// hundred, and everything is heard late that long: so what no packet of the last seconds needed is not waited for.
// The least transit is of a window, not of ever: clocks drift, and paths change.
#pragma once

#include "lib/base/time.hpp"

#include <array>
#include <deque>

namespace godwit::jitter {

inline constexpr Duration delay_target_min = std::chrono::milliseconds(20);
/// Beyond that a conversation is none; the rest is concealed.
inline constexpr Duration delay_target_max = std::chrono::milliseconds(600);

class DelayEstimate {
public:
    DelayEstimate();

    /// A packet came, or what stands in for a lost one. `media_time`: where it stands in the sound, by its timestamp.
    /// In any order.
    void arrived(Duration media_time, Instant now);
    void set_frame(Duration frame) noexcept { frame_ = frame; }
    /// delay_target_min to delay_target_max.
    [[nodiscard]] Duration target() const noexcept { return target_; }
    /// Begins anew: another path, another stream.
    void reset();

private:
    static constexpr Duration bucket = std::chrono::milliseconds(2);
    static constexpr std::size_t buckets = 300;
    static constexpr Duration window = std::chrono::seconds(2);
    static constexpr double quantile = 0.99;
    /// Of which the latest packet counts: at 60 ms a frame these are 80 packets.
    static constexpr Duration recent = std::chrono::seconds(5);
    /// Half of what was seen is forgotten after 350 packets: seven seconds of 20 ms.
    static constexpr double remembered = 0.998;

    [[nodiscard]] Duration lateness(Duration transit, Instant now);

    struct Transit {
        Instant at;
        Duration transit;
    };
    std::deque<Transit> minima_; ///< Ascending in time and in transit: the first one is the least of the window.
    std::deque<Transit> latest_; ///< Ascending in time, descending in lateness: the first one is the latest one.
    std::array<double, buckets> histogram_{};
    std::uint64_t packets_ = 0;
    Duration frame_ = std::chrono::milliseconds(20);
    Duration target_{};
};

} // namespace godwit::jitter

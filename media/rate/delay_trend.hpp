// SPDX-License-Identifier: Apache-2.0
// Whether a queue grows somewhere on the way: packets that were sent together are a group; what a group's way took
// longer than that of the group before it is added up, smoothed, and a line is laid through it. It rises: overuse.
// draft-ietf-rmcat-gcc-02 sections 5.1 to 5.4, with a least-squares line for the Kalman filter.
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace godwit::rate {

enum class Usage : std::uint8_t { normal = 1, overuse = 2, underuse = 3 };

class DelayTrend {
public:
    /// In the order of sending; what is lost is left out. `arrived`: on the receiver's clock, of any origin.
    void packet(Instant sent, Duration arrived);
    [[nodiscard]] Usage usage() const noexcept { return usage_; }
    /// Begins anew: another path.
    void reset();

private:
    struct Group {
        Instant first_sent, last_sent;
        Duration last_arrived;
    };
    struct Point {
        double at_ms, delay_ms;
    };
    void group_ended(const Group& before, const Group& group);
    [[nodiscard]] std::optional<double> slope() const;
    void detect(double trend, double elapsed_ms);

    std::optional<Group> before_, group_;
    std::deque<Point> points_;
    std::optional<double> first_at_ms_;
    double accumulated_ms_ = 0, smoothed_ms_ = 0;
    int deltas_ = 0;
    double threshold_ms_ = 0;
    double over_for_ms_ = 0;
    int over_count_ = 0;
    double trend_before_ = 0;
    bool begun_ = false;
    Usage usage_ = Usage::normal;
};

} // namespace godwit::rate

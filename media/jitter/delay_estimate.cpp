// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/delay_estimate.hpp"

#include <algorithm>

namespace godwit::jitter {

DelayEstimate::DelayEstimate()
{
    reset();
}

void DelayEstimate::reset()
{
    minima_.clear();
    latest_.clear();
    histogram_.fill(0);
    packets_ = 0;
    target_ = std::chrono::milliseconds(60); // until something is known
}

Duration DelayEstimate::lateness(Duration transit, Instant now)
{
    while (!minima_.empty() && minima_.back().transit >= transit)
        minima_.pop_back();
    minima_.push_back({now, transit});
    while (now - minima_.front().at > window)
        minima_.pop_front();
    return transit - minima_.front().transit;
}

void DelayEstimate::arrived(Duration media_time, Instant now)
{
    const Duration late = lateness(now.time_since_epoch() - media_time, now);
    const auto at = std::min(static_cast<std::size_t>(std::max<std::int64_t>(0, late / bucket)), buckets - 1);
    ++packets_;
    // A mean of all so far in the beginning, of the last ones later.
    const double keep = std::min(remembered, 1 - 1 / static_cast<double>(packets_));
    for (double& one : histogram_)
        one *= keep;
    histogram_[at] += 1 - keep;

    double below = 0;
    std::size_t reached = 0;
    for (; reached + 1 < buckets; ++reached) {
        below += histogram_[reached];
        if (below >= quantile) break;
    }
    // A bucket is as late as its end; the first one is punctual.
    const Duration late_by = reached == 0 ? Duration(0) : static_cast<std::int64_t>(reached + 1) * bucket;
    while (!latest_.empty() && latest_.back().transit <= late)
        latest_.pop_back();
    latest_.push_back({now, late});
    while (now - latest_.front().at > recent)
        latest_.pop_front();
    target_ =
        std::clamp(std::min(late_by, latest_.front().transit + bucket) + frame_, delay_target_min, delay_target_max);
}

} // namespace godwit::jitter

// SPDX-License-Identifier: Apache-2.0
#include "media/rate/delay_trend.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::rate {

namespace {

/// Packets that left within so long are one group: a pacer sends in bursts.
constexpr Duration burst = std::chrono::milliseconds(5);
/// Groups that the line is laid through.
constexpr std::size_t window = 20;
constexpr double smoothing = 0.9;
/// The slope is small; times this and the number of deltas it is compared with a threshold in milliseconds.
constexpr double gain = 4;
constexpr int deltas_max = 60;
// The threshold follows what is seen (section 5.4), quickly away from zero and slowly back, or a TCP flow beside us
// would starve us.
constexpr double threshold_begin_ms = 12.5, threshold_min_ms = 6, threshold_max_ms = 600;
constexpr double follow_up = 0.0087, follow_down = 0.039, follow_at_most_ms = 15;
constexpr double overuse_time_ms = 10;

double ms(Duration d)
{
    return static_cast<double>(d.count()) / 1000;
}

} // namespace

void DelayTrend::reset()
{
    *this = DelayTrend();
}

void DelayTrend::packet(Instant sent, Duration arrived)
{
    if (group_ && sent < group_->first_sent) return; // of a group that is over
    if (group_ && sent - group_->first_sent <= burst) {
        group_->last_sent = std::max(group_->last_sent, sent);
        group_->last_arrived = std::max(group_->last_arrived, arrived);
        return;
    }
    if (group_ && before_) group_ended(*before_, *group_);
    if (group_) before_ = group_;
    group_ = Group{sent, sent, arrived};
}

void DelayTrend::group_ended(const Group& before, const Group& group)
{
    const double sent_ms = ms(group.last_sent - before.last_sent),
                 arrived_ms = ms(group.last_arrived - before.last_arrived);
    if (arrived_ms < -1000 ||
        arrived_ms > 5000) { // another clock, or a path that stood still: nothing can be said of it
        points_.clear();
        accumulated_ms_ = smoothed_ms_ = 0;
        deltas_ = 0;
        return;
    }
    deltas_ = std::min(deltas_ + 1, deltas_max);
    accumulated_ms_ += arrived_ms - sent_ms;
    smoothed_ms_ = smoothing * smoothed_ms_ + (1 - smoothing) * accumulated_ms_;
    const double at_ms = ms(group.last_arrived);
    if (!first_at_ms_) first_at_ms_ = at_ms;
    points_.push_back({at_ms - *first_at_ms_, smoothed_ms_});
    if (points_.size() > window) points_.pop_front();
    if (const auto trend = slope()) detect(*trend, std::clamp(sent_ms, 0.0, 100.0));
}

std::optional<double> DelayTrend::slope() const
{
    if (points_.size() < window) return std::nullopt;
    double at = 0, delay = 0;
    for (const Point& one : points_) {
        at += one.at_ms;
        delay += one.delay_ms;
    }
    at /= window;
    delay /= window;
    double numerator = 0, denominator = 0;
    for (const Point& one : points_) {
        numerator += (one.at_ms - at) * (one.delay_ms - delay);
        denominator += (one.at_ms - at) * (one.at_ms - at);
    }
    if (denominator == 0) return std::nullopt;
    return numerator / denominator;
}

void DelayTrend::detect(double trend, double elapsed_ms)
{
    if (!begun_) threshold_ms_ = threshold_begin_ms;
    begun_ = true;
    const double modified = deltas_ * trend * gain;
    if (modified > threshold_ms_) {
        over_for_ms_ += elapsed_ms;
        ++over_count_;
        // For a while, more than once, and not on the way back already.
        if (over_for_ms_ > overuse_time_ms && over_count_ > 1 && trend >= trend_before_) {
            usage_ = Usage::overuse;
            over_for_ms_ = 0;
            over_count_ = 0;
        }
    } else {
        over_for_ms_ = 0;
        over_count_ = 0;
        usage_ = modified < -threshold_ms_ ? Usage::underuse : Usage::normal;
    }
    trend_before_ = trend;

    const double away = std::abs(modified) - threshold_ms_;
    if (away <= follow_at_most_ms) { // a sudden large delay, of a path that changed, is not to be learnt from
        threshold_ms_ += (away < 0 ? follow_down : follow_up) * away * elapsed_ms;
        threshold_ms_ = std::clamp(threshold_ms_, threshold_min_ms, threshold_max_ms);
    }
}

} // namespace godwit::rate

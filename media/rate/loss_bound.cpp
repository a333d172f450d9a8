// SPDX-License-Identifier: Apache-2.0
#include "media/rate/loss_bound.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::rate {

namespace {

constexpr double little = 0.02, much = 0.10;
/// Of each step by which more is allowed; more from step to step while nothing is lost.
constexpr double raise_first = 0.05, raise_most = 0.25;
/// The last second or so counts, or the last packets where there are few; of less than 20 nothing is concluded.
constexpr double fade_s = 0.8, fade_packets = 30, packets_min = 20;
/// And what lasts: so many times as long.
constexpr double lasting = 6;
constexpr Duration step_every = std::chrono::milliseconds(300);
/// Lowered so often, and the loss as high as before but for a quarter: it is not ours.
constexpr int lowered_in_vain = 5, lowered_in_vain_unused = 3;
constexpr double helped = 0.75, smoothing = 4;

} // namespace

void LossBound::feedback(std::uint32_t received, std::uint32_t lost, double rate_bps, bool is_used, Instant now)
{
    const double elapsed_s = last_ == Instant{} ? 0 : static_cast<double>((now - last_).count()) / 1e6;
    last_ = now;
    const double keep = std::exp(-std::min(elapsed_s / fade_s, (received + lost) / fade_packets));
    received_ = received_ * keep + received;
    lost_ = lost_ * keep + lost;
    const double keep_lasting = std::pow(keep, 1 / lasting);
    lasting_received_ = lasting_received_ * keep_lasting + received;
    lasting_lost_ = lasting_lost_ * keep_lasting + lost;
    if (received_ + lost_ < packets_min) return;
    loss_ = lost_ / (received_ + lost_);
    // The path may have become better; it is never taken to be worse but by trial.
    if (loss_ < inherent_) inherent_ += 0.1 * (loss_ - inherent_);
    if (now - last_step_ < step_every) return;
    last_step_ = now;

    const double excess = std::max(0.0, loss_ - inherent_);
    if (excess > much) {
        raise_ = 0;
        if (lowered_ == 0) {
            loss_then_ = loss_;
            rate_then_ = std::min(rate_bps, bound_bps_);
        }
        loss_then_ += (loss_ - loss_then_) / smoothing; // of a voice's forty packets it may be half as much again
        if (++lowered_ > (is_used ? lowered_in_vain : lowered_in_vain_unused) && loss_ > helped * loss_then_) {
            inherent_ = std::min(inherent_loss_max, loss_);
            bound_bps_ = rate_then_;
            lowered_ = 0;
            return;
        }
        bound_bps_ = std::min(rate_bps, bound_bps_) * (1 - 0.5 * excess);
    } else if (excess < little) {
        lowered_ = 0;
        raise_ = std::min(raise_most, raise_ + raise_first);
        if (std::isfinite(bound_bps_)) bound_bps_ *= 1 + raise_;
        // Far above what is allowed for another reason it bounds nothing any more.
        if (bound_bps_ > 4 * rate_bps) bound_bps_ = std::numeric_limits<double>::infinity();
    } else {
        lowered_ = 0;
        raise_ = 0;
    }
}

double LossBound::lasting_loss() const noexcept
{
    const double packets = lasting_received_ + lasting_lost_;
    return packets < packets_min ? loss_ : std::max(loss_, lasting_lost_ / packets);
}

void LossBound::carried(double bps) noexcept
{
    if (bps <= bound_bps_) return;
    bound_bps_ = bps;
    lowered_ = 0;
}

} // namespace godwit::rate

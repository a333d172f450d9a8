// SPDX-License-Identifier: Apache-2.0
#include "media/rate/send_rate.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::rate {

namespace {

constexpr double decrease_to = 0.85;
/// Not beyond what the path has carried: who sends little learns little.
constexpr double beyond_arriving = 1.5, beyond_arriving_bps = 15'000;
/// Except up to here, when no limit is known: who may send voice alone, and pauses between words, would never learn
/// that there is room for pictures, which begin a little below. Where there is none, it is tried again after a pause
/// that doubles.
constexpr double trial_bps = 120'000;
constexpr Duration trial_pause_most = std::chrono::seconds(64);
constexpr Duration measured_over = std::chrono::milliseconds(500);
/// Packets in that time: at the highest rate there are two thousand.
constexpr std::size_t arrivals_max = packets_under_way_max;
/// Growth far from any known limit: 8 % a second in the beginning, doubled each second, to 50 %.
constexpr double growth_min = 0.08, growth_max = 0.5;
/// Nothing heard of the receiver for so long, and a round trip: the rate falls, again after each such time.
constexpr Duration silence_max = std::chrono::milliseconds(500);
constexpr double silence_factor = 0.7;
/// A queue that is drained, how long at most, and how long not again after that: it may be somebody else's.
constexpr Duration drain_above = std::chrono::milliseconds(120), drained_below = std::chrono::milliseconds(50);
constexpr Duration drain_time_max = std::chrono::seconds(4), drain_pause = std::chrono::seconds(10);
/// Of what arrives, so much is left out: that the queue is gone within about a second and a half.
constexpr double drain_s = 1.5, drain_least = 0.2, drain_most = 0.6;
constexpr Duration least_over = std::chrono::seconds(10);
constexpr double packet_bits = 1200 * 8;
/// How far a measurement lies from the limit to be one of another path, in its own deviations.
constexpr double deviations = 3;

double seconds(Duration d)
{
    return static_cast<double>(d.count()) / 1e6;
}

} // namespace

double SendRate::rate_bps() const noexcept
{
    return std::clamp(std::min({delay_bps_, losses_.bound_bps(), drain_bps_}), rate_min_bps, rate_max_bps);
}

void SendRate::packet_sent(std::int64_t number, std::size_t bytes, Instant now)
{
    if (!waiting_) silent_since_ = now;
    waiting_ = true;
    under_way_.insert_or_assign(number, Sent{now, bytes, false});
    if (under_way_.size() > packets_under_way_max) under_way_.erase(under_way_.begin());
}

void SendRate::measure(std::size_t bytes, Duration arrived)
{
    arrivals_.push_back({arrived, bytes});
    arrivals_bytes_ += bytes;
    // A receiver whose clock stands still, or who says so, has us keep no more than that.
    while (arrivals_.back().at - arrivals_.front().at > measured_over || arrivals_.size() > arrivals_max) {
        arrivals_bytes_ -= arrivals_.front().bytes;
        arrivals_.pop_front();
    }
    const Duration over = arrivals_.back().at - arrivals_.front().at;
    if (over < measured_over / 3) return;
    // Between the first and the last of n packets lie n - 1 of them.
    arriving_bps_ = static_cast<double>(arrivals_bytes_ - arrivals_.front().bytes) * 8 / seconds(over);
}

void SendRate::feedback(const std::vector<Fate>& fates, Instant now)
{
    std::uint32_t received = 0, lost = 0;
    std::optional<Duration> shortest, least_way;
    for (const Fate& one : fates) {
        const auto at = under_way_.find(one.number);
        if (at == under_way_.end()) continue;
        if (!one.arrived) {
            if (!at->second.lost) ++lost;
            at->second.lost = true;
            continue;
        }
        ++received;
        trend_.packet(at->second.at, *one.arrived);
        measure(at->second.bytes, *one.arrived);
        const Duration there_and_back = now - at->second.at, way = *one.arrived - at->second.at.time_since_epoch();
        shortest = std::min(shortest.value_or(there_and_back), there_and_back);
        least_way = std::min(least_way.value_or(way), way);
        under_way_.erase(at);
    }
    if (received + lost == 0) return;
    // What was told to be lost more than a second ago stays lost; and of what came before this feedback, and is in
    // none, the feedback was lost.
    while (!under_way_.empty() && under_way_.begin()->first < fates.back().number &&
           now - under_way_.begin()->second.at > std::chrono::seconds(1))
        under_way_.erase(under_way_.begin());
    if (shortest) round_trip_ = Duration((round_trip_.count() * 7 + shortest->count()) / 8);
    if (least_way) learn_queue(*least_way, now);
    silent_since_ = now;
    waiting_ = !under_way_.empty();
    losses_.feedback(received, lost, rate_bps(), now);
    control(now);
}

void SendRate::learn_queue(Duration least_way, Instant now)
{
    if (!least_ || now - least_since_ > least_over) {
        least_before_ = least_;
        least_ = least_way;
        least_since_ = now;
    }
    least_ = std::min(*least_, least_way);
    queue_ = least_way - std::min(*least_, least_before_.value_or(*least_));
}

bool SendRate::drain(Instant now)
{
    if (draining_since_) {
        if (queue_ >= drained_below && now - *draining_since_ < drain_time_max) return true;
        draining_since_.reset();
        drained_at_ = now;
    }
    if (queue_ < drain_above || (drained_at_ && now - *drained_at_ < drain_pause)) return false;
    draining_since_ = now;
    return true;
}

void SendRate::control(Instant now)
{
    const double elapsed_s = last_control_ == Instant{} ? 0 : std::min(1.0, seconds(now - last_control_));
    last_control_ = now;
    if (drain(now)) {
        const double less = std::clamp(seconds(queue_) / drain_s, drain_least, drain_most);
        drain_bps_ = std::max(rate_min_bps, arriving_bps_.value_or(rate_bps()) * (1 - less));
    } else {
        drain_bps_ = rate_max_bps;
    }
    switch (trend_.usage()) {
    case Usage::overuse:
        // One answer to one queue: the next only when this one can have been felt.
        if (!decreased_ || now - last_decrease_ > round_trip_ + std::chrono::milliseconds(100)) decrease(now);
        break;
    case Usage::underuse: growth_ = 0; break; // the queue empties: hold
    case Usage::normal:
        if (!draining_since_) increase(elapsed_s, now);
        break;
    }
}

void SendRate::decrease(Instant now)
{
    last_decrease_ = now;
    decreased_ = true;
    growth_ = 0;
    if (trying_) trial_pause_ = std::min(2 * trial_pause_, trial_pause_most);
    trying_ = false;
    const double arriving = arriving_bps_.value_or(delay_bps_);
    const double lowered = decrease_to * arriving;
    delay_bps_ = std::max(rate_min_bps, std::min(delay_bps_ * 0.98, lowered));

    // The path was full, so what arrived is its limit.
    const double deviation = std::sqrt(limit_variance_);
    if (limit_bps_ == 0 || std::abs(arriving - limit_bps_) > deviations * deviation) {
        limit_bps_ = arriving;
        limit_variance_ = (0.15 * arriving) * (0.15 * arriving);
        return;
    }
    const double error = arriving - limit_bps_;
    limit_bps_ += 0.2 * error;
    limit_variance_ = std::max((0.05 * limit_bps_) * (0.05 * limit_bps_), 0.8 * limit_variance_ + 0.2 * error * error);
}

void SendRate::increase(double elapsed_s, Instant now)
{
    const double deviation = std::sqrt(limit_variance_);
    const bool near =
        limit_bps_ > 0 && delay_bps_ > limit_bps_ - deviations * deviation && delay_bps_ < limit_bps_ + deviation;
    if (limit_bps_ > 0 && delay_bps_ > limit_bps_ + deviation) limit_bps_ = 0; // past it, and no queue: it has moved
    if (near) {
        // Section 5.5: a packet or so for each time an answer takes; a small one on a narrow path, where one of 1,200
        // bytes is a quarter of a second.
        const double answer_s = seconds(round_trip_) + 0.1;
        delay_bps_ += std::max(1000.0, std::min(packet_bits, delay_bps_ / 30) / answer_s) * elapsed_s;
        growth_ = growth_min;
    } else {
        growth_ = growth_ == 0 ? growth_min : std::min(growth_max, growth_ * std::pow(2.0, elapsed_s));
        delay_bps_ *= 1 + growth_ * elapsed_s;
    }
    if (arriving_bps_) {
        double most = beyond_arriving * *arriving_bps_ + beyond_arriving_bps;
        const bool rested = decreased_ && now - last_decrease_ >= trial_pause_ && limit_bps_ == 0;
        if (*arriving_bps_ > trial_bps) {
            trying_ = false; // there was room
            trial_pause_ = trial_pause_first;
        } else if (delay_bps_ > most && (trying_ || rested)) {
            trying_ = true;
            most = std::max(most, trial_bps);
        }
        if (delay_bps_ > most) delay_bps_ = std::max(most, delay_bps_ / (1 + growth_ * elapsed_s));
    }
    delay_bps_ = std::min(delay_bps_, rate_max_bps);
}

Instant SendRate::deadline() const noexcept
{
    return waiting_ ? silent_since_ + silence_max + round_trip_ : never;
}

void SendRate::tick(Instant now)
{
    if (now < deadline()) return;
    delay_bps_ = std::max(rate_min_bps, std::min(delay_bps_, rate_bps()) * silence_factor);
    growth_ = 0;
    silent_since_ = now;
}

void SendRate::path_changed(Instant now)
{
    delay_bps_ = std::max(rate_min_bps, rate_bps() / 2);
    trend_.reset();
    losses_ = LossBound();
    // What was sent into the old one while it died is no loss of this one.
    under_way_.clear();
    waiting_ = false;
    arrivals_.clear();
    arrivals_bytes_ = 0;
    arriving_bps_.reset();
    limit_bps_ = limit_variance_ = 0;
    growth_ = 0;
    least_.reset();
    least_before_.reset();
    queue_ = {};
    draining_since_.reset();
    drained_at_.reset();
    drain_bps_ = rate_max_bps;
    decreased_ = trying_ = false;
    trial_pause_ = trial_pause_first;
    silent_since_ = now;
}

} // namespace godwit::rate

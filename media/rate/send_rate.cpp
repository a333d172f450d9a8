// SPDX-License-Identifier: Apache-2.0
#include "media/rate/send_rate.hpp"

#include <algorithm>
#include <cmath>

namespace godwit::rate {

namespace {

constexpr double decrease_to = 0.85;
/// Not beyond what the path has carried: who sends little learns little. Less far where it has been full: an encoder
/// that sends all at once what it was allowed meanwhile fills a queue with it.
constexpr double beyond_arriving = 1.5, beyond_limited = 1.25, beyond_arriving_bps = 15'000;
constexpr Duration measured_over = std::chrono::milliseconds(500);
/// What a full path carries is asked of less, or of what came before it became narrower there is too much in it.
constexpr Duration carried_over = std::chrono::milliseconds(200);
constexpr std::size_t carried_packets = 6;
constexpr int carried_jitters = 6;
/// And of what came since packets wait, when that is so long: then the path was full all the time.
constexpr Duration busy_over = std::chrono::milliseconds(60);
constexpr std::size_t busy_packets = 4;
constexpr int busy_jitters = 3;
/// Packets in that time: at the highest rate there are two thousand.
constexpr std::size_t arrivals_max = packets_under_way_max;
/// What was missing and came later than thought: so much more next time, at most so much, and each feedback a bit less.
constexpr Duration reordering_more = std::chrono::milliseconds(25),
                   reordering_window_max = std::chrono::milliseconds(400);
constexpr int reordering_forgotten = 256;
/// Growth far from any known limit: 8 % a second in the beginning, doubled each second, to 50 %.
constexpr double growth_min = 0.08, growth_max = 0.5;
/// Nothing heard of the receiver for so long, and a round trip: the rate falls, again after each such time.
constexpr Duration silence_max = std::chrono::milliseconds(500);
constexpr double silence_factor = 0.7;
/// A queue that is drained, how long at most, and how long not again after that: it may be somebody else's.
constexpr Duration drain_above = std::chrono::milliseconds(120), drained_below = std::chrono::milliseconds(50);
constexpr Duration drain_time_max = std::chrono::seconds(4);
/// A queue of ours becomes shorter by a fifth of the time at least, once what is sent less has arrived; of that a
/// second or more has to be seen.
constexpr Duration drain_felt = std::chrono::milliseconds(150), drain_judged = std::chrono::seconds(1);
constexpr int drained_at_least = 5;
/// Beside somebody who fills the queue, a TCP, less of ours leaves more to them and none the less queue: then only
/// losses count, as for them (the competitive mode of Copa, NSDI 2018). Whether they are still there is asked again
/// after a pause that doubles.
constexpr Duration compete_pause_max = std::chrono::seconds(80);
constexpr Duration compete_held = std::chrono::seconds(60);
constexpr double compete_decrease = 0.7;
/// Of what arrives, so much is left out: that the queue is gone within about a second and a half.
constexpr double drain_s = 1.5, drain_least = 0.2, drain_most = 0.6;
/// Delay that grows is a queue when all packets wait for so long, and one and a half times the jitter: where packets do
/// not overtake each other, one that is late holds up those behind it. Then the least way is unsteady, too, and of that
/// as much again is none. Two and a half times the jitter, and more of what is unsteady, are a queue before all packets
/// wait: a path that has become narrow fills in no time.
constexpr Duration queue_least = std::chrono::milliseconds(10);
constexpr int unsteady_least = 2, unsteady_at_once = 4;
/// Who sends less than that share of what he may is limited by the application, not by the path (the region in which
/// others call him application-limited, ALR).
constexpr double limited_below = 0.75;
/// What arrives more slowly than that share of the rate at which it was sent, the path holds up.
constexpr double carried_least = 0.85;
/// A probe is of so much more than what has been carried, and not of more than what is wanted and a little.
constexpr double probe_factor = 2, probe_beyond_wanted = 1.1;
/// No probe so soon after a queue: longer where what arrived is known to be all that the path carries.
constexpr Duration probe_after_backoff = std::chrono::seconds(4), probe_after_limit = std::chrono::seconds(10);
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

void SendRate::sent(std::int64_t number, std::size_t bytes, Instant now, bool is_padding)
{
    const double over_s = seconds(measured_over), passed_s = last_sent_ == Instant{} ? 0 : seconds(now - last_sent_);
    last_sent_ = now;
    sent_bps_ *= std::exp(-passed_s / over_s);
    if (!is_padding) sent_bps_ += static_cast<double>(bytes) * 8 / over_s;
    prober_.sent(number, bytes, now);
    if (!waiting_) silent_since_ = now;
    waiting_ = true;
    under_way_.insert_or_assign(number, Sent{now, bytes});
    if (under_way_.size() > packets_under_way_max) under_way_.erase(under_way_.begin());
}

void SendRate::measure(const Sent& packet, Duration arrived)
{
    const auto at = std::find_if(arrivals_.rbegin(), arrivals_.rend(), [&](const Arrival& one) {
                        return one.at <= arrived; // some have been overtaken
                    }).base();
    arrivals_.insert(at, {arrived, packet.bytes, packet.at});
    arrivals_bytes_ += packet.bytes;
    // No packet overtakes another by so much: what is told of the last one to arrive is not so, when one that was sent
    // after it came so long before. Else everything would be too old to count until then.
    while (arrivals_.back().at - arrived > measured_over && arrivals_.back().sent < packet.at) {
        arrivals_bytes_ -= arrivals_.back().bytes;
        arrivals_.pop_back();
    }
    // A receiver whose clock stands still, or who says so, has us keep no more than that.
    while (arrivals_.back().at - arrivals_.front().at > measured_over || arrivals_.size() > arrivals_max) {
        arrivals_bytes_ -= arrivals_.front().bytes;
        arrivals_.pop_front();
    }
    const Duration over = arrivals_.back().at - arrivals_.front().at;
    if (over < measured_over / 3) return;
    // Between the first and the last of n packets lie n - 1 of them.
    const double bits = static_cast<double>(arrivals_bytes_ - arrivals_.front().bytes) * 8;
    arriving_bps_ = bits / seconds(over);
    offered_bps_ = bits / std::max(0.001, seconds(std::max(packet.at, arrivals_.back().sent) - arrivals_.front().sent));
}

void SendRate::feedback(const std::vector<Fate>& fates, Instant now)
{
    if (fates.empty()) return;
    std::uint32_t received = 0, lost = 0;
    std::optional<Duration> shortest;
    for (const Fate& one : fates) {
        const auto at = under_way_.find(one.number);
        if (at == under_way_.end()) continue;
        if (!one.arrived) {
            if (!at->second.missing_since) {
                at->second.missing_since = now;
                prober_.missing(one.number);
            }
            continue;
        }
        ++received;
        if (const auto since = at->second.missing_since)
            reordering_window_ =
                std::max(reordering_window_, std::min(now - *since + reordering_more, reordering_window_max));
        trend_.packet(at->second.at, *one.arrived);
        measure(at->second, *one.arrived);
        prober_.arrived(one.number, at->second.bytes, *one.arrived);
        ways_.packet(*one.arrived - at->second.at.time_since_epoch(), *one.arrived, now);
        const Duration there_and_back = now - at->second.at;
        shortest = std::min(shortest.value_or(there_and_back), there_and_back);
        under_way_.erase(at);
    }
    for (auto& [number, one] : under_way_) {
        if (number >= fates.back().number) break;
        if (one.lost || !one.missing_since || now - *one.missing_since < reordering_window_) continue;
        one.lost = true;
        ++lost;
    }
    reordering_window_ -= reordering_window_ / reordering_forgotten;
    if (received + lost == 0) return;
    // What was told to be lost more than a second ago stays lost; and of what came before this feedback, and is in
    // none, the feedback was lost.
    while (!under_way_.empty() && under_way_.begin()->first < fates.back().number &&
           now - under_way_.begin()->second.at > std::chrono::seconds(1))
        under_way_.erase(under_way_.begin());
    if (shortest) round_trip_ = Duration((round_trip_.count() * 7 + shortest->count()) / 8);
    silent_since_ = now;
    waiting_ = !under_way_.empty();
    losses_.feedback(received, lost, rate_bps(), !application_limits(), now);
    if (competing_ && lost > 0 && now - last_decrease_ > round_trip_) { // as a TCP would
        delay_bps_ = std::max(rate_min_bps, delay_bps_ * compete_decrease);
        last_decrease_ = now;
    }
    control(now);
    if (const auto found = prober_.result(fates.back().number, reordering_window_, now)) {
        proven_bps_ = std::clamp(*found, proven_bps_, rate_max_bps);
        delay_bps_ = std::max(delay_bps_, std::min(*found, rate_max_bps));
        losses_.carried(*found);
    }
    probe(now);
}

double SendRate::carried_bps() const
{
    std::size_t bytes = 0, packets = 0;
    bool is_busy = true;
    for (auto one = arrivals_.rbegin(); one != arrivals_.rend(); ++one) {
        const Duration over = arrivals_.back().at - one->at;
        is_busy = is_busy && ways_.above_least(one->at - one->sent.time_since_epoch()) >= queue_least + jitter();
        const bool is_enough = over >= busy_over + busy_jitters * jitter() && packets >= busy_packets;
        if (!is_busy && is_enough)
            return std::min(arriving_bps_.value_or(rate_max_bps), static_cast<double>(bytes) * 8 / seconds(over));
        if (over >= carried_over + carried_jitters * jitter() && packets >= carried_packets)
            return std::min(arriving_bps_.value_or(rate_max_bps), static_cast<double>(bytes) * 8 / seconds(over));
        bytes += one->bytes;
        ++packets;
    }
    return arriving_bps_.value_or(delay_bps_);
}

bool SendRate::application_limits() const noexcept
{
    return std::max(sent_bps_, offered_bps_) < limited_below * rate_bps();
}

bool SendRate::path_carries_it() const noexcept
{
    return arriving_bps_ && *arriving_bps_ > carried_least * offered_bps_;
}

void SendRate::probe(Instant now)
{
    // Who sends nothing at all wants nothing.
    const bool is_calm = trend_.usage() == Usage::normal && !draining_since_ && sent_bps_ > 0.1 * rate_min_bps;
    // Nor do losses that are the path's own say anything of its width, but they may hold the rate low.
    const bool is_blind = application_limits() || losses_.bound_bps() < delay_bps_;
    if (!is_calm || !is_blind || rate_bps() >= wanted_bps_) return;
    // Not from the estimate on, which may lie well above a narrow path while a voice is all that is sent over it: the
    // voice would stand behind the probe.
    const double carried = std::clamp(std::max(proven_bps_, arriving_bps_.value_or(0)), rate_min_bps, rate_bps());
    prober_.begin(std::min(probe_factor * carried, probe_beyond_wanted * wanted_bps_), losses_.loss(), jitter(),
                  round_trip_, now);
}

bool SendRate::drain(Instant now)
{
    if (draining_since_) {
        const Duration since = now - *draining_since_;
        // What comes now was sent when the queue was so long: from then on it shows.
        if (!felt_ && since >= queue() + drain_felt) felt_ = Felt{queue(), now};
        if (queue() >= drained_below && since < drain_time_max) return true;
        // One that emptied was ours; one that did not may be somebody else's. It is when what little we send arrives as
        // fast as it is sent, and it does not become shorter.
        if (queue() >= drained_below) {
            drained_at_ = now;
            if (felt_ && now - felt_->at >= drain_judged && path_carries_it() &&
                queue() > felt_->queue - (now - felt_->at) / drained_at_least)
                compete(now);
        }
        draining_since_.reset();
    }
    const Duration pause = competing_ ? compete_pause_ : drain_pause;
    if (queue() < drain_above + jitter() + ways_.unsteady() * unsteady_least ||
        (drained_at_ && now - *drained_at_ < pause))
        return false;
    if (competing_) delay_bps_ = rate_bps();
    competing_ = false;
    draining_since_ = now;
    felt_.reset();
    before_drain_bps_ = rate_bps();
    return true;
}

void SendRate::compete(Instant now)
{
    competing_ = true;
    competing_since_ = now;
    compete_pause_ = std::min(2 * compete_pause_, compete_pause_max);
    delay_bps_ = std::max(delay_bps_, before_drain_bps_ / 2);
    last_decrease_ = now;
    limit_bps_ = 0;
}

Duration SendRate::jitter_of_others() const noexcept
{
    // Own packets that wait behind each other are no jitter of the path, and where one takes long that is most of what
    // is measured.
    const Duration packet(static_cast<std::int64_t>(packet_bits / std::max(rate_bps(), rate_begin_bps) * 1e6));
    return jitter() < packet * 3 / 4 ? jitter() / 2 : jitter();
}

void SendRate::control(Instant now)
{
    const double elapsed_s = last_control_ == Instant{} ? 0 : std::min(1.0, seconds(now - last_control_));
    last_control_ = now;
    if (competing_ && queue() < drained_below + jitter()) { // they have gone
        competing_ = false;
        compete_pause_ = drain_pause;
    }
    // Not for ever: it may be that the path has become longer, and that the queue is ours.
    ways_.hold_least(competing_ && now - competing_since_ < compete_held);
    if (drain(now)) {
        const double less = std::clamp(seconds(queue()) / drain_s, drain_least, drain_most);
        // Where the path is not what limits, its queue is not ours alone: less of what is sent would not empty it.
        const double carried = application_limits() && path_carries_it() ? delay_bps_ : carried_bps();
        drain_bps_ = std::max(rate_min_bps, carried * (1 - less));
    } else {
        drain_bps_ = rate_max_bps;
    }
    Usage usage = trend_.usage();
    // Jitter is no queue; and a probe is meant to show whether there is one.
    const Duration others = jitter_of_others(), unsteady = others < jitter() ? Duration(0) : ways_.unsteady();
    const bool is_sudden = ways_.queue_at_once() >= queue_least + others * 5 / 2 + unsteady * unsteady_at_once;
    const bool is_queue = is_sudden || queue() >= queue_least + others * 3 / 2 + unsteady * unsteady_least;
    // A path that has become narrow holds up what was sent: that is known before a line can be laid through it.
    if (is_sudden && !path_carries_it()) usage = Usage::overuse;
    if (usage == Usage::overuse && (!is_queue || competing_ || (prober_.is_out() && path_carries_it())))
        usage = Usage::normal;
    switch (usage) {
    case Usage::overuse:
        // One answer to one queue: the next only when this one can have been felt.
        if (!decreased_ || now - last_decrease_ > round_trip_ + std::chrono::milliseconds(100)) decrease(now);
        break;
    case Usage::underuse: // the queue empties: hold
        if (is_queue) growth_ = 0;
        break;
    case Usage::normal:
        if (!draining_since_) increase(elapsed_s);
        break;
    }
}

void SendRate::decrease(Instant now)
{
    last_decrease_ = now;
    decreased_ = true;
    growth_ = 0;
    proven_bps_ = 0;
    if (application_limits() && path_carries_it()) { // what arrives is what was sent, and says nothing of the path
        prober_.wait_until(now + probe_after_backoff);
        delay_bps_ = std::max(rate_min_bps, delay_bps_ * decrease_to);
        return;
    }
    prober_.wait_until(now + probe_after_limit);
    const double arriving = carried_bps();
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

void SendRate::increase(double elapsed_s)
{
    const double deviation = std::sqrt(limit_variance_);
    // Past it, and that has arrived: it has moved. To be allowed more proves nothing where the application limits.
    if (limit_bps_ > 0 && std::min(arriving_bps_.value_or(0), offered_bps_) > limit_bps_ + deviation) limit_bps_ = 0;
    const bool near = limit_bps_ > 0 && delay_bps_ > limit_bps_ - deviations * deviation;
    if (near || competing_) {
        // Section 5.5: a packet or so for each time an answer takes; a small one on a narrow path, where one of 1,200
        // bytes is a quarter of a second.
        const double answer_s = seconds(round_trip_) + 0.1;
        const double step = competing_ ? packet_bits : std::min(packet_bits, delay_bps_ / 30);
        delay_bps_ += std::max(1000.0, step / answer_s) * elapsed_s;
        growth_ = growth_min;
    } else {
        growth_ = growth_ == 0 ? growth_min : std::min(growth_max, growth_ * std::pow(2.0, elapsed_s));
        delay_bps_ *= 1 + growth_ * elapsed_s;
    }
    if (arriving_bps_) {
        const double beyond = limit_bps_ > 0 ? beyond_limited : beyond_arriving;
        const double most = std::max(proven_bps_, beyond * *arriving_bps_ + beyond_arriving_bps);
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
    offered_bps_ = 0;
    limit_bps_ = limit_variance_ = 0;
    growth_ = 0;
    ways_.reset();
    reordering_window_ = {};
    prober_.reset();
    proven_bps_ = 0;
    draining_since_.reset();
    drained_at_.reset();
    competing_ = false;
    compete_pause_ = drain_pause;
    drain_bps_ = rate_max_bps;
    decreased_ = false;
    silent_since_ = now;
}

} // namespace godwit::rate

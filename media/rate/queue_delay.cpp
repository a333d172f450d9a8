// SPDX-License-Identifier: Apache-2.0
#include "media/rate/queue_delay.hpp"

#include <algorithm>
#include <cstdlib>

namespace godwit::rate {

namespace {

constexpr Duration least_over = std::chrono::seconds(10);
constexpr Duration slot_length = std::chrono::milliseconds(25);
/// A queue shows in so many slots, or in those of so many jitters.
constexpr std::int64_t slots_min = 3;
constexpr int recent_jitters = 8;
/// And not in fewer packets than that, where there are so many.
constexpr std::int64_t packets_min = 4;
/// Jitter is of so long, and of not fewer packets than that: a voice has five in that time.
constexpr Duration stretch_min = std::chrono::milliseconds(300);
constexpr std::int64_t stretch_packets_min = 5;
/// Of each stretch so much is believed, of the first ones more: a mean of as many as there are.
constexpr int jitter_smoothing = 8;
constexpr Duration way_change_max = std::chrono::seconds(10);

} // namespace

void QueueDelay::packet(Duration way, Duration arrived, Instant now)
{
    if (!least_ || (now - least_since_ > least_over && !is_held_)) {
        least_before_ = least_;
        least_ = way;
        least_since_ = now;
    }
    least_ = std::min(*least_, way);

    // By arrival: feedback tells of many at once, and those of before would stand beside those that wait.
    const std::int64_t slot = arrived / slot_length;
    if (std::abs(slot - slot_) >= static_cast<std::int64_t>(slots)) {
        recent_ = {};
        slot_ = slot;
    }
    for (; slot_ < slot; ++slot_)
        recent_[static_cast<std::size_t>(slot_ + 1) % slots] = {};
    Slot& here = recent_[static_cast<std::size_t>(slot) % slots];
    here.least = std::min(here.least, way);
    ++here.packets;

    if (stretch_.count == 0) {
        stretch_ = {way, way, 0, 0};
        stretch_since_ = now;
    }
    stretch_.least = std::min(stretch_.least, way);
    // Bounded, since a receiver may say anything of its clock.
    stretch_.sum_us += std::clamp(way - stretch_.first, -way_change_max, way_change_max).count();
    ++stretch_.count;
    if (now - stretch_since_ >= stretch_min && stretch_.count >= stretch_packets_min) stretch_ended();
}

std::int64_t QueueDelay::slots_wanted() const noexcept
{
    return std::clamp(jitter_ * recent_jitters / slot_length, slots_min, static_cast<std::int64_t>(slots));
}

Duration QueueDelay::queue_at_once() const noexcept
{
    return queue_of(slots_min);
}

Duration QueueDelay::queue_of(std::int64_t wanted) const noexcept
{
    Duration recent = Duration::max();
    std::int64_t looked = 0, packets = 0;
    // A voice on a narrow path has fewer packets than slots: then those before count.
    for (std::int64_t at = slot_; at > slot_ - static_cast<std::int64_t>(slots); --at) {
        const Slot& one = recent_[static_cast<std::size_t>(at) % slots];
        recent = std::min(recent, one.least);
        packets += one.packets;
        if (++looked >= wanted && packets >= packets_min) break;
    }
    if (!least_ || recent == Duration::max()) return Duration(0);
    return recent - std::min(*least_, least_before_.value_or(*least_));
}

void QueueDelay::stretch_ended()
{
    Duration more = stretch_.first + Duration(stretch_.sum_us / stretch_.count) - stretch_.least;
    // A queue grows or shrinks as much within a stretch as from one to the next, and half of it is in the mean.
    const Duration moved = stretch_before_ ? std::chrono::abs(stretch_.least - *stretch_before_) : Duration(0);
    more -= moved / 2;
    stretches_ = std::min(stretches_ + 1, jitter_smoothing);
    if (before_that_) {
        // What lies beside the line from the one before to the one after: a queue grows and shrinks along such a line.
        const Duration beside = std::chrono::abs(stretch_.least - 2 * *stretch_before_ + *before_that_) / 2;
        unsteady_ += (std::min(beside, jitter_) - unsteady_) / stretches_;
    }
    before_that_ = stretch_before_;
    jitter_ += (std::clamp(more, Duration(0), way_change_max) - jitter_) / stretches_;
    stretch_before_ = stretch_.least;
    stretch_ = Stretch();
}

} // namespace godwit::rate

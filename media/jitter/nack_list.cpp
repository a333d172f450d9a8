// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/nack_list.hpp"

#include <algorithm>

namespace godwit::jitter {

namespace {

/// A packet may be overtaken by some; only then it is missing.
constexpr Duration overtaken_max = std::chrono::milliseconds(10);
constexpr std::int64_t overtaken_by_max = 3;
/// Keyframes are large: a second one while the first is under way does harm.
constexpr Duration keyframe_interval_min = std::chrono::milliseconds(250);

} // namespace

Duration NackList::again_after() const noexcept
{
    return std::max<Duration>(std::chrono::milliseconds(20),
                              round_trip_ + round_trip_ / 8 + std::chrono::milliseconds(5));
}

void NackList::give_up()
{
    statistics_.given_up += missing_.size();
    missing_.clear();
    keyframe_wanted_ = true;
}

void NackList::arrived(std::int64_t sequence_number, Instant now)
{
    if (!highest_) {
        highest_ = sequence_number;
        return;
    }
    if (sequence_number <= *highest_) {
        statistics_.repaired += missing_.erase(sequence_number);
        return;
    }
    const std::int64_t gap = sequence_number - *highest_ - 1;
    statistics_.missed += static_cast<std::uint64_t>(gap);
    if (static_cast<std::uint64_t>(gap) + missing_.size() > nack_missing_max)
        give_up();
    else
        for (std::int64_t number = *highest_ + 1; number < sequence_number; ++number)
            missing_.emplace(number, Missing{now, now + overtaken_max, 0});
    highest_ = sequence_number;
}

void NackList::forget_before(std::int64_t sequence_number)
{
    missing_.erase(missing_.begin(), missing_.lower_bound(sequence_number));
}

void NackList::keyframe_came() noexcept
{
    keyframe_wanted_ = false;
}

NackList::Ask NackList::poll(Instant now)
{
    Ask out;
    if (!missing_.empty() && round_trip_ > nack_round_trip_max) {
        // One that was merely overtaken is there soon.
        if (now >= missing_.begin()->second.since + overtaken_max) give_up();
    }
    for (auto& [number, one] : missing_) {
        if (one.tries >= nack_tries_max || now - one.since > nack_age_max) {
            give_up();
            out.sequence_numbers.clear();
            break;
        }
        const bool left_behind = one.tries == 0 && *highest_ - number >= overtaken_by_max;
        if (now < one.ask_at && !left_behind) continue;
        ++one.tries;
        one.ask_at = now + again_after();
        out.sequence_numbers.push_back(number);
    }
    statistics_.asked += out.sequence_numbers.size();
    if (keyframe_wanted_ && now >= keyframe_ask_at_) {
        out.keyframe = true;
        ++statistics_.keyframes_asked;
        keyframe_ask_at_ = now + std::max(keyframe_interval_min, again_after());
    }
    return out;
}

Instant NackList::deadline() const noexcept
{
    Instant out = keyframe_wanted_ ? keyframe_ask_at_ : never;
    for (const auto& [number, one] : missing_)
        out = earlier(out, one.ask_at);
    return out;
}

} // namespace godwit::jitter

// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/gathering.hpp"

#include <algorithm>

namespace godwit::engine {

bool Gathering::add(TakeIn who)
{
    const bool known = std::any_of(waiting_.begin(), waiting_.end(), [&](const TakeIn& one) {
        return one.user == who.user && one.asked_ms == who.asked_ms;
    });
    if (known || waiting_.size() >= gathered_max) return false;
    waiting_.push_back(std::move(who));
    return true;
}

Instant Gathering::due(Instant now) const
{
    if (waiting_.size() >= most_ || accepted_.empty()) return held_until_;
    const auto of_late = static_cast<std::size_t>(
        std::count_if(accepted_.begin(), accepted_.end(), [&](Instant at) { return now < at + gathered_window; }));
    if (of_late < gathered_at_once) return held_until_;
    Duration wait = std::chrono::seconds(1);
    for (auto n = gathered_at_once; n < of_late && wait < gathering_max; ++n)
        wait *= 2;
    return std::max(held_until_, accepted_.back() + std::min(wait, gathering_max));
}

void Gathering::accepted(Instant now)
{
    begin(0);
    most_ = std::min(2 * most_, taken_in_at_once_max);
    std::erase_if(accepted_, [&](Instant at) { return now >= at + gathered_window; });
    accepted_.push_back(now);
}

void Gathering::held(Instant until)
{
    begin(0);
    held_until_ = until;
}

bool Gathering::refused()
{
    const auto count = under_way_;
    begin(0);
    most_ = std::max<std::size_t>(1, count / 2);
    if (count > 1) return false;
    if (!waiting_.empty()) waiting_.pop_front();
    return true;
}

} // namespace godwit::engine

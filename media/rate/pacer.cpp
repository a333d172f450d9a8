// SPDX-License-Identifier: Apache-2.0
#include "media/rate/pacer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace godwit::rate {

namespace {

/// What audio owes holds the others up no longer than that.
constexpr double debt_max_s = 0.5;

constexpr double pace_narrow = 1.1, pace_wide = 1.5;
constexpr double narrow_bps = 1'000'000, wide_bps = 2'000'000;

std::size_t at(Priority priority)
{
    return static_cast<std::size_t>(priority);
}

} // namespace

double pace_bps(double rate_bps) noexcept
{
    const double wide = std::clamp((rate_bps - narrow_bps) / (wide_bps - narrow_bps), 0.0, 1.0);
    return rate_bps * (pace_narrow + wide * (pace_wide - pace_narrow));
}

bool Pacer::push(Priority priority, Bytes data, Instant now)
{
    let_time_pass(now);
    if (std::accumulate(bytes_.begin(), bytes_.end(), data.size()) > pacer_bytes_max) return false;
    bytes_[at(priority)] += data.size();
    queues_[at(priority)].push_back(std::move(data));
    return true;
}

void Pacer::let_time_pass(Instant now)
{
    if (last_ != Instant{}) {
        const double passed_s = static_cast<double>((now - last_).count()) / 1e6;
        debt_bytes_ = std::max(0.0, debt_bytes_ - passed_s * pace_bps(rate_bps_) / 8);
    }
    last_ = now;
}

std::optional<Pacer::Packet> Pacer::next(Instant now)
{
    let_time_pass(now);
    for (std::size_t i = 0; i < priorities; ++i) {
        if (queues_[i].empty()) continue;
        // Less than a byte is none: deadlines are whole microseconds.
        if (i != at(Priority::audio) && debt_bytes_ >= 1) return std::nullopt;
        Packet out{static_cast<Priority>(i), std::move(queues_[i].front())};
        queues_[i].pop_front();
        bytes_[i] -= out.data.size();
        debt_bytes_ = std::min(debt_bytes_ + static_cast<double>(out.data.size() + overhead_bytes_),
                               rate_bps_ / 8 * debt_max_s + 1500);
        return out;
    }
    return std::nullopt;
}

Instant Pacer::deadline() const noexcept
{
    if (!queues_[at(Priority::audio)].empty()) return last_;
    if (std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.empty(); })) return never;
    return last_ + Duration(static_cast<std::int64_t>(std::ceil(debt_bytes_ * 8e6 / pace_bps(rate_bps_))));
}

Duration Pacer::wait(Priority priority) const noexcept
{
    double bytes = debt_bytes_;
    for (std::size_t i = 0; i <= at(priority); ++i)
        bytes += static_cast<double>(bytes_[i] + queues_[i].size() * overhead_bytes_);
    return Duration(static_cast<std::int64_t>(bytes * 8e6 / pace_bps(rate_bps_)));
}

void Pacer::clear(Priority priority)
{
    queues_[at(priority)].clear();
    bytes_[at(priority)] = 0;
}

} // namespace godwit::rate

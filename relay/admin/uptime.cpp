// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/uptime.hpp"

#include <algorithm>
#include <utility>

namespace godwit::relay::admin {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

struct Shape {
    std::string_view name;
    std::int64_t hours_per_part;
    std::int64_t parts;
};
constexpr Shape shapes[] = {{"day", 1, 24}, {"week", 24, 7}, {"month", 24, 30}, {"quarter", 24 * 7, 13}};

const Shape& shape_of(Period period)
{
    return shapes[static_cast<std::size_t>(period)];
}

} // namespace

std::optional<Period> period_of(std::string_view name) noexcept
{
    for (const auto period : {Period::day, Period::week, Period::month, Period::quarter})
        if (shape_of(period).name == name) return period;
    return std::nullopt;
}

void Uptime::beat(std::uint64_t sessions, Moment now)
{
    const auto last = std::exchange(last_, now);
    if (!last) return; // from now on
    const auto hour = now.wall_ms / hour_ms;
    const auto passed = now.mono - last->mono <= uptime_gap_max ? now.mono - last->mono : Duration::zero();
    const auto last_ms = last->wall_ms;
    const auto total = std::chrono::round<std::chrono::seconds>(passed).count();
    // Since the full hour, by this clock; the rest was before it.
    const auto here = std::clamp<std::int64_t>((now.wall_ms - hour * hour_ms) / 1000, 0, total);
    if (total > here && last_ms / hour_ms < hour) table_.add(hour - 1, total - here, sessions);
    table_.add(hour, last_ms / hour_ms < hour ? here : total, sessions);
    table_.remove_before(hour - uptime_kept_hours);
}

Availability Uptime::availability(Period period, Moment now)
{
    const auto& shape = shape_of(period);
    const auto part_hours = shape.hours_per_part;
    const auto end_hour = now.wall_ms / hour_ms + 1; // the running hour counts as far as it has come
    const auto begin_hour = end_hour - part_hours * shape.parts;
    const auto first_hour = table_.first_hour().value_or(end_hour);
    // While it serves, the minute that runs is not judged yet.
    const bool serves = last_ && now.mono - last_->mono <= uptime_gap_max;
    const auto end_ms = serves ? std::min(last_->wall_ms, now.wall_ms) : now.wall_ms;
    Availability out;
    out.from_ms = begin_hour * hour_ms;
    out.to_ms = end_ms;
    for (std::int64_t n = 0; n < shape.parts; ++n) {
        UptimePart part;
        part.from_ms = (begin_hour + n * part_hours) * hour_ms;
        // Of the first hour only what was served is known.
        const auto known_from = std::max(part.from_ms, (first_hour + 1) * hour_ms);
        const auto known_to = std::min(part.from_ms + part_hours * hour_ms, end_ms);
        part.seconds = std::max<std::int64_t>(0, (known_to - known_from) / 1000);
        out.parts.push_back(part);
    }
    for (const auto& one : table_.from(begin_hour)) {
        const auto n = (one.hour - begin_hour) / part_hours;
        if (n < 0 || n >= shape.parts) continue; // of a clock that was ahead
        auto& part = out.parts[static_cast<std::size_t>(n)];
        part.served_s += one.seconds;
        if (one.hour == first_hour) part.seconds += one.seconds;
        part.sessions_max = std::max(part.sessions_max, one.sessions_max);
    }
    for (auto& part : out.parts) {
        part.served_s = std::min(part.served_s, part.seconds);
        out.seconds += part.seconds;
        out.served_s += part.served_s;
    }
    return out;
}

} // namespace godwit::relay::admin

// SPDX-License-Identifier: Apache-2.0
// Time is an argument. Nothing in the core reads a clock: it is told a Moment and answers with a deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace godwit {

using Duration = std::chrono::microseconds;

/// Tag of the monotonic time line that the caller supplies; its origin has no meaning.
struct MonotonicLine {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicLine, Duration>;
    static constexpr bool is_steady = true;
};

/// A point on the monotonic line: for deadlines, retries, round trips. Never stored on disk.
using Instant = MonotonicLine::time_point;
inline constexpr Instant never = Instant(Duration(std::numeric_limits<Duration::rep>::max()));

/// Milliseconds since 1970-01-01T00:00:00Z: for what is shown and what is stored. May jump.
using WallMs = std::int64_t;

/// What time it is, on both lines, at one place.
struct Moment {
    Instant mono{};
    WallMs wall_ms = 0;
};

[[nodiscard]] constexpr Instant earlier(Instant a, Instant b) noexcept
{
    return a < b ? a : b;
}

} // namespace godwit

// SPDX-License-Identifier: Apache-2.0
// uptime: when the relay served, as far as its database has witnessed it. Every minute it writes how many seconds of
// this hour it has served; an hour that nobody wrote about is one in which it did not.
#pragma once

#include "relay/store/policy_tables.hpp"

namespace godwit::relay::admin {

inline constexpr Duration uptime_beat = std::chrono::minutes(1);
/// Between two beats more than this counts as not serving: the process hung, or the machine slept.
inline constexpr Duration uptime_gap_max = std::chrono::seconds(90);
inline constexpr std::int64_t uptime_kept_hours = 24 * 400;

enum class Period : std::uint8_t { day, week, month, quarter };
[[nodiscard]] std::optional<Period> period_of(std::string_view name) noexcept;

/// A part of a period: an hour of a day, a day of a week or a month, a week of a quarter.
struct UptimePart {
    WallMs from_ms = 0;
    std::int64_t seconds = 0; ///< That there were: of the time before the first record, none.
    std::int64_t served_s = 0;
    std::int64_t sessions_max = 0;
};
struct Availability {
    WallMs from_ms = 0;
    WallMs to_ms = 0;
    std::int64_t seconds = 0;
    std::int64_t served_s = 0;
    std::vector<UptimePart> parts;
};

class Uptime {
public:
    explicit Uptime(Ledger& ledger) : table_(ledger) {}

    /// Every uptime_beat while the relay serves: writes, for the next commit; the first one begins the count.
    void beat(std::uint64_t sessions, Moment now);
    [[nodiscard]] Availability availability(Period period, Moment now);

private:
    UptimeTable table_;
    std::optional<Moment> last_;
};

} // namespace godwit::relay::admin

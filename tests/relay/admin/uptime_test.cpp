// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/uptime.hpp"

#include <doctest/doctest.h>

namespace godwit::relay::admin {

namespace {

constexpr WallMs hour_ms = 3'600'000;

struct Clock {
    Store store = Store::open_in_memory().value();
    std::optional<Uptime> kept{store};
    Uptime& uptime = *kept; // in its place after a restart too
    Moment now{Instant(std::chrono::hours(5)), 500'000 * hour_ms};

    void pass(Duration by)
    {
        now.mono += by;
        now.wall_ms += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    }
    void serve(int minutes, std::uint64_t sessions = 1)
    {
        for (int n = 0; n < minutes; ++n) {
            pass(std::chrono::minutes(1));
            uptime.beat(sessions, now);
        }
    }
    /// As a restart does.
    void away(int minutes)
    {
        pass(std::chrono::minutes(minutes));
        kept.emplace(store);
        uptime.beat(0, now);
    }
};

} // namespace

TEST_CASE("nothing is known before the first record; then every second is served or not, in each period")
{
    Clock clock;
    CHECK(clock.uptime.availability(Period::day, clock.now).seconds == 0);
    clock.uptime.beat(3, clock.now);
    clock.serve(60 * 4);
    auto day = clock.uptime.availability(Period::day, clock.now);
    CHECK(day.seconds == 4 * 3600);
    CHECK(day.served_s == 4 * 3600);
    CHECK(day.parts.size() == 24);

    clock.away(60);
    clock.serve(60);
    for (const auto period : {Period::day, Period::week, Period::month, Period::quarter}) {
        const auto found = clock.uptime.availability(period, clock.now);
        CHECK(found.seconds == 6 * 3600);
        CHECK(found.served_s == 5 * 3600);
    }
    CHECK(clock.uptime.availability(Period::week, clock.now).parts.size() == 7);
    CHECK(clock.uptime.availability(Period::month, clock.now).parts.size() == 30);
    CHECK(clock.uptime.availability(Period::quarter, clock.now).parts.size() == 13);
}

TEST_CASE("a hang or a sleep is not serving, and a minute over the full hour counts in both")
{
    Clock clock;
    clock.now.wall_ms += hour_ms - 30'000; // half a minute to the hour
    clock.uptime.beat(1, clock.now);
    clock.serve(1, 7);
    const auto hours = UptimeTable(clock.store).from(0);
    REQUIRE(hours.size() == 2);
    CHECK(hours[0].seconds == 30);
    CHECK(hours[1].seconds == 30);
    CHECK(hours[1].sessions_max == 7);
    clock.pass(uptime_gap_max);
    clock.uptime.beat(1, clock.now);
    CHECK(UptimeTable(clock.store).from(0)[1].seconds == 30 + 90);
    clock.pass(uptime_gap_max + std::chrono::seconds(1));
    clock.uptime.beat(1, clock.now);
    CHECK(UptimeTable(clock.store).from(0)[1].seconds == 30 + 90);
}

TEST_CASE("what is older than it is kept goes")
{
    Clock clock;
    clock.uptime.beat(1, clock.now);
    clock.serve(1);
    clock.pass(std::chrono::hours(uptime_kept_hours));
    clock.uptime.beat(1, clock.now);
    CHECK(UptimeTable(clock.store).from(0).size() == 2);
    clock.pass(std::chrono::hours(1));
    clock.uptime.beat(1, clock.now);
    CHECK(UptimeTable(clock.store).from(0).size() == 2);
}

TEST_CASE("while it serves, the minute that runs counts neither way; when it hangs, it does")
{
    Clock clock;
    clock.uptime.beat(1, clock.now);
    clock.serve(120);
    clock.pass(uptime_gap_max);
    auto day = clock.uptime.availability(Period::day, clock.now);
    CHECK(day.seconds == day.served_s);
    clock.pass(std::chrono::seconds(1));
    day = clock.uptime.availability(Period::day, clock.now);
    CHECK(day.seconds == day.served_s + 91);
}

TEST_CASE("periods have names")
{
    CHECK(period_of("quarter") == Period::quarter);
    CHECK_FALSE(period_of("year"));
}

} // namespace godwit::relay::admin

// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/reception.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::rtp;
using namespace std::chrono_literals;

TEST_CASE("reception: loss since the last report, and ever")
{
    Reception reception(9, 48000);
    Instant now(1h);
    CHECK(reception.report(now).cumulative_lost == 0);
    for (std::uint32_t n = 65'500; n < 65'600; ++n) {
        now += 20ms;
        if (n % 4 != 0) reception.packet(static_cast<std::uint16_t>(n), n * 960, now); // one of four is lost
    }
    const ReportBlock first = reception.report(now);
    CHECK(first.ssrc == 9);
    CHECK(reception.expected() == 99); // the first one was lost, unknown to anybody
    CHECK(first.cumulative_lost == 24);
    CHECK(first.fraction_lost == 24 * 256 / 99);
    CHECK(first.extended_highest_sequence_number == 65'599);
    for (std::uint32_t n = 65'600; n < 65'650; ++n)
        reception.packet(static_cast<std::uint16_t>(n), n * 960, now += 20ms);
    const ReportBlock second = reception.report(now);
    CHECK(second.fraction_lost == 0);
    CHECK(second.cumulative_lost == 24);
}

TEST_CASE("reception: duplicates make the count of lost ones negative, not huge")
{
    Reception reception(9, 48000);
    for (int i = 0; i < 5; ++i)
        reception.packet(7, 0, Instant(1h));
    const ReportBlock report = reception.report(Instant(1h));
    CHECK(report.cumulative_lost == -4);
    CHECK(report.fraction_lost == 0);
}

TEST_CASE("reception: jitter settles at the mean difference of neighbours")
{
    Reception even(1, 48000), uneven(1, 48000);
    Instant now(1h);
    for (std::uint32_t n = 0; n < 2000; ++n) {
        now += 20ms;
        even.packet(static_cast<std::uint16_t>(n), n * 960, now);
        uneven.packet(static_cast<std::uint16_t>(n), n * 960, n % 2 == 0 ? now : now + 8ms);
    }
    CHECK(even.jitter() == 0us);
    CHECK(uneven.jitter() > 7500us);
    CHECK(uneven.jitter() < 8500us);
    CHECK(uneven.report(now).jitter > 360);
    CHECK(uneven.report(now).jitter < 408);
}

TEST_CASE("reception: a round trip by sender report and reception report")
{
    Reception receiver(1, 48000);
    const Instant sent(1h + 123'456us);
    CHECK_FALSE(round_trip(receiver.report(sent), sent).has_value()); // no report has come yet
    receiver.sender_report(SenderReport{1, to_ntp(sent), 0, 0, 0, {}}, sent + 40ms);
    const ReportBlock block = receiver.report(sent + 540ms);
    const auto rtt = round_trip(block, sent + 600ms);
    REQUIRE(rtt.has_value());
    CHECK(std::abs((*rtt - 100ms).count()) < 100);
    // Clocks that run apart can make it less than nothing, which it is not.
    CHECK(round_trip(block, sent + 400ms) == Duration(0));
}

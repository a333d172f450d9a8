// SPDX-License-Identifier: Apache-2.0
// What a receiver says is not always so, and what it said of one path is nothing on another.
#include "media/rate/send_rate.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::rate;
using namespace std::chrono_literals;

TEST_CASE("rate: a receiver whose clock stands still is remembered no longer than a while")
{
    SendRate rate;
    Instant now = Instant(1h);
    const auto arrives = [&](std::int64_t number, Duration at) {
        rate.packet_sent(number, 1200, now);
        now += 1ms;
        rate.feedback({{number, at}}, now);
    };
    for (std::int64_t number = 0; number < 3 * static_cast<std::int64_t>(packets_under_way_max); ++number)
        arrives(number, 1s);
    arrives(1'000'000, 1200ms);
    REQUIRE(rate.arriving_bps().has_value());
    CHECK(*rate.arriving_bps() * 0.2 / 8 / 1200 <= static_cast<double>(packets_under_way_max));
}

TEST_CASE("rate: one arrival that is told to be far in the future does not stop the clock of what arrives")
{
    SendRate rate;
    Instant now(1h);
    std::int64_t number = 0;
    const auto send = [&](int packets, std::size_t bytes, Duration ahead) {
        for (int i = 0; i < packets; ++i, now += 10ms) {
            rate.packet_sent(number, bytes, now);
            rate.feedback({{number++, now.time_since_epoch() + 20ms + ahead}}, now + 40ms);
        }
    };
    send(100, 1200, 0ms);
    REQUIRE(rate.arriving_bps().has_value());
    CHECK(*rate.arriving_bps() == doctest::Approx(960'000).epsilon(0.05));
    send(1, 1200, 1min);
    send(100, 300, 0ms);
    CHECK(*rate.arriving_bps() == doctest::Approx(240'000).epsilon(0.05));
    send(3, 300, -1min); // nor in the past
    send(100, 1200, 0ms);
    CHECK(*rate.arriving_bps() == doctest::Approx(960'000).epsilon(0.05));
    // Who says so of every other one is not measured meanwhile, and at once when he stops.
    for (int i = 0; i < 200; ++i)
        send(1, 600, i % 2 == 0 ? 0ms : 1min + i * 10ms);
    send(100, 300, 0ms);
    CHECK(*rate.arriving_bps() == doctest::Approx(240'000).epsilon(0.05));
}

TEST_CASE("rate: what was offered to the path before says nothing of this one: a voice may ask at once for room")
{
    SendRate rate;
    rate.set_wanted(1'500'000);
    Instant now(1h);
    std::int64_t number = 0;
    const auto send = [&](std::size_t bytes) {
        rate.packet_sent(number, bytes, now);
        rate.feedback({{number++, now.time_since_epoch() + 20ms}}, now += 10ms);
    };
    for (int i = 0; i < 300; ++i)
        send(1200);
    now += 10s; // pictures end
    rate.path_changed(now);
    CHECK(rate.padding_deadline() == never);
    send(400);
    CHECK(rate.padding_deadline() != never);
}

TEST_CASE("loss bound: what is sent twice goes by the last seconds, not by a moment in which little was lost")
{
    LossBound bound;
    Instant now(1h);
    double least = 1, least_lasting = 1;
    for (int i = 0; i < 400; ++i, now += 100ms) { // a voice's five packets each time; of 25 five are lost, in one place
        const std::uint32_t lost = i % 5 == 0 ? 5 : 0;
        bound.feedback(5 - lost, lost, 100'000, true, now);
        if (i < 100) continue;
        least = std::min(least, bound.loss());
        least_lasting = std::min(least_lasting, bound.lasting_loss());
        CHECK(bound.lasting_loss() >= bound.loss());
    }
    CHECK(least < 0.16);
    CHECK(least_lasting > 0.17);
    for (int i = 0; i < 200; ++i, now += 100ms) // and it is over
        bound.feedback(5, 0, 100'000, true, now);
    CHECK(bound.lasting_loss() < 0.02);
}

// SPDX-License-Identifier: Apache-2.0
// What of a path is used, over synthetic traces: jitter of two shapes, with and without packets that overtake each
// other; a path that becomes narrow; others beside us. GODWIT_RATE_TABLE=1 prints the rows of docs/figures.md.
#include "tests/media/rate/rate_world.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

using namespace godwit;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

/// With at least one value: a format without one is a text.
template <class... Values>
void row(const char* format, int first, Values... values)
{
    if (std::getenv("GODWIT_RATE_TABLE") != nullptr) std::printf(format, first, values...);
}

void row(const char* text)
{
    if (std::getenv("GODWIT_RATE_TABLE") != nullptr) std::fputs(text, stdout);
}

int percent(double part, double whole)
{
    return static_cast<int>(100 * part / whole + 0.5);
}

int ms_of(Duration duration)
{
    return static_cast<int>(duration / 1ms);
}

struct Shape {
    const char* name;
    bool gaussian, reorders;
};
constexpr Shape shapes[] = {{"exponential, in order", false, false},
                            {"exponential, overtaking", false, true},
                            {"normal, in order", true, false},
                            {"normal, overtaking", true, true}};

RateWorldConfig path(double bps, Duration jitter, const Shape& shape, std::uint64_t seed)
{
    RateWorldConfig out;
    out.there.delay = 50ms;
    out.there.jitter = jitter;
    out.there.gaussian = shape.gaussian;
    out.there.reorders = shape.reorders;
    out.back = out.there;
    out.there.rate_bps = bps;
    out.length = 60s;
    out.seed = seed;
    return out;
}

} // namespace

TEST_CASE("traces: jitter takes nothing of the path, whatever its shape")
{
    // Of 300, 1,000 and 3,000 kbit/s, after twenty seconds; in percent, the mean of three seeds. Where nothing
    // overtakes anything, one late packet holds up all behind it: on a wide path all of them wait, as in a queue.
    const struct {
        Duration jitter;
        int least[4][3]; // by shape
    } table[] = {{0ms, {{85, 80, 80}, {}, {}, {}}},
                 {10ms, {{85, 80, 80}, {85, 80, 80}, {85, 80, 80}, {85, 80, 80}}},
                 {30ms, {{85, 80, 75}, {85, 80, 80}, {85, 85, 75}, {85, 80, 80}}},
                 {60ms, {{70, 65, 35}, {85, 80, 80}, {85, 80, 65}, {85, 80, 80}}}};
    for (const auto& one : table) {
        for (std::size_t s = 0; s < std::size(shapes); ++s) {
            if (one.least[s][0] == 0) continue;
            CAPTURE(shapes[s].name);
            CAPTURE(ms_of(one.jitter));
            row("| %d ms, %s", ms_of(one.jitter), one.jitter == 0ms ? "none" : shapes[s].name);
            for (std::size_t b = 0; b < 3; ++b) {
                const double bps = std::array{300'000.0, 1'000'000.0, 3'000'000.0}[b];
                double used = 0;
                Duration longest{};
                for (const std::uint64_t seed : {1U, 2U, 3U}) {
                    const auto got = run(path(bps, one.jitter, shapes[s], seed));
                    used += got.mean_arrived(20, 60) / 3;
                    longest = std::max(longest, got.delay_max(20, 60));
                }
                CAPTURE(bps);
                CHECK(percent(used, bps) >= one.least[s][b]);
                // Half a second and what jitter does: the longest of many draws.
                CHECK(longest < 300ms + 12 * one.jitter);
                row(" | %d %%, %d ms", percent(used, bps), ms_of(longest));
            }
            row(" |\n");
        }
    }
}

TEST_CASE("traces: from 1,000 to 300 kbit/s, and what is allowed is less than that within a second")
{
    for (const Duration jitter : {0ms, 10ms, 30ms}) {
        for (const auto& shape : shapes) {
            if (jitter == 0ms && &shape != shapes) continue;
            Duration below{}, longest{}, later{};
            double after = 0;
            for (const std::uint64_t seed : {1U, 2U, 3U}) {
                CAPTURE(shape.name);
                CAPTURE(ms_of(jitter));
                CAPTURE(seed);
                auto config = path(1'000'000, jitter, shape, seed);
                config.there.queue_bytes = 100'000; // 2.7 s at 300 kbit/s
                config.each_ms = [](LinkConfig& link, Duration t) {
                    link.rate_bps = t > 30s && t < 45s ? 300'000 : 1'000'000;
                };
                Duration falls = 1h;
                config.look = [&](const rate::SendRate& sender, Duration t) {
                    if (t > 30s && sender.rate_bps() < 300'000) falls = std::min(falls, t - 30s);
                };
                const auto got = run(config);
                CHECK(falls < 1s);
                below = std::max(below, falls);
                longest = std::max(longest, got.delay_max(30, 34));
                later = std::max(later, got.delay_max(35, 45));
                after += got.mean_arrived(35, 45) / 3;
                CHECK(got.mean_arrived(52, 60) > 400'000); // and back
            }
            // What was sent before it was known fills the queue: 700 kbit/s too many, a quarter of a second of them
            // where nothing hides it, three quarters with jitter.
            CHECK(below <= (jitter == 0ms ? 250ms : 850ms));
            CHECK(longest < (jitter == 0ms ? 700ms : 1400ms));
            CHECK(later < 500ms + 8 * jitter);
            CHECK(after > 240'000);
            row("| %d ms, %s | %d ms | %d ms | %d ms | %d %% |\n", ms_of(jitter), jitter == 0ms ? "none" : shape.name,
                ms_of(below), ms_of(longest), ms_of(later), percent(after, 300'000));
        }
    }
}

TEST_CASE("traces: beside others: what answers to nothing, another of ours, a TCP with queues of three lengths")
{
    for (const Duration jitter : {0ms, 30ms}) {
        CAPTURE(ms_of(jitter));
        auto config = path(1'000'000, jitter, shapes[2], 1);
        config.length = 90s;
        auto one = config;
        one.constant_bps = [](Duration t) { return t > 30s && t < 60s ? 500'000.0 : 0.0; };
        const auto beside_constant = run(one);
        CHECK(beside_constant.mean_arrived(35, 60) > 400'000);
        CHECK(beside_constant.delay_max(33, 60) < 400ms);
        CHECK(beside_constant.mean_arrived(65, 90) > 600'000);
        row("| %d ms | 500 kbit/s that answer to nothing | %d %% of what is left | %d ms |\n", ms_of(jitter),
            percent(beside_constant.mean_arrived(35, 60), 500'000), ms_of(beside_constant.delay_max(33, 60)));

        one = config;
        one.others = {20s};
        const auto beside_own = run(one);
        double other = 0;
        for (std::size_t i = 50; i < 90; ++i)
            other += beside_own.others[0][i].arrived_bps / 40;
        CHECK(beside_own.mean_arrived(50, 90) > 250'000);
        CHECK(other > 250'000);
        CHECK(beside_own.delay_max(50, 90) < 400ms);
        row("| %d ms | another call | %d %%, they %d %% | %d ms |\n", ms_of(jitter),
            percent(beside_own.mean_arrived(50, 90), 1'000'000), percent(other, 1'000'000),
            ms_of(beside_own.delay_max(50, 90)));

        for (const std::size_t queue : {30'000U, 60'000U, 125'000U}) {
            one = config;
            one.there.queue_bytes = queue;
            one.tcp_from = 30s;
            const auto beside_tcp = run(one);
            double tcp = 0;
            for (std::size_t i = 40; i < 90; ++i)
                tcp += beside_tcp.tcp_bps[i] / 50;
            CAPTURE(queue);
            // With a queue of a quarter of a second and jitter, theirs is not told from ours.
            if (queue > 30'000) {
                CHECK(beside_tcp.mean_arrived(40, 90) > 200'000);
                CHECK(tcp > 300'000);
            }
            row("| %d ms | a TCP, queue of %d ms | %d %%, it %d %% | %d ms |\n", ms_of(jitter),
                static_cast<int>(static_cast<double>(queue) * 8 / 1000),
                percent(beside_tcp.mean_arrived(40, 90), 1'000'000), percent(tcp, 1'000'000),
                ms_of(beside_tcp.delay_max(40, 90)));
        }
    }
}

TEST_CASE("traces: a TCP that ends is noticed, and the path is ours again")
{
    auto config = path(1'000'000, 0ms, shapes[0], 1);
    config.length = 90s;
    config.tcp_from = 20s;
    config.tcp_until = 50s;
    const auto got = run(config);
    CHECK(got.mean_arrived(35, 50) > 150'000);
    CHECK(got.mean_arrived(65, 90) > 750'000);
    CHECK(got.delay_max(65, 90) < 300ms);
}

TEST_CASE("traces: what was overtaken is not lost, and what is lost is, a little later where packets overtake")
{
    for (const double loss : {0.0, 0.1}) {
        auto config = path(1'000'000, 30ms, shapes[3], 1);
        config.there.loss = loss;
        double told = 0;
        const auto got = run(config);
        for (std::size_t i = 20; i < 60; ++i)
            told += got.seconds[i].loss / 40;
        CAPTURE(loss);
        CAPTURE(told);
        CHECK(told >= 0.8 * loss);
        CHECK(told <= loss + 0.02);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/media/rate/rate_world.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::rate;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

std::string story(const RateWorldResult& result)
{
    std::string out;
    for (std::size_t i = 0; i < result.seconds.size(); ++i) {
        const auto& s = result.seconds[i];
        out += "\n  " + std::to_string(i) + " s: may " + std::to_string(static_cast<int>(s.rate_bps / 1000)) +
               " kbit/s, arrives " + std::to_string(static_cast<int>(s.arrived_bps / 1000)) + ", delay " +
               std::to_string(s.delay_max / 1ms) + " ms (audio " + std::to_string(s.audio_delay_max / 1ms) +
               "), loss " + std::to_string(static_cast<int>(s.loss * 100)) + " %";
    }
    return out;
}

} // namespace

TEST_CASE("rate: finds the path's rate and stays there, without a queue")
{
    for (const double bps : {300'000.0, 1'000'000.0, 3'000'000.0}) {
        for (const Duration delay : {20ms, 100ms}) {
            for (const std::uint64_t seed : {1U, 2U}) {
                CAPTURE(bps);
                CAPTURE(seed);
                const auto got = run({.there = {.delay = delay, .jitter = 2ms, .rate_bps = bps},
                                      .back = {.delay = delay},
                                      .length = 40s,
                                      .seed = seed});
                CAPTURE(story(got));
                CHECK(got.mean_arrived(20, 40) > 0.7 * bps);
                CHECK(got.mean_arrived(20, 40) <= bps);
                CHECK(got.delay_max(20, 40) < delay + 200ms);
            }
        }
    }
}

TEST_CASE("rate: a collapse to 300 kbit/s is answered within two seconds, and made up for when it is over")
{
    const auto got = run({.there = {.rate_bps = 2'000'000}, .length = 60s, .each_ms = [](LinkConfig& link, Duration t) {
                              link.rate_bps = t > 20s && t < 35s ? 300'000 : 2'000'000;
                          }});
    CAPTURE(story(got));
    CHECK(got.mean_arrived(15, 20) > 1'400'000);
    CHECK(got.delay_max(23, 35) < 400ms);
    CHECK(got.delay_max(24, 35) < 200ms);
    CHECK(got.mean_arrived(24, 35) > 190'000);
    // Back: half of it within six seconds, most of it within twelve.
    CHECK(got.mean_arrived(41, 44) > 1'000'000);
    CHECK(got.mean_arrived(47, 60) > 1'400'000);
}

TEST_CASE("rate: a path that is cut for three seconds")
{
    const auto got = run({.there = {.rate_bps = 1'000'000}, .length = 40s, .each_ms = [](LinkConfig& link, Duration t) {
                              link.loss = t > 15s && t < 18s ? 1 : 0;
                          }});
    CAPTURE(story(got));
    CHECK(got.seconds[17].rate_bps < 300'000); // it does not go on as if nothing were
    CHECK(got.mean_arrived(24, 40) > 600'000);
    CHECK(got.delay_max(19, 40) < 300ms);
}

TEST_CASE("rate: losses that are the path's own do not take the picture away; losses that are ours do take rate")
{
    for (const double loss : {0.01, 0.05, 0.10, 0.20}) {
        CAPTURE(loss);
        const auto got = run({.there = {.loss = loss, .rate_bps = 1'000'000}, .length = 60s});
        CAPTURE(story(got));
        CHECK(got.mean_arrived(30, 60) > 450'000);
    }
    // A short queue shows no delay: only losses say that it is too much.
    const auto shallow = run({.there = {.rate_bps = 1'000'000, .queue_bytes = 4'000}, .length = 60s});
    CAPTURE(story(shallow));
    CHECK(shallow.mean_arrived(30, 60) > 500'000);
    double loss = 0;
    for (std::size_t i = 30; i < 60; ++i)
        loss += shallow.seconds[i].loss / 30;
    CAPTURE(loss);
    CHECK(loss < 0.12);
}

TEST_CASE("rate: audio goes on at its rate beside pictures and files, on a narrow path too")
{
    for (const double bps : {60'000.0, 100'000.0, 300'000.0, 2'000'000.0}) {
        CAPTURE(bps);
        const auto got =
            run({.there = {.rate_bps = bps}, .length = 40s, .wishes = {.audio = true, .video = true, .files = true}});
        CAPTURE(story(got));
        for (std::size_t i = 20; i < 40; ++i)
            CHECK(got.seconds[i].audio_bps > 20'000);
        // One packet of a file takes 160 ms of a path of 60 kbit/s.
        CHECK(got.audio_delay_max(20, 40) < (bps < 100'000 ? 500ms : 300ms));
    }
}

TEST_CASE("rate: jitter is no queue, with losses neither")
{
    for (const double bps : {300'000.0, 1'000'000.0}) {
        for (const double loss : {0.0, 0.05}) {
            for (const std::uint64_t seed : {1U, 2U}) {
                CAPTURE(bps);
                CAPTURE(loss);
                CAPTURE(seed);
                const LinkConfig path{.delay = 50ms, .loss = loss, .burst = 1.5, .jitter = 30ms};
                LinkConfig there = path;
                there.rate_bps = bps;
                there.queue_bytes = static_cast<std::size_t>(bps / 8);
                const auto got = run({.there = there, .back = path, .length = 50s, .seed = seed});
                CAPTURE(story(got));
                CHECK(got.mean_arrived(20, 50) > (loss == 0 ? 0.75 : 0.35) * bps);
                CHECK(got.audio_delay_max(20, 50) < 50ms + 600ms); // jitter alone makes 350
            }
        }
    }
}

TEST_CASE("rate: a queue that grows is answered where there is jitter, too")
{
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto got = run(
            {.there = {.delay = 50ms, .jitter = 30ms, .rate_bps = 1'000'000},
             .back = {.delay = 50ms, .jitter = 30ms},
             .length = 60s,
             .each_ms = [](LinkConfig& link, Duration t) { link.rate_bps = t > 20s && t < 35s ? 200'000 : 1'000'000; },
             .seed = seed});
        CAPTURE(story(got));
        CHECK(got.mean_arrived(15, 20) > 500'000);
        CHECK(got.delay_max(25, 35) < 800ms); // of 2.4 s that the path would keep
        CHECK(got.mean_arrived(25, 35) > 100'000);
        CHECK(got.mean_arrived(45, 60) > 500'000);
    }
}

TEST_CASE("rate: who was left a voice finds out that there is room again, and pays little for asking")
{
    for (const Duration jitter : {1ms, 30ms}) {
        CAPTURE(jitter.count());
        const auto got = run(
            {.there = {.delay = 50ms, .jitter = jitter, .rate_bps = 1'000'000, .queue_bytes = 20'000},
             .back = {.delay = 50ms, .jitter = jitter},
             .length = 80s,
             .each_ms = [](LinkConfig& link, Duration t) { link.rate_bps = t > 10s && t < 50s ? 50'000 : 1'000'000; }});
        CAPTURE(story(got));
        CHECK(got.mean_arrived(62, 80) > 400'000);
        double padding = 0;
        for (std::size_t i = 20; i < 50; ++i)
            padding += got.seconds[i].padding_bps / 30;
        CHECK(padding < 0.05 * 50'000);
    }
}

TEST_CASE("rate: when what was shown begins to move, it is known already that there is room")
{
    for (const Duration jitter : {1ms, 20ms}) {
        CAPTURE(jitter.count());
        const auto got = run({.there = {.delay = 50ms, .jitter = jitter, .rate_bps = 1'500'000},
                              .back = {.delay = 50ms, .jitter = jitter},
                              .length = 40s,
                              .picture_share = [](Duration t) { return t < 30s ? 0.05 : 1.0; }});
        CAPTURE(story(got));
        double little = 1e9; // but in seconds that have a probe
        for (std::size_t i = 20; i < 30; ++i)
            little = std::min(little, got.seconds[i].arrived_bps);
        CHECK(little < 250'000);
        CHECK(got.mean_arrived(30, 32) > 800'000);
        CHECK(got.delay_max(30, 40) < 700ms);
        double padding = 0;
        for (const auto& second : got.seconds)
            padding += second.padding_bps / 8;
        CHECK(padding > 0);
        CHECK(padding < 400'000);
    }
}

TEST_CASE("rate: nothing is asked of a path by who wants no more, or sends nothing")
{
    const auto voice = run({.there = {.rate_bps = 1'000'000}, .length = 40s, .wishes = {.audio = true}});
    CAPTURE(story(voice));
    for (std::size_t i = 5; i < 40; ++i)
        CHECK(voice.seconds[i].padding_bps == 0);
    SendRate silent;
    silent.set_wanted(1'000'000);
    CHECK(silent.padding(Instant(1h)) == 0);
    CHECK(silent.padding_deadline() == never);
}

TEST_CASE("rate: nothing said by the receiver, less is sent; bounds")
{
    SendRate rate;
    Instant now(1h);
    CHECK(rate.deadline() == never);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(packets_under_way_max) + 100; ++i)
        rate.packet_sent(i, 1000, now);
    CHECK(rate.rate_bps() == rate_begin_bps);
    CHECK(rate.deadline() == now + 600ms);
    rate.tick(now + 599ms);
    CHECK(rate.rate_bps() == rate_begin_bps);
    for (int i = 0; i < 30; ++i)
        rate.tick(now += 600ms);
    CHECK(rate.rate_bps() == rate_min_bps);
    // Feedback of what is forgotten, unknown, or twice told changes nothing.
    const double before = rate.rate_bps();
    rate.feedback({}, now); // while packets are under way
    rate.feedback({{0, 1s}, {99, 1s}, {1'000'000, 2s}, {-5, std::nullopt}}, now);
    CHECK(rate.rate_bps() == before);
    SendRate other;
    other.path_changed(now);
    CHECK(other.rate_bps() == rate_begin_bps / 2);
}

TEST_CASE("send rate: what was lost on the path before is no loss of this one")
{
    SendRate rate;
    Instant now(1h);
    std::int64_t number = 0;
    const auto sends = [&](int packets, std::optional<Duration> way) {
        std::vector<Fate> fates;
        for (int i = 0; i < packets; ++i, now += 20ms) {
            rate.packet_sent(number, 500, now);
            fates.push_back({number++, way ? std::optional(now.time_since_epoch() + *way) : std::nullopt});
        }
        return fates;
    };
    for (int i = 0; i < 40; ++i)
        rate.feedback(sends(5, 20ms), now += 20ms);
    const double before = rate.rate_bps();
    auto lost = sends(40, std::nullopt); // the old path dies, and nobody says anything for 800 ms
    rate.tick(now);
    const double then = rate.rate_bps();
    rate.path_changed(now);
    auto fates = sends(3, 30ms);
    fates.insert(fates.begin(), lost.begin(), lost.end()); // the first feedback of the new one says what did not come
    rate.feedback(fates, now);
    for (int i = 0; i < 10; ++i)
        rate.feedback(sends(5, 30ms), now += 30ms);
    CHECK(rate.loss() < 0.01);
    CHECK(then > 0.6 * before);
    CHECK(rate.rate_bps() >= then / 2);
}

TEST_CASE("delay trend: a queue that grows, stands, and empties")
{
    DelayTrend trend;
    Instant sent(1h);
    Duration arrives = 1h;
    const auto packets = [&](int count, Duration more) {
        bool over = false, under = false;
        for (int i = 0; i < count; ++i) {
            trend.packet(sent += 20ms, arrives += 20ms + more);
            over = over || trend.usage() == Usage::overuse;
            under = under || trend.usage() == Usage::underuse;
        }
        return std::pair(over, under);
    };
    CHECK(packets(100, 0ms) == std::pair(false, false));
    CHECK(packets(30, 3ms).first);
    packets(30, 0ms);
    CHECK(trend.usage() == Usage::normal); // a standing queue is no growing one
    CHECK(packets(30, -3ms).second);
    packets(60, 0ms);
    CHECK(trend.usage() == Usage::normal);
    trend.reset();
    CHECK(packets(19, 10ms).first == false);
}

TEST_CASE("queue delay: what all packets wait is a queue, what some wait is jitter")
{
    Instant now(1h);
    QueueDelay ways;
    CHECK(ways.queue() == 0ms);
    const auto packets = [&](int count, Duration spacing, const std::function<Duration(int)>& more) {
        for (int i = 0; i < count; ++i) {
            now += spacing;
            ways.packet(20ms + more(i), now.time_since_epoch(), now);
        }
    };
    packets(500, 10ms, [](int) { return 0ms; });
    CHECK(ways.queue() == 0ms);
    CHECK(ways.jitter() == 0ms);
    // Every fourth packet is there at once, the others are late.
    packets(1000, 10ms, [](int i) { return i % 4 == 0 ? 0ms : 40ms; });
    CHECK(ways.queue() == 0ms);
    CHECK(ways.jitter() > 25ms);
    CHECK(ways.jitter() <= 30ms);
    // A queue of 100 ms below the same.
    packets(100, 10ms, [](int i) { return 100ms + (i % 4 == 0 ? 0ms : 40ms); });
    CHECK(ways.queue() == 100ms);
    // One that grows by a tenth of the time is no jitter.
    ways.reset();
    packets(300, 10ms, [](int i) { return std::chrono::milliseconds(i); });
    CHECK(ways.jitter() < 8ms);
    CHECK(ways.queue() > 280ms);
    // A voice of 60 ms a packet: the last four count.
    ways.reset();
    packets(50, 60ms, [](int) { return 0ms; });
    packets(3, 60ms, [](int) { return 80ms; });
    CHECK(ways.queue() == 0ms);
    packets(2, 60ms, [](int) { return 80ms; });
    CHECK(ways.queue() == 80ms);
    // What stands for twenty seconds is the path.
    packets(400, 60ms, [](int) { return 80ms; });
    CHECK(ways.queue() == 0ms);
    // A receiver may say anything of its clock.
    for (int i = 0; i < 5000; ++i)
        ways.packet((i % 2 == 0 ? 1 : -1) * Duration(1'000'000h), (i % 3 - 1) * Duration(1'000'000h), now += 1ms);
    CHECK(ways.jitter() <= 10s);
}

TEST_CASE("queue delay: a path that has become narrow shows in the first feedback that tells of it")
{
    Instant now(1h);
    QueueDelay ways;
    Duration arrives = 1h;
    for (int i = 0; i < 500; ++i)
        ways.packet(20ms, arrives += 10ms, now += 10ms);
    // One feedback of a tenth of a second: what came before the path became narrow, and six packets that waited.
    for (int i = 0; i < 4; ++i)
        ways.packet(20ms, arrives += 10ms, now);
    for (int i = 1; i <= 6; ++i)
        ways.packet(20ms + i * 20ms, arrives += 25ms, now);
    CHECK(ways.queue_at_once() >= 40ms);
    CHECK(ways.above_least(140ms) == 120ms);
}

TEST_CASE("queue delay: what one late packet holds up is unsteady, what a queue does is not")
{
    Instant now(1h);
    QueueDelay held_up, queue;
    std::mt19937_64 random(1);
    std::exponential_distribution<double> late(1 / 60'000.0);
    Duration last{};
    for (int i = 0; i < 3000; ++i) { // 60 ms of jitter, and nobody overtakes anybody
        now += 9ms;
        last = std::max(last, now.time_since_epoch() + Duration(static_cast<std::int64_t>(late(random))));
        held_up.packet(last - now.time_since_epoch(), last, now);
        // A saw of three seconds up, one down.
        const auto saw = std::chrono::milliseconds(i % 444 < 333 ? i % 444 / 3 : 444 - i % 444);
        queue.packet(20ms + saw, now.time_since_epoch() + saw, now);
    }
    CHECK(held_up.unsteady() > 15ms);
    CHECK(held_up.unsteady() <= held_up.jitter());
    CHECK(queue.unsteady() < 3ms);
}

TEST_CASE("rate: to be allowed more than is sent is no proof that a path carries more, and pictures move again")
{
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto moving = [](Duration t) { return t < 20s || t / 1s % 6 < 2 ? 1.0 : 0.6; };
        const auto got = run({.there = {.delay = 50ms, .rate_bps = 300'000},
                              .back = {.delay = 50ms},
                              .length = 80s,
                              .picture_share = moving,
                              .seed = seed});
        CAPTURE(story(got));
        CHECK(got.delay_max(25, 80) < 220ms);
        CHECK(got.mean_arrived(25, 80) > 225'000);
    }
}

TEST_CASE("prober: a cluster that is carried, one that is held up, one that is lost, one that nobody sends")
{
    Instant now(1h);
    Prober prober;
    std::int64_t number = 0;
    // Sends a cluster, and lets it arrive at `carried_bps`, but for every `lost`-th packet. Then its result.
    const auto cluster = [&](double bps, double carried_bps, int lost) {
        REQUIRE(prober.begin(bps, 0, 0ms, 100ms, now));
        CHECK(prober.is_out());
        CHECK_FALSE(prober.begin(bps, 0, 0ms, 100ms, now));
        std::size_t bytes = 0;
        Duration arrives = now.time_since_epoch() + 20ms;
        const std::int64_t first = number;
        std::vector<std::size_t> sizes;
        const Instant begun = now;
        while (prober.deadline() != never) {
            now = std::max(now, prober.deadline());
            const std::size_t size = prober.padding(now);
            REQUIRE(size > 0);
            bytes += size;
            sizes.push_back(size);
            prober.sent(number++, size, now);
        }
        CHECK(now - begun >= probe_length_min);
        CHECK(now - begun <= probe_length_min + 50ms);
        CHECK(static_cast<double>(bytes) * 8 / std::chrono::duration<double>(now - begun).count() < 1.5 * bps);
        CHECK_FALSE(prober.result(number - 2, 0ms, now));
        for (std::int64_t i = first; i < number; ++i) {
            const auto size = sizes[static_cast<std::size_t>(i - first)];
            arrives += Duration(static_cast<std::int64_t>(static_cast<double>(size) * 8e6 / carried_bps));
            if (lost != 0 && i % lost == 0)
                prober.missing(i);
            else
                prober.arrived(i, size, arrives);
        }
        return prober.result(number - 1, 0ms, now += 120ms).value_or(-1);
    };
    CHECK(cluster(200'000, 200'000, 0) == doctest::Approx(200'000).epsilon(0.05));
    CHECK_FALSE(prober.is_out());
    // At once again, and it was too much: what came is the rate, but for some room.
    CHECK(cluster(400'000, 250'000, 0) == doctest::Approx(0.9 * 250'000).epsilon(0.05));
    // Each time that nothing was found, the next one waits for longer.
    Duration pause = probe_pause_min;
    for (int i = 0; i < 6; ++i) {
        CHECK_FALSE(prober.begin(400'000, 0, 0ms, 100ms, now + pause - 1ms));
        now += pause;
        pause = std::min(probe_pause_max, pause * 2);
        CHECK(cluster(400'000, 400'000, 2) == 0); // half of it is lost
    }
    CHECK(pause == probe_pause_max);
    now += pause;
    // A path that loses some loses some of this as well. A queue that is full at once makes no delay: what it loses has
    // not arrived.
    CHECK(cluster(4'000'000, 4'000'000, 10) > 3'400'000);
    CHECK(cluster(4'000'000, 4'000'000, 4) < 3'000'000);
    now += probe_pause_min;
    // Nobody sends it: it ends by itself.
    REQUIRE(prober.begin(400'000, 0, 0ms, 100ms, now));
    CHECK_FALSE(prober.result(number, 0ms, now + 500ms));
    CHECK(prober.result(number, 0ms, now += 2s) == 0.0);
    CHECK_FALSE(prober.is_out());
    // Longer where there is jitter, but not more than its bytes.
    now += probe_pause_max;
    REQUIRE(prober.begin(20'000'000, 0, 1s, 100ms, now));
    std::size_t bytes = 0;
    while (prober.deadline() != never) {
        now = std::max(now, prober.deadline());
        const std::size_t size = prober.padding(now);
        bytes += size;
        prober.sent(number++, size, now);
    }
    CHECK(bytes <= probe_bytes_max + 2 * padding_bytes_max);
    prober.reset();
    prober.wait_until(now + 5s);
    CHECK_FALSE(prober.begin(100'000, 0, 0ms, 100ms, now + 4s));
}

TEST_CASE("share: a table that reads like a debate")
{
    const auto at = [](double bps, double loss, bool video, bool files) {
        return share(bps, loss, {.audio = true, .video = video, .video_bps_max = 1'500'000, .files = files});
    };
    // The cheapest voice when nothing pays for it.
    CHECK(at(10'000, 0, true, true).audio == AudioPlan{6'000, 60, 0, 0});
    CHECK(at(10'000, 0, true, true).video_bps == 0);
    CHECK(at(10'000, 0, true, true).files_bps == 0);
    // A narrow path: voice, in long frames, no picture.
    CHECK(at(40'000, 0, true, false).audio.frame_ms == 60);
    CHECK(at(40'000, 0, true, false).video_bps == 0);
    // 300 kbit/s: the best voice, and the rest is picture.
    CHECK(at(300'000, 0, true, false).audio == AudioPlan{audio_best_bps, 20, 0, 0});
    CHECK(at(300'000, 0, true, false).video_bps == doctest::Approx(300'000 - cost_bps({audio_best_bps, 20, 0, 0})));
    // Files do not stop for a picture, nor does a picture for files.
    CHECK(at(300'000, 0, true, true).files_bps ==
          doctest::Approx(0.1 * (300'000 - cost_bps({audio_best_bps, 20, 0, 0}))));
    // Where the picture has enough, files have the rest.
    CHECK(at(5'000'000, 0, true, true).video_bps == 1'500'000);
    CHECK(at(5'000'000, 0, true, true).files_bps > 3'000'000);
    // Losses: repeat, once, twice; and the encoder is told.
    CHECK(at(300'000, 0.05, true, false).audio == AudioPlan{audio_best_bps, 20, 0, 5});
    CHECK(at(300'000, 0.10, true, false).audio == AudioPlan{audio_best_bps, 20, 1, 10});
    CHECK(at(400'000, 0.20, true, false).audio == AudioPlan{audio_best_bps, 20, 2, 20});
    // What is repeated is wanted, too.
    CHECK(wanted_bps({.audio = true}, 0.01) == cost_bps({audio_best_bps, 20, 0, 0}));
    CHECK(wanted_bps({.audio = true}, 0.20) == cost_bps({audio_best_bps, 20, 2, 0}));
    // Voice alone may have it all.
    CHECK(share(90'000, 0, {.audio = true}).audio == AudioPlan{audio_best_bps, 20, 0, 0});
    CHECK(share(90'000, 0, {.audio = false, .files = true}).files_bps == 90'000);
    // Nobody ever gets more than there is, but for the cheapest voice.
    for (double bps = 20'000; bps < 3'000'000; bps *= 1.1)
        for (const double loss : {0.0, 0.08, 0.3}) {
            const auto got = at(bps, loss, true, true);
            CHECK(got.audio_bps + got.video_bps + got.files_bps <= std::max(bps, cost_bps({6'000, 60, 0, 0})) + 1);
            CHECK((got.video_bps == 0 || got.video_bps >= video_bps_min));
        }
}

TEST_CASE("pacer: audio at once, repetitions before pictures, files last, all at the rate")
{
    Pacer pacer(0);
    pacer.set_rate(800'000.0 * 800'000.0 / pace_bps(800'000)); // 100 bytes a millisecond
    Instant now(1h);
    for (int i = 0; i < 3; ++i) {
        pacer.push(Priority::files, Bytes(1000, 3), now);
        pacer.push(Priority::video, Bytes(1000, 2), now);
        pacer.push(Priority::repetition, Bytes(1000, 1), now);
        pacer.push(Priority::audio, Bytes(100, 0), now);
    }
    std::vector<int> order;
    std::vector<Duration> times;
    const Instant begin = now;
    while (pacer.deadline() != never) {
        now = std::max(now, pacer.deadline());
        while (const auto packet = pacer.next(now)) {
            order.push_back(packet->data[0]);
            times.push_back(now - begin);
        }
    }
    CHECK(order == std::vector<int>{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3});
    CHECK(times[2] == 0ms);
    CHECK(times[3] == 3ms); // what audio took
    for (std::size_t i = 4; i < times.size(); ++i)
        CHECK(std::abs((times[i] - times[i - 1] - 10ms).count()) <= 2);

    // Audio in the middle does not wait.
    pacer.push(Priority::video, Bytes(1000), now);
    pacer.push(Priority::video, Bytes(1000), now);
    while (pacer.next(now)) {}
    pacer.push(Priority::audio, Bytes(100), now);
    CHECK(pacer.deadline() <= now);
    CHECK(pacer.next(now)->priority == Priority::audio);
}

TEST_CASE("pacer: on a narrow path a keyframe leaves no faster than the path carries it, on a wide one it is soon over")
{
    CHECK(pace_bps(300'000) <= 1.1 * 300'000);
    CHECK(pace_bps(1'000'000) <= 1.1 * 1'000'000);
    CHECK(pace_bps(3'000'000) >= 1.5 * 3'000'000);
    for (double bps = 20'000; bps < 4'000'000; bps *= 1.1)
        CHECK(pace_bps(1.1 * bps) > pace_bps(bps));
}

TEST_CASE("pacer: bounds")
{
    Pacer pacer;
    const Instant now(1h);
    for (std::size_t bytes = 0; bytes < pacer_bytes_max; bytes += 1024)
        CHECK(pacer.push(Priority::video, Bytes(1024), now));
    CHECK_FALSE(pacer.push(Priority::video, Bytes(1), now));
    CHECK_FALSE(pacer.push(Priority::audio, Bytes(1), now));
    CHECK(pacer.wait(Priority::video) > video_wait_max);
    CHECK(pacer.wait(Priority::audio) == 0ms);
    pacer.clear(Priority::video);
    CHECK(pacer.wait(Priority::video) == 0ms);
    CHECK(pacer.push(Priority::video, Bytes(1), now));
}

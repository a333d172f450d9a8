// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/time_stretch.hpp"
#include "tests/media/jitter/audio_world.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::jitter;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

constexpr double ms(Duration d)
{
    return static_cast<double>(d.count()) / 1000;
}

} // namespace

#define SAY(result)                                                                                                    \
    CAPTURE((result).concealed_percent);                                                                               \
    CAPTURE(ms((result).delay_mean));                                                                                  \
    CAPTURE(ms((result).delay_max));                                                                                   \
    CAPTURE(ms((result).statistics.target));                                                                           \
    CAPTURE(ms((result).statistics.level));                                                                            \
    CAPTURE((result).statistics.outages);                                                                              \
    CAPTURE((result).statistics.accelerated);                                                                          \
    CAPTURE((result).statistics.expanded)

TEST_CASE("jitter: on a path without faults every sample is heard as it was said, little later than it came")
{
    for (const int frame_ms : {10, 20, 40, 60}) {
        CAPTURE(frame_ms);
        const auto got = run({.frame_ms = frame_ms});
        SAY(got);
        CHECK(got.statistics.concealed == 0);
        CHECK(got.statistics.late == 0);
        CHECK(got.statistics.accelerated == 0);
        CHECK(got.statistics.expanded == 0);
        // A frame is sent when it is whole in a real pipeline; here its first sample counts, and 20 ms are the path's.
        CHECK(got.delay_mean < 20ms + Duration(1500) * frame_ms);
        const media::Pcm sound = voice(48'000 * 20);
        // Heard at six seconds is what was said a little before.
        double best = -99;
        for (std::size_t before = 0; before < 48'000 / 5 && best < 99; before += 48)
            best = std::max(best, best_snr(media::PcmView(sound).subspan(6 * 48'000 - before, 4800),
                                           media::PcmView(got.heard).subspan(48'000, 4848), 48));
        CHECK(best == 99);
    }
}

TEST_CASE("jitter: what is late for some time is waited for")
{
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        CAPTURE(seed);
        const auto calm = run({.link = {.jitter = 2ms}, .seed = seed});
        const auto rough = run({.link = {.jitter = 15ms}, .seed = seed});
        const auto overtaking = run({.link = {.jitter = 15ms, .reorders = true}, .seed = seed});
        {
            SAY(calm);
            CHECK(calm.concealed_percent < 1.0);
            CHECK(calm.delay_mean < 75ms);
        }
        {
            SAY(rough);
            CHECK(rough.concealed_percent < 1.5);
            CHECK(rough.delay_mean < 170ms);
            CHECK(rough.statistics.target > calm.statistics.target + 20ms);
        }
        {
            SAY(overtaking);
            CHECK(overtaking.concealed_percent < 1.5);
            CHECK(overtaking.delay_mean < 170ms);
        }
    }
}

TEST_CASE("jitter: what is lost is concealed, once and no more; FEC and redundancy give it back")
{
    for (const double loss : {0.02, 0.05, 0.10, 0.20}) {
        CAPTURE(loss);
        const auto bare = run({.link = {.loss = loss}});
        const auto fec = run({.link = {.loss = loss}, .fec = true});
        const auto red = run({.link = {.loss = loss}, .red = 2});
        {
            SAY(bare);
            CHECK(bare.concealed_percent > 60 * loss);
            CHECK(bare.concealed_percent < 130 * loss);
        }
        {
            SAY(fec); // two in a row are beyond it
            CHECK(fec.concealed_percent < 100 * loss * loss + 1.0);
            CHECK(fec.statistics.fec_used > 0);
            CHECK(fec.delay_mean < 110ms);
        }
        {
            SAY(red); // three in a row are
            CHECK(red.concealed_percent < 100 * loss * loss * loss + 1.0);
            CHECK(red.statistics.redundant_used > 0);
            CHECK(red.delay_mean < 140ms);
        }
    }
}

TEST_CASE("jitter: bursts of loss, with redundancy that reaches over them")
{
    const auto bare = run({.link = {.loss = 0.10, .burst = 3}});
    const auto red = run({.link = {.loss = 0.10, .burst = 3}, .red = 4});
    SAY(red);
    CHECK(bare.concealed_percent > 6);
    CHECK(red.concealed_percent < bare.concealed_percent / 2.5);
}

TEST_CASE("jitter: clocks that run apart, for ten minutes, cost neither sound nor delay")
{
    for (const double ppm : {-300.0, -50.0, 50.0, 300.0}) {
        CAPTURE(ppm);
        const auto got = run({.link = {.jitter = 2ms}, .length = 600s, .drift_ppm = ppm});
        SAY(got);
        CHECK(got.concealed_percent < 1.0);
        CHECK(got.delay_mean < 90ms);
        CHECK(got.delay_max < 200ms);
        if (ppm > 100) CHECK(got.statistics.expanded > got.statistics.accelerated);
        if (ppm < -100) CHECK(got.statistics.accelerated > got.statistics.expanded);
    }
}

TEST_CASE("jitter: a path that stalls is waited out, and the delay it leaves is gone after seconds")
{
    // For 400 ms everything is held up, then comes at once.
    const auto stalls = [](LinkConfig& link, Duration t) {
        const bool held = t > 20s && t < 20s + 400ms;
        link.delay = held ? 20ms + (20s + 400ms - t) : 20ms;
        return true;
    };
    const auto during = run({.length = 21s, .each_frame = stalls, .settle = 20s});
    const auto after = run({.length = 60s, .each_frame = stalls, .settle = 35s});
    SAY(during);
    CHECK(during.statistics.outages >= 1);
    CHECK(during.delay_max > 300ms);
    CHECK(after.delay_max < 140ms);
    CHECK(after.statistics.concealed == 0);
}

TEST_CASE("jitter: a path that becomes longer, or shorter, is followed")
{
    for (const Duration other : {150ms, 5ms}) {
        const auto got = run({.link = {.delay = 60ms},
                              .length = 60s,
                              .each_frame =
                                  [other](LinkConfig& link, Duration t) {
                                      if (t > 20s) link.delay = other;
                                      return true;
                                  },
                              .settle = 40s});
        SAY(got);
        CHECK(got.statistics.concealed == 0);
        CHECK(got.delay_mean < other + 80ms);
    }
}

TEST_CASE("jitter: silence of the sender is no loss, nor an outage")
{
    // Speaks for two seconds, then says nothing for three but a packet every 400 ms, as DTX does.
    const auto got = run({.each_frame = [](LinkConfig&, Duration t) {
        const auto in = t % 5s;
        return in < 2s || in % 400ms < 20ms;
    }});
    SAY(got);
    CHECK(got.statistics.concealed <= 480); // at the end of the story nobody knows yet
    CHECK(got.delay_mean < 80ms);
}

TEST_CASE("jitter: silence of the sender is no loss where packets are lost, with redundancy and without")
{
    // Half a second of words, then 700 ms of nothing but a packet every 400 ms.
    for (const int red : {0, 1, 2})
        for (const double loss : {0.05, 0.20}) {
            CAPTURE(red);
            CAPTURE(loss);
            const auto got =
                run({.link = {.loss = loss}, .length = 120s, .red = red, .each_frame = [](LinkConfig&, Duration t) {
                         const auto in = t % 1200ms;
                         return in < 500ms || in % 400ms < 20ms;
                     }});
            SAY(got);
            // 27 frames are sent of the 60 that pass; what repeats a lost one has to come before it is needed.
            const double sent = 27.0 / 60;
            CHECK(got.concealed_percent < 100 * sent * std::pow(loss, red + 1) + 1);
            CHECK(got.statistics.missing == 0);
            if (red == 0) CHECK(got.concealed_percent > 60 * sent * loss);
        }
}

TEST_CASE("jitter: after an outage longer than outage_max it begins again")
{
    const auto got = run({.each_frame = [](LinkConfig& link, Duration t) {
        link.loss = t > 20s && t < 25s ? 1 : 0;
        return true;
    }});
    SAY(got);
    CHECK(media::duration_of(got.statistics.concealed) >= outage_max);
    CHECK(media::duration_of(got.statistics.concealed) <= outage_max + 200ms);
    CHECK(got.delay_mean < 80ms);
}

TEST_CASE("jitter: bounds")
{
    const media::Pcm sound = voice(48'000);
    ToyDecoder decoder(sound);
    AudioBuffer buffer(decoder);
    const Instant now(1h);
    CHECK(buffer.pull(now).samples == media::Pcm(480));
    CHECK_FALSE(buffer.playing().has_value());
    CHECK_FALSE(buffer.insert({0, 0, Bytes(8)}, now)); // no packet
    CHECK(buffer.statistics().malformed == 1);
    CHECK_FALSE(buffer.insert({0, 0, Bytes(audio_packet_bytes_max + 1)}, now));
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(audio_packets_max); ++i)
        CHECK(buffer.insert({i * 960, i, ToyDecoder::packet(i * 960, 960, false)}, now));
    CHECK(buffer.statistics().overflowed == 0);
    CHECK_FALSE(buffer.insert({960, 1, ToyDecoder::packet(960, 960, false)}, now));
    CHECK(buffer.statistics().duplicates == 1);
    buffer.insert({200 * 960, 200, ToyDecoder::packet(200 * 960, 960, false)}, now);
    CHECK(buffer.statistics().overflowed == 1);
    const auto first = buffer.pull(now).timestamp; // it hurries already
    REQUIRE(first.has_value());
    CHECK(*first >= 960);
    CHECK(*first < 960 + 2 * 720);
    // What is far off begins anew, and plays from there.
    const std::int64_t far = 48'000 * 1000;
    buffer.insert({far, 201, ToyDecoder::packet(far, 960, false)}, now);
    CHECK(buffer.pull(now + 1s).timestamp == far);
    // A packet that the decoder refuses is concealed.
    Bytes bad = ToyDecoder::packet(far + 960, 960, false);
    bad[0] = 99;
    buffer.insert({far + 960, 202, bad}, now + 1s);
    for (int i = 0; i < 4; ++i)
        CHECK(buffer.pull(now + 1s).samples.size() == 480);
    CHECK(buffer.statistics().malformed == 2);
}

TEST_CASE("delay estimate: from the least, with a bound at both ends")
{
    DelayEstimate estimate;
    Instant now(1h);
    for (int i = 0; i < 1000; ++i)
        estimate.arrived(Duration(20'000) * i, now += 20ms);
    CHECK(estimate.target() == 20ms);
    for (int i = 1000; i < 3000; ++i) {
        now += 20ms;
        estimate.arrived(Duration(20'000) * i, i % 2 == 0 ? now + 1500ms : now);
    }
    CHECK(estimate.target() == delay_target_max);
    estimate.reset();
    CHECK(estimate.target() == 60ms);
}

TEST_CASE("delay estimate: what a queue in the beginning taught is not waited for when the queue is gone")
{
    DelayEstimate estimate;
    estimate.set_frame(60ms);
    Instant now(1h);
    int packet = 0;
    const auto arrive = [&](Duration late) { estimate.arrived(60ms * packet++, now + late), now += 60ms; };
    for (int i = 0; i < 10; ++i)
        arrive(0ms);
    for (int i = 0; i < 40; ++i) // two seconds and more in which a queue grows
        arrive(12ms * i);
    CHECK(estimate.target() > 300ms);
    for (int i = 0; i < 120; ++i) // and seven in which there is none
        arrive(0ms);
    CHECK(estimate.target() < 70ms);
    for (int i = 0; i < 20; ++i) // what comes now and then is waited for
        for (int of = 0; of < 20; ++of)
            arrive(of == 0 ? 100ms : 0ms);
    CHECK(estimate.target() > 150ms);
}

TEST_CASE("time stretch: a period less, a period more, and nobody hears the joint")
{
    for (const double hz : {80.0, 120.0, 200.0, 333.0}) {
        CAPTURE(hz);
        const media::Pcm sound = tone(hz, 2400);
        const double period = 48'000 / hz;
        for (const bool faster : {true, false}) {
            CAPTURE(faster);
            const auto got = faster ? jitter::accelerate(sound, 1) : jitter::expand(sound, 1);
            REQUIRE(got.has_value());
            const double difference = std::abs(static_cast<double>(got->size()) - 2400);
            // A whole number of periods.
            const double periods = difference / period;
            CHECK(std::abs(periods - std::round(periods)) < 0.06);
            CHECK(periods > 0.9);
            // It is still that tone, throughout.
            const media::Pcm want = tone(hz, got->size());
            CHECK(best_snr(want, *got, 0) > 20);
        }
    }
}

TEST_CASE("time stretch: a voice can be, noise need not be, and what is too short is left alone")
{
    const media::Pcm sound = voice(48'000);
    int stretched = 0, tried = 0;
    for (std::size_t at = 0; at + 1500 < sound.size(); at += 960, ++tried)
        stretched += jitter::accelerate(media::PcmView(sound).subspan(at, 1500), 1).has_value();
    CHECK(stretched > tried * 6 / 10);
    std::mt19937_64 random(4);
    media::Pcm noise(1500);
    for (auto& s : noise)
        s = static_cast<std::int16_t>(random() % 20'000);
    for (auto& s : noise)
        s = static_cast<std::int16_t>(s - 10'000);
    CHECK_FALSE(jitter::accelerate(noise, 1).has_value());
    CHECK_FALSE(jitter::expand(noise, 1).has_value());
    CHECK(jitter::accelerate(media::Pcm(1500), 1)->size() == 1500 - period_max);
    CHECK_FALSE(jitter::accelerate(media::Pcm(2 * period_min - 1), 1).has_value());
    CHECK(jitter::accelerate(media::Pcm(2 * period_min), 1).has_value());
    // Two channels stay two channels.
    media::Pcm stereo(3000);
    const media::Pcm left = tone(200, 1500), right = tone(200, 1500, 0.1);
    for (std::size_t i = 0; i < 1500; ++i) {
        stereo[2 * i] = left[i];
        stereo[2 * i + 1] = right[i];
    }
    const auto got = jitter::accelerate(stereo, 2);
    REQUIRE(got.has_value());
    CHECK(got->size() % 2 == 0);
    CHECK(got->size() < 3000);
    CHECK(std::abs((*got)[1]) < 3300);
}

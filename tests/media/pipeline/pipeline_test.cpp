// SPDX-License-Identifier: Apache-2.0
// Calls over paths that lose, narrow and change. Short, for every test run; call_quality has the numbers.
#include "media/pipeline/stream.hpp"
#include "media/pipeline/synthetic.hpp"
#include "media/rtp/flow.hpp"
#include "media/rtp/frame_marking.hpp"
#include "tests/media/pipeline/call_world.hpp"
#include "tests/media/support/signals.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::pipeline;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

std::function<media::Pcm()> speaks()
{
    static const media::Pcm sound = voice(48'000 * 10);
    return [at = std::size_t{0}]() mutable {
        media::Pcm out(480);
        for (auto& sample : out)
            sample = sound[at++ % sound.size()];
        return out;
    };
}

std::function<media::Picture()> shows(int width = 320, int height = 180)
{
    return [pattern = Pattern(width, height)]() mutable { return pattern.read(); };
}

} // namespace

#define SAY(got)                                                                                                       \
    CAPTURE((got).concealed_percent);                                                                                  \
    CAPTURE((got).delay_mean.count());                                                                                 \
    CAPTURE((got).segmental_snr_db);                                                                                   \
    CAPTURE((got).psnr_db);                                                                                            \
    CAPTURE((got).freezes);                                                                                            \
    CAPTURE((got).longest_gap.count());                                                                                \
    CAPTURE((got).pictures_shown);                                                                                     \
    CAPTURE((got).caller.rate_bps);                                                                                    \
    CAPTURE((got).callee.refused)

TEST_CASE("pipeline: a voice over a good path is heard, soon")
{
    const auto got = run({.there = {.jitter = 1ms}, .back = {.jitter = 1ms}, .length = 8s, .sound = speaks()});
    SAY(got);
    CHECK(got.first_heard < 300ms);
    CHECK(got.concealed_percent < 0.5);
    CHECK(got.delay_mean < 100ms);
    CHECK(got.segmental_snr_db > 5);
    CHECK(got.callee.mos > 4.2);
    CHECK(got.callee.refused == 0);
}

TEST_CASE("pipeline: at 20 % of loss a voice is still one")
{
    double concealed = 0;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const auto got = run({.there = {.loss = 0.20, .jitter = 1ms},
                              .back = {.loss = 0.20, .jitter = 1ms},
                              .length = 20s,
                              .sound = speaks(),
                              .settle = 8s,
                              .seed = seed});
        SAY(got);
        CHECK(got.concealed_percent < 4);
        CHECK(got.caller.audio_plan.redundancy == 2);
        CHECK(got.delay_mean < 200ms);
        concealed += got.concealed_percent / 3;
    }
    CHECK(concealed < 2.5); // of 20: the rest came by redundancy; pauses between words are no loss
}

TEST_CASE("pipeline: pictures by both codecs, repaired where packets are lost")
{
    for (const auto codec : {codec::VideoCodec::vp8, codec::VideoCodec::vp9}) {
        CAPTURE(static_cast<int>(codec));
        CallConfig config;
        config.there = {.loss = 0.03, .jitter = 1ms, .rate_bps = 1'500'000.0};
        config.back = {.loss = 0.03};
        config.length = 10s;
        config.wishes.video = true;
        config.video = {.codec = codec, .temporal_layers = 2, .fps = 15};
        config.sound = speaks();
        config.picture = shows();
        const auto got = run(config);
        SAY(got);
        CHECK(got.pictures_shown > got.pictures_taken * 85 / 100);
        CHECK(got.psnr_db > 28);
        CHECK(got.longest_gap < 600ms);
        CHECK(got.callee.video.nacks.repaired > 0);
        CHECK(got.callee.video.refused == 0);
        CHECK(got.callee.refused == 0);
    }
}

TEST_CASE("pipeline: a bottleneck of 300 kbit/s is kept to, and the voice comes first")
{
    CallConfig config;
    config.there = {.delay = 50ms, .rate_bps = 300'000.0};
    config.length = 20s;
    config.wishes.video = true;
    config.video.fps = 15;
    config.sound = speaks();
    config.picture = shows(640, 360);
    config.settle = 8s;
    const auto got = run(config);
    SAY(got);
    CHECK(got.used_bps < 300'000);
    CHECK(got.concealed_percent < 2);
    CHECK(got.delay_mean < 300ms);
    CHECK(got.pictures_shown > 60);
}

TEST_CASE("pipeline: jitter of 30 ms is no bottleneck: pictures go on")
{
    CallConfig config;
    config.there = {.delay = 50ms, .jitter = 30ms, .rate_bps = 1'000'000.0, .queue_bytes = 125'000};
    config.back = {.delay = 50ms, .jitter = 30ms};
    config.length = 24s;
    config.settle = 14s;
    config.wishes.video = true;
    config.video.fps = 15;
    config.sound = speaks();
    config.picture = shows();
    const auto got = run(config);
    SAY(got);
    CHECK(got.caller.video_bps > 200'000);
    CHECK(got.caller.audio_plan.frame_ms == 20);
    CHECK(got.pictures_shown > 75); // of 150
    CHECK(got.concealed_percent < 3);
    CHECK(got.delay_mean < 450ms);
}

TEST_CASE(
    "pipeline: padding asks how much room there is; who gets it says that it came, and nothing else becomes of it")
{
    const Instant start(1h);
    SessionConfig a, b;
    a.ssrc = b.peer_ssrc = 10;
    a.peer_ssrc = b.ssrc = 20;
    a.wishes.video = true; // of which nothing comes
    auto ann = std::move(*Session::create(a, sealing_of(0), start));
    auto bob = std::move(*Session::create(b, sealing_of(1), start));
    int padding = 0;
    std::size_t bytes = 0;
    LinkModel<Bytes> there({.rate_bps = 5e6}, 1), back({}, 2);
    for (int ms = 1; ms < 8000; ++ms) {
        const Instant now = start + ms * 1ms;
        if (ms % 10 == 0) {
            REQUIRE(ann->push_audio(tone(300, 480, 0.3, static_cast<std::size_t>(ms) * 48), now).ok());
            static_cast<void>(bob->pull_audio(now));
        }
        while (auto datagram = ann->next_datagram(now)) {
            const auto packet = rtp::decode(rtp::decode_datagram(*datagram)->packet);
            if (packet && packet->payload_type == payload_padding) {
                ++padding;
                bytes += datagram->size();
                CHECK(packet->ssrc == a.ssrc + 2);
                CHECK(datagram->size() <= datagram_bytes_max);
            }
            const std::size_t size = datagram->size();
            there.send(std::move(*datagram), size, now);
        }
        CHECK(ann->deadline() > now); // feedback that comes afterwards may begin a cluster at once
        there.receive(now, [&](Bytes datagram, Instant at) { bob->receive(datagram, at); });
        while (auto datagram = bob->next_datagram(now))
            back.send(std::move(*datagram), 60, now);
        back.receive(now, [&](Bytes datagram, Instant at) { ann->receive(datagram, at); });
    }
    CHECK(padding > 10);
    CHECK(bytes < 150'000);
    CHECK(ann->statistics(start + 8s).rate_bps > 1'200'000); // what is wanted, of which a voice is a twentieth
    const auto got = bob->statistics(start + 8s);
    CHECK(got.refused == 0);
    CHECK(got.video.refused == 0);
    CHECK(got.video.repaired == 0);
    CHECK(got.audio.packets > 390);
}

TEST_CASE(
    "pipeline: on 40 kbit/s the voice is heard soon, though pictures were wanted; so it is when a wide path narrows")
{
    for (const bool narrows : {false, true}) {
        CAPTURE(narrows);
        CallConfig config;
        config.there = {
            .delay = 50ms, .jitter = 1ms, .rate_bps = narrows ? 1'000'000.0 : 40'000.0, .queue_bytes = 8'000};
        config.back = {.delay = 50ms};
        config.length = 25s;
        config.settle = 12s;
        config.wishes.video = true;
        config.video.fps = 15;
        config.sound = speaks();
        config.picture = shows();
        if (narrows)
            config.each_ms = [](LinkConfig& there, LinkConfig&, Duration t) {
                if (t >= 4s) there.rate_bps = 40'000.0;
                return false;
            };
        const auto got = run(config);
        SAY(got);
        CHECK(got.delay_mean < 340ms);
        CHECK(got.concealed_percent < 3);
        CHECK(got.used_bps < 40'000);
        CHECK(got.pictures_shown == 0);
        if (!narrows) CHECK(got.first_heard < 600ms);
    }
}

TEST_CASE("pipeline: who speaks in words with pauses has pictures again within seconds of a path that was narrow")
{
    CallConfig config;
    config.there = {.delay = 50ms, .jitter = 1ms, .rate_bps = 1'000'000.0, .queue_bytes = 30'000};
    config.back = {.delay = 50ms};
    config.length = 28s;
    config.settle = 21s;
    config.wishes.video = true;
    config.video.fps = 15;
    config.sound = [speak = speaks(), step = 0]() mutable { // half a second of words, one of nothing
        auto out = speak();
        if (step++ % 150 >= 50) std::fill(out.begin(), out.end(), std::int16_t{0});
        return out;
    };
    config.picture = shows();
    config.each_ms = [](LinkConfig& there, LinkConfig&, Duration t) {
        there.rate_bps = t >= 4s && t < 7s ? 40'000.0 : 1'000'000.0;
        return false;
    };
    const auto got = run(config);
    SAY(got);
    CHECK(got.pictures_shown > 80); // of 105
    CHECK(got.delay_mean < 250ms);
}

TEST_CASE("pipeline: another path in the middle of the call, and silence for half a second between them")
{
    CallConfig config;
    config.length = 14s;
    config.sound = speaks();
    config.each_ms = [](LinkConfig& there, LinkConfig& back, Duration t) {
        const bool between = t >= 7s && t < 7500ms;
        there.loss = back.loss = between ? 1 : 0;
        there.delay = back.delay = t < 7s ? 20ms : 80ms;
        return t == 7500ms;
    };
    const auto got = run(config);
    SAY(got);
    // Half a second is missing, and not more than that again.
    CHECK(got.concealed_percent < 100.0 * 1.0 / 11);
    CHECK(got.concealed_percent > 100.0 * 0.4 / 11);
    CHECK(got.delay_mean < 200ms);
}

TEST_CASE("pipeline: what is sealed for one call is nothing in another; strangers' bytes change nothing")
{
    const Instant start(1h);
    SessionConfig a, b;
    a.ssrc = b.peer_ssrc = 10;
    a.peer_ssrc = b.ssrc = 20;
    auto ann = std::move(*Session::create(a, sealing_of(0), start));
    Sealing other;
    REQUIRE(other.add_epoch(1, Bytes(16, 8), 2, 1));
    auto eve = std::move(*Session::create(b, std::move(other), start));
    auto bob = std::move(*Session::create(b, sealing_of(1), start));
    std::mt19937_64 random(1);
    for (int i = 1; i < 200; ++i) {
        const Instant now = start + 10ms * i;
        REQUIRE(ann->push_audio(tone(300, 480, 0.3, static_cast<std::size_t>(i) * 480), now).ok());
        while (auto datagram = ann->next_datagram(now)) {
            eve->receive(*datagram, now);
            bob->receive(*datagram, now);
            for (int n = 0; n < 20; ++n) { // damaged on the way, or made up
                Bytes bytes = *datagram;
                for (int k = 0; k < 1 + n % 4; ++k)
                    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
                if (n % 5 == 0) bytes.resize(random() % bytes.size());
                bob->receive(bytes, now);
            }
        }
        CHECK(media::level_dbov(eve->pull_audio(now).samples) == -127);
        static_cast<void>(bob->pull_audio(now));
        while (bob->next_datagram(now)) {}
    }
    CHECK(eve->statistics(start).audio.packets == 0);
    CHECK(eve->statistics(start).refused > 80);
    CHECK(bob->statistics(start).audio.packets > 80);
    CHECK(bob->statistics(start).concealed < 0.1);
    a.peer_ssrc = 11;
    CHECK(Session::create(a, sealing_of(0), start).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("pipeline: keys of the next epoch, in the middle of a call")
{
    Sealing ann = sealing_of(0), bob = sealing_of(1);
    const Bytes frame = {1, 2, 3};
    const auto old = ann.seal(Kind::audio, frame);
    REQUIRE(ann.add_epoch(2, Bytes(16, 9), 2, 0));
    const auto fresh = ann.seal(Kind::audio, frame);
    CHECK_FALSE(bob.open(Kind::audio, *fresh).has_value());
    REQUIRE(bob.add_epoch(2, Bytes(16, 9), 2, 1));
    CHECK(bob.open(Kind::audio, *old) == frame);
    CHECK_FALSE(bob.open(Kind::video, *ann.seal(Kind::audio, frame)).has_value());
    CHECK(bob.open(Kind::video, *ann.seal(Kind::video, frame)) == frame);
    CHECK_FALSE(Sealing().seal(Kind::audio, frame).has_value());
    CHECK(bob.refused() == 2);
}

TEST_CASE("ladder: down when the rate falls, up only when it is worth it")
{
    const Rung source{640, 360, 30};
    CHECK(climb(source, {}, 2'000'000) == source);
    CHECK(climb(source, {}, 250'000) == Rung{480, 270, 30});
    CHECK(climb(source, {}, 120'000) == Rung{320, 180, 30});
    CHECK(climb(source, {}, 60'000) == Rung{320, 180, 15});
    CHECK(climb(source, {}, 10'000) == Rung{320, 180, 15});
    CHECK(climb(source, {320, 180, 30}, 250'000) == Rung{320, 180, 30}); // a breath
    CHECK(climb(source, {320, 180, 30}, 300'000) == Rung{480, 270, 30});
    CHECK(climb({160, 120, 30}, {}, 1'000) == Rung{160, 120, 30});
    for (double bps = 10'000; bps < 5'000'000; bps *= 1.2) {
        const Rung rung = climb({1920, 1080, 30}, {}, bps);
        CHECK(rung.width % 2 == 0);
        CHECK(rung.height % 2 == 0);
    }
}

TEST_CASE("ladder: a screen stays as large as it is, and moves less")
{
    const Rung source{1280, 720, 30};
    CHECK(climb(source, {}, 2'000'000, true) == source);
    CHECK(climb(source, {}, 800'000, true) == Rung{1280, 720, 15});
    CHECK(climb(source, {}, 320'000, true) == Rung{1280, 720, 6});
    CHECK(climb(source, {}, 320'000) == Rung{640, 360, 15});
    CHECK(climb(source, {}, 10'000, true) == Rung{640, 360, 6});
}

TEST_CASE("pictures: from a camera to a screen in mid-call, a keyframe of the whole size, and back")
{
    Sealing sealing = sealing_of(0);
    VideoSender sender({1, 1, 1}, {}, sealing);
    sender.set_rate(400'000);
    Pattern pattern(1280, 720);
    Instant now(1h);
    const auto shot = [&] {
        now += 400ms;
        const auto packets = sender.capture(pattern.read().view(), now);
        REQUIRE(packets.ok());
        REQUIRE_FALSE(packets->empty());
        const auto packet = rtp::decode(packets->front());
        return rtp::decode_frame_marking(packet->find(extension_marking)->data)->independent;
    };
    CHECK(shot());
    CHECK_FALSE(shot());
    CHECK(sender.rung().width < 1280);
    sender.set_screen(true);
    CHECK(shot());
    CHECK(sender.rung().width == 1280);
    sender.set_screen(true); // nothing new
    CHECK_FALSE(shot());
    sender.set_screen(false);
    CHECK(shot());
    CHECK(sender.rung().width < 1280);
    for (int i = 0; i < 2; ++i) { // seldom, as of a program that is slow: each stands on the one before all the same
        now += 1600ms;
        CHECK_FALSE(shot());
    }
}

TEST_CASE("pictures: another codec in mid-call, and what comes late of the first one is no way back")
{
    Sealing out = sealing_of(0), in = sealing_of(1);
    VideoSender sender({1, 1, 1}, {}, out);
    VideoReceiver receiver(1 + 1, in);
    sender.set_rate(400'000);
    Pattern pattern(160, 90);
    Instant now(1h);
    const auto shoot = [&] {
        now += 100ms;
        auto packets = sender.capture(pattern.read().view(), now);
        REQUIRE(packets.ok());
        return *packets;
    };
    const auto show = [&](const std::vector<Bytes>& packets) {
        for (const auto& one : packets)
            if (const auto packet = rtp::decode(one); packet && packet->payload_type != payload_parity)
                receiver.receive(*packet, one, now);
        std::uint64_t before = receiver.statistics().shown;
        while (receiver.next(now)) {}
        return receiver.statistics().shown - before;
    };
    CHECK(show(shoot()) == 1);
    const auto late = shoot();
    sender.set_codec(codec::VideoCodec::vp9);
    CHECK(show(shoot()) == 1);
    CHECK(receiver.statistics().codec == codec::VideoCodec::vp9);
    show(late);
    CHECK(receiver.statistics().codec == codec::VideoCodec::vp9);
    CHECK(show(shoot()) == 1);
    sender.set_codec(codec::VideoCodec::vp9); // nothing new
    CHECK(show(shoot()) == 1);
    sender.set_codec(codec::VideoCodec::vp8);
    CHECK(show(shoot()) == 1);
    CHECK(receiver.statistics().codec == codec::VideoCodec::vp8);
}

TEST_CASE("mos: an estimate that falls with delay and loss, between its bounds")
{
    CHECK(estimate_mos(50ms, 0) > 4.3);
    CHECK(estimate_mos(400ms, 0) < estimate_mos(100ms, 0));
    CHECK(estimate_mos(50ms, 0.05) < 3.9);
    CHECK(estimate_mos(50ms, 0.2) < estimate_mos(50ms, 0.1));
    CHECK(estimate_mos(10s, 1) == 1);
}

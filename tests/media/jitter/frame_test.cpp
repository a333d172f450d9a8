// SPDX-License-Identifier: Apache-2.0
#include "media/jitter/frame_buffer.hpp"
#include "media/jitter/nack_list.hpp"
#include "tests/media/support/link_model.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace godwit;
using namespace godwit::jitter;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

constexpr Instant start(1h);

/// Frames of a sender, in packets: the layers of three are 0 2 1 2.
class Sender {
public:
    explicit Sender(int layers) : layers_(layers) {}

    std::vector<VideoPacket> frame(int packets, bool keyframe)
    {
        static constexpr int pattern[] = {0, 2, 1, 2};
        if (keyframe) place_ = 0;
        const int layer = layers_ == 1 ? 0 : pattern[place_ % 4];
        if (layer == 0) ++tl0_;
        std::vector<VideoPacket> out;
        for (int i = 0; i < packets; ++i) {
            VideoPacket one;
            one.sequence_number = next_++;
            one.timestamp = timestamp_;
            one.start_of_frame = i == 0;
            one.end_of_frame = i + 1 == packets;
            one.keyframe = keyframe;
            one.temporal_id = layer;
            one.layer_sync = place_ % 4 != 3;
            one.tl0_pic_idx = tl0_;
            one.payload = Bytes(10, static_cast<std::uint8_t>(frames_));
            out.push_back(one);
        }
        timestamp_ += 3000;
        ++place_;
        ++frames_;
        return out;
    }

private:
    int layers_, place_ = 0, frames_ = 0;
    std::int64_t next_ = 65'000, timestamp_ = 0;
    std::uint8_t tl0_ = 250;
};

std::vector<std::int64_t> all_of(FrameBuffer& buffer, Instant now)
{
    std::vector<std::int64_t> out;
    while (const auto frame = buffer.next(now))
        out.push_back(frame->timestamp / 3000);
    return out;
}

} // namespace

TEST_CASE("frames: out of any order, whole and in order")
{
    Sender sender(1);
    std::vector<VideoPacket> packets;
    for (int i = 0; i < 20; ++i)
        for (auto& one : sender.frame(1 + i % 4, i == 0))
            packets.push_back(one);
    std::mt19937_64 random(1);
    std::shuffle(packets.begin(), packets.end(), random);
    FrameBuffer buffer;
    CHECK(buffer.needs_keyframe());
    std::vector<std::int64_t> got;
    for (auto& one : packets) {
        CHECK(buffer.insert(one, start));
        for (const auto frame : all_of(buffer, start))
            got.push_back(frame);
    }
    REQUIRE(got.size() == 20);
    CHECK(std::is_sorted(got.begin(), got.end()));
    CHECK_FALSE(buffer.insert(packets[0], start)); // late
    CHECK(buffer.statistics().late == 1);
    CHECK(buffer.statistics().frames == 20);
}

TEST_CASE("frames: nothing before a keyframe, nothing over a gap, everything from the next keyframe on")
{
    Sender sender(1);
    FrameBuffer buffer;
    for (auto& one : sender.frame(2, false))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start + 1h).empty());
    for (auto& one : sender.frame(2, true))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start) == std::vector<std::int64_t>{1});
    const auto lost = sender.frame(3, false);
    buffer.insert(lost[0], start);
    buffer.insert(lost[2], start);
    for (auto& one : sender.frame(1, false))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start + 1h).empty());
    CHECK(buffer.deadline() == never);
    // The repetition comes: both.
    FrameBuffer repaired = buffer;
    repaired.insert(lost[1], start);
    CHECK(all_of(repaired, start) == std::vector<std::int64_t>{2, 3});
    // A keyframe comes: what is older is gone.
    for (auto& one : sender.frame(1, true))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start) == std::vector<std::int64_t>{4});
    CHECK_FALSE(buffer.insert(lost[1], start));
    // The decoder refuses: only a keyframe helps.
    buffer.need_keyframe();
    for (auto& one : sender.frame(1, false))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start + 1h).empty());
    for (auto& one : sender.frame(1, true))
        buffer.insert(one, start);
    CHECK(all_of(buffer, start) == std::vector<std::int64_t>{6});
}

TEST_CASE("frames: a gap of upper layers waits a little, and never lets a frame out whose reference is missing")
{
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        Sender sender(3);
        FrameBuffer buffer;
        buffer.set_round_trip(40ms);
        std::set<std::int64_t> whole, out;
        int base_lost = 0;
        Instant now = start;
        std::map<std::int64_t, VideoPacket> info;
        for (int i = 0; i < 60; ++i, now += 33ms) {
            bool complete = true;
            const auto packets = sender.frame(1 + static_cast<int>(random() % 3), i == 0);
            for (const auto& one : packets) {
                if (i > 0 && one.temporal_id > 0 && random() % 5 == 0)
                    complete = false;
                else
                    buffer.insert(one, now);
            }
            info[i] = packets[0];
            if (complete) whole.insert(i);
            if (!complete && packets[0].temporal_id == 0) ++base_lost;
            for (const auto frame : all_of(buffer, now)) {
                CHECK(whole.contains(frame));
                CHECK(out.insert(frame).second);
                // A layer 2 at the end of its four refers to the layer 1 before it.
                if (frame % 4 == 3) CHECK(out.contains(frame - 1));
                if (frame % 4 != 0) CHECK(out.contains(frame - frame % 4));
                if (frame % 4 == 0 && frame > 0) CHECK(out.contains(frame - 4));
            }
        }
        for (const auto frame : all_of(buffer, now + 1s))
            out.insert(frame);
        CHECK(base_lost == 0);
        for (int i = 0; i < 60; i += 4)
            CHECK(out.contains(i)); // the base layer is whole, so it plays
    }
}

TEST_CASE("frames: how long a gap of upper layers waits")
{
    Sender sender(3);
    FrameBuffer buffer;
    buffer.set_round_trip(40ms);
    const auto key = sender.frame(1, true), lost = sender.frame(1, false), sync = sender.frame(1, false);
    buffer.insert(key[0], start);
    CHECK(all_of(buffer, start).size() == 1);
    buffer.insert(sync[0], start);
    CHECK(all_of(buffer, start + 59ms).empty());
    CHECK(buffer.deadline() == start + 60ms);
    FrameBuffer repaired = buffer;
    repaired.insert(lost[0], start + 45ms);
    CHECK(all_of(repaired, start + 45ms).size() == 2);
    CHECK(all_of(buffer, start + 60ms).size() == 1);
    CHECK(buffer.floor() == sync[0].sequence_number + 1);
}

TEST_CASE("frames: bounds")
{
    FrameBuffer buffer;
    VideoPacket one;
    one.payload = Bytes(100);
    for (std::size_t i = 0; i < video_packets_max; ++i, ++one.sequence_number)
        CHECK(buffer.insert(one, start));
    CHECK_FALSE(buffer.insert(VideoPacket{5, 0, false, false, false, false, 0, 0, {}}, start)); // a duplicate
    CHECK(buffer.statistics().overflowed == 0);
    CHECK(buffer.insert(one, start));
    CHECK(buffer.statistics().overflowed == 1);
    CHECK(buffer.needs_keyframe());
    CHECK(buffer.floor() == static_cast<std::int64_t>(video_packets_max));

    FrameBuffer heavy;
    VideoPacket large;
    large.payload = Bytes(video_bytes_max / 4);
    for (int i = 0; i < 4; ++i, ++large.sequence_number)
        CHECK(heavy.insert(large, start));
    CHECK(heavy.statistics().overflowed == 0);
    heavy.insert(large, start);
    CHECK(heavy.statistics().overflowed == 1);

    // A frame of as many packets as one may have, and of one more.
    for (const std::size_t count : {frame_packets_max, frame_packets_max + 1}) {
        FrameBuffer long_one;
        VideoPacket part;
        part.keyframe = true;
        part.payload = Bytes(1);
        for (std::size_t i = 0; i < count; ++i, ++part.sequence_number) {
            part.start_of_frame = i == 0;
            part.end_of_frame = i + 1 == count;
            long_one.insert(part, start);
        }
        CHECK(long_one.next(start).has_value() == (count == frame_packets_max));
    }
}

TEST_CASE("nack: overtaken is not missing; missing is asked for, each round trip again")
{
    NackList list;
    list.set_round_trip(80ms);
    list.arrived(10, start);
    list.arrived(12, start);
    CHECK(list.poll(start).sequence_numbers.empty());
    CHECK(list.deadline() == start + 10ms);
    list.arrived(11, start + 5ms);
    CHECK(list.missing() == 0);
    CHECK(list.poll(start + 50ms).sequence_numbers.empty());
    list.arrived(15, start + 60ms);
    CHECK(list.poll(start + 70ms).sequence_numbers == std::vector<std::int64_t>{13, 14});
    CHECK(list.poll(start + 164ms).sequence_numbers.empty());
    CHECK(list.deadline() == start + 165ms);
    list.arrived(13, start + 150ms);
    CHECK(list.poll(start + 165ms).sequence_numbers == std::vector<std::int64_t>{14});
    CHECK(list.statistics().repaired == 2);
    // Three behind it are proof enough.
    list.arrived(17, start + 170ms);
    list.arrived(18, start + 171ms);
    list.arrived(19, start + 171ms);
    CHECK(list.poll(start + 171ms).sequence_numbers == std::vector<std::int64_t>{16});
}

TEST_CASE("nack: a keyframe instead, when that is quicker")
{
    const auto asks = [](NackList& list, Instant at) { return list.poll(at).keyframe; };
    {
        NackList far; // the way is too long
        far.set_round_trip(nack_round_trip_max + 1ms);
        far.arrived(1, start);
        far.arrived(3, start);
        CHECK_FALSE(asks(far, start + 9ms));
        CHECK(asks(far, start + 10ms));
        CHECK(far.missing() == 0);
    }
    {
        NackList many;
        many.arrived(0, start);
        many.arrived(static_cast<std::int64_t>(nack_missing_max) + 1, start);
        CHECK(many.missing() == nack_missing_max);
        CHECK_FALSE(asks(many, start));
        many.arrived(static_cast<std::int64_t>(nack_missing_max) + 3, start);
        CHECK(many.missing() == 0);
        CHECK(asks(many, start));
    }
    {
        NackList old;
        old.set_round_trip(200ms);
        old.arrived(1, start);
        old.arrived(3, start);
        Instant now = start;
        for (; now <= start + nack_age_max; now += 10ms)
            CHECK_FALSE(asks(old, now));
        CHECK(asks(old, now + 10ms));
    }
    {
        NackList often;
        often.set_round_trip(1ms);
        often.arrived(1, start);
        often.arrived(3, start);
        Instant now = start;
        while (!asks(often, now))
            now += 5ms;
        CHECK(often.statistics().asked == static_cast<std::uint64_t>(nack_tries_max));
        // And until it is there, but not too often.
        int asked = 0;
        for (int i = 0; i < 200; ++i)
            asked += asks(often, now += 5ms);
        CHECK(asked == 4);
        often.keyframe_came();
        CHECK_FALSE(asks(often, now + 1s));
        CHECK(often.deadline() == never);
    }
}

TEST_CASE("nack and frames together: over a path that loses, the picture goes on")
{
    for (const double loss : {0.02, 0.05, 0.10}) {
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            CAPTURE(loss);
            CAPTURE(seed);
            LinkModel<VideoPacket> there({.delay = 30ms, .loss = loss, .jitter = 2ms}, seed);
            LinkModel<std::pair<std::vector<std::int64_t>, bool>> back({.delay = 30ms, .loss = loss}, seed + 100);
            Sender sender(1);
            FrameBuffer buffer;
            NackList nacks;
            buffer.set_round_trip(62ms);
            nacks.set_round_trip(62ms);
            std::map<std::int64_t, VideoPacket> history;
            bool keyframe = true;
            int sent = 0, shown = 0, freezes = 0;
            Instant last_shown = start;
            Duration longest{};
            for (Instant now = start; now < start + 60s; now += 1ms) {
                if ((now - start) % 33ms == Duration(0)) {
                    for (auto& one : sender.frame(keyframe ? 12 : 3, keyframe)) {
                        history[one.sequence_number] = one;
                        there.send(one, 1000, now);
                    }
                    keyframe = false;
                    ++sent;
                }
                there.receive(now, [&](VideoPacket one, Instant at) {
                    nacks.arrived(one.sequence_number, at);
                    buffer.insert(std::move(one), at);
                });
                while (const auto frame = buffer.next(now)) {
                    if (frame->keyframe) nacks.keyframe_came();
                    nacks.forget_before(buffer.floor());
                    if (now - last_shown > 200ms) ++freezes;
                    longest = std::max(longest, now - last_shown);
                    last_shown = now;
                    ++shown;
                }
                const auto ask = nacks.poll(now);
                if (!ask.sequence_numbers.empty() || ask.keyframe)
                    back.send({ask.sequence_numbers, ask.keyframe}, 60, now);
                back.receive(now, [&](auto asked, Instant) {
                    for (const auto number : asked.first)
                        there.send(history.at(number), 1000, now);
                    keyframe = keyframe || asked.second;
                });
            }
            CAPTURE(freezes);
            CAPTURE(longest.count());
            CAPTURE(nacks.statistics().keyframes_asked);
            CHECK(shown > sent * 98 / 100);
            CHECK(longest < 800ms);
            CHECK(freezes <= 60 * loss * 15);
        }
    }
}

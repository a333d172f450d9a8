// SPDX-License-Identifier: Apache-2.0
// Parity of pictures: how much, what it brings back, and what a call is like with it. And keys that change in the
// middle.
#include "media/pipeline/protection.hpp"
#include "media/pipeline/synthetic.hpp"
#include "tests/media/pipeline/call_world.hpp"
#include "tests/media/support/signals.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace godwit;
using namespace godwit::pipeline;
using namespace std::chrono_literals;

namespace {

Bytes some_packet(std::uint16_t number, std::size_t size)
{
    const Bytes payload(size, static_cast<std::uint8_t>(number));
    rtp::Packet out;
    out.payload_type = 96;
    out.sequence_number = number;
    out.timestamp = 1000;
    out.ssrc = 77;
    out.payload = payload;
    return rtp::encode(out);
}

} // namespace

TEST_CASE("protection: none where repetitions come in time; the more is lost and the longer the way, the more of it")
{
    CHECK(protection_for(0, 500ms) == 0);
    CHECK(protection_for(0.05, 40ms) == 0);
    CHECK(protection_for(0.20, 40ms) > 0); // a repetition is lost as well
    CHECK(protection_for(0.02, 200ms) >= 3);
    CHECK(protection_for(0.05, 200ms) == 2);
    CHECK(protection_for(0.10, 200ms) == 1);
    int before = 99; // a group is not larger for more loss
    for (double loss = 0.01; loss < 0.5; loss += 0.01) {
        const int group = protection_for(loss, 200ms);
        CHECK(group <= before);
        before = group;
    }
    CHECK(protection_cost(0) == 1.0);
    CHECK(protection_cost(1) > protection_cost(2));
}

TEST_CASE("protection: of each group one packet comes back, in whatever order things come; two do not")
{
    std::mt19937_64 random(5);
    for (int turn = 0; turn < 300; ++turn) {
        CAPTURE(turn);
        const std::size_t count = 1 + random() % 20;
        const int group = 1 + static_cast<int>(random() % 5);
        const auto first = static_cast<std::uint16_t>(0xfff0 + random() % 32);
        std::vector<Bytes> packets;
        for (std::size_t i = 0; i < count; ++i)
            packets.push_back(some_packet(static_cast<std::uint16_t>(first + i), 1 + random() % 900));
        const auto parities = protect_frame(packets, first, group);
        const std::size_t groups = (count + static_cast<std::size_t>(group) - 1) / static_cast<std::size_t>(group);
        REQUIRE(parities.size() == groups);
        std::vector<std::size_t> lost; // one of each group, which are neighbours: a burst
        for (std::size_t i = 0; i < groups; ++i)
            lost.push_back(i);
        const bool two = groups < count && random() % 4 == 0;
        if (two) lost.push_back(groups); // the second of the first group
        std::vector<std::pair<bool, std::size_t>> arrivals;
        for (std::size_t i = 0; i < count; ++i)
            if (std::find(lost.begin(), lost.end(), i) == lost.end()) arrivals.push_back({false, i});
        for (std::size_t i = 0; i < groups; ++i)
            arrivals.push_back({true, i});
        std::shuffle(arrivals.begin(), arrivals.end(), random);
        Repair repair;
        std::size_t back = 0;
        for (const auto& [parity, i] : arrivals)
            for (const Bytes& made : parity ? repair.parity(parities[i], 77)
                                            : repair.packet(static_cast<std::uint16_t>(first + i), packets[i], 77)) {
                const auto number = static_cast<std::uint16_t>(rtp::decode(made)->sequence_number - first);
                REQUIRE(number < count);
                CHECK(made == packets[number]);
                ++back;
            }
        CHECK(back == (two ? groups - 1 : groups));
    }
}

TEST_CASE("protection: parity that is nonsense, and more of it than is kept")
{
    Repair repair;
    CHECK(repair.parity(Bytes(40, 0xff), 1).empty());
    CHECK(repair.parity({}, 1).empty());
    // Each waits for two packets that never come.
    Bytes waits(rtp::fec_header_bytes + 30);
    waits[0] = 0x40;
    waits[10] = 2;
    for (std::size_t i = 0; i < 10 * repair_parities_max; ++i) {
        waits[9] = static_cast<std::uint8_t>(i);
        CHECK(repair.parity(waits, 1).empty());
    }
    for (int i = 0; i < 2000; ++i)
        static_cast<void>(repair.packet(static_cast<std::uint16_t>(30'000 + i), some_packet(1, 20), 1));
}

TEST_CASE("a call over 100 ms that loses 5 %: pictures hardly stop, since parity brings back what a repetition would "
          "too late")
{
    test::CallConfig config;
    config.there = config.back = {.delay = 100ms, .loss = 0.05, .jitter = 5ms, .rate_bps = 1e6};
    config.back.rate_bps.reset();
    config.length = 25s;
    config.settle = 8s;
    config.wishes.video = true;
    Pattern pattern(640, 360);
    config.picture = [&] { return pattern.read(); };
    const auto got = test::run(config);
    MESSAGE("freezes " << got.freezes << ", " << got.frozen.count() / 1000 << " ms; made anew "
                       << got.callee.video.repaired << "; PSNR " << got.psnr_db);
    CHECK(got.callee.video.repaired > 20);
    CHECK(got.frozen < 2s);
    CHECK(got.pictures_shown * 10 > got.pictures_taken * 6);
}

TEST_CASE("keys change in the middle of a call, at both ends at other times: no frame is refused, and both move on")
{
    const Instant start(1h);
    const auto key = [](std::uint64_t epoch) { return Bytes(16, static_cast<std::uint8_t>(epoch)); };
    for (const Duration apart : {0ms, 300ms, 1500ms}) {
        CAPTURE(apart.count());
        SessionConfig a, b;
        a.ssrc = b.peer_ssrc = 1000;
        a.peer_ssrc = b.ssrc = 2000;
        auto ann = std::move(*Session::create(a, test::sealing_of(0), start));
        auto bob = std::move(*Session::create(b, test::sealing_of(1), start));
        for (int ms = 0; ms < 6000; ms += 10) {
            const Instant now = start + std::chrono::milliseconds(ms);
            if (ms == 2000) REQUIRE(ann->sealing().prepare_epoch(2, key(2), 2, 0));
            if (now - start == 2s + apart) REQUIRE(bob->sealing().prepare_epoch(2, key(2), 2, 1));
            if (now - start == 2s + epoch_held) ann->sealing().use_newest();
            if (now - start == 2s + apart + epoch_held) bob->sealing().use_newest();
            const media::Pcm voice(480, static_cast<std::int16_t>(ms % 3000));
            REQUIRE(ann->push_audio(voice, now).ok());
            REQUIRE(bob->push_audio(voice, now).ok());
            while (auto datagram = ann->next_datagram(now))
                bob->receive(*datagram, now);
            while (auto datagram = bob->next_datagram(now))
                ann->receive(*datagram, now);
            static_cast<void>(ann->pull_audio(now));
            static_cast<void>(bob->pull_audio(now));
        }
        CHECK(ann->sealing().refused() == 0);
        CHECK(bob->sealing().refused() == 0);
        CHECK(ann->sealing().epoch() == 2);
        CHECK(bob->sealing().epoch() == 2);
    }
    // Two streams of one device share no key: what one has sealed does not open as the other's.
    Sealing one(sframe::CipherSuite::aes_128_gcm_sha256_128, 5), two(sframe::CipherSuite::aes_128_gcm_sha256_128, 6);
    Sealing reader;
    REQUIRE(one.add_epoch(1, key(7), 2, 0));
    REQUIRE(two.add_epoch(1, key(7), 2, 0));
    REQUIRE(reader.add_epoch(1, key(7), 2, 1));
    const Bytes frame = {1, 2, 3};
    const auto first = one.seal(Kind::audio, frame), second = two.seal(Kind::audio, frame);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*first != *second); // the same counter, another key
    CHECK(reader.open(Kind::audio, *first) == frame);
    CHECK(reader.open(Kind::audio, *second) == frame);
    CHECK_FALSE(reader.open(Kind::video, *one.seal(Kind::audio, frame)));
}

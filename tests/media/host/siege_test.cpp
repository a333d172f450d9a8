// SPDX-License-Identifier: Apache-2.0
// A host with two calls: one with somebody who has gone bad, one with somebody else, whose sound goes on all the while.
// The same damage as in tests/media/pipeline/siege_test.cpp, by way of threads and in real time.
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N (one without it), of 2,000 frames each; a failure names its seed.
#include "media/host/host.hpp"
#include "tests/media/support/hostile_member.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>

using namespace godwit;
using namespace godwit::media_host;
using namespace std::chrono_literals;

namespace {

constexpr int frames_a_seed = 2'000;
/// Some of them fit into inbox_datagrams_max: what is dropped for want of room tests nothing.
constexpr std::size_t burst_datagrams_max = 100;
/// On a slow machine most pictures come too late to be shown: so many seeds more until one is.
constexpr std::uint64_t more_seeds_max = 20;

class Zeros final : public port::Entropy {
    void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), std::uint8_t{0}); }
};

std::uint64_t seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

DeviceId device(std::uint8_t byte)
{
    DeviceId out;
    out.bytes.fill(byte);
    return out;
}

CallId call(std::uint8_t byte)
{
    CallId out;
    out.bytes.fill(byte);
    return out;
}

port::CallKeys keys(std::uint32_t leaf)
{
    port::CallKeys out;
    out.epoch = 1;
    out.base_key = WipingBytes(Bytes(port::call_key_bytes, 7));
    out.leaves = 2;
    out.own_leaf = leaf;
    return out;
}

pipeline::Sealing sealing(std::uint32_t leaf)
{
    pipeline::Sealing out;
    REQUIRE(out.add_epoch(1, Bytes(port::call_key_bytes, 7), 2, leaf));
    return out;
}

const CallId with_mallory = call(0x80), with_ann = call(0x40);
const DeviceId bo = device(1), ann = device(2), mallory = device(3);

/// Bo's host is besieged, Ann's is where Ann is; datagrams of links are told apart by their numbers.
struct Town {
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t notified = 0;
    std::shared_ptr<port::MediaHost> bo_host = make_host(std::make_unique<Zeros>()),
                                     ann_host = make_host(std::make_unique<Zeros>());
    std::uint64_t to_mallory = 0, of_ann = 0, failed = 0, told = 0; ///< told: how many times `last` was.
    CallStatistics last;

    Town()
    {
        const auto notify = [this] {
            const std::lock_guard lock(mutex);
            ++notified;
            changed.notify_all();
        };
        bo_host->attach(notify);
        ann_host->attach(notify);
        CallMedia media;
        media.camera = true;
        bo_host->order(with_ann, port::MediaBegin{ann, true, {"tone", "app", "none", "none"}, keys(0), {}, {}});
        ann_host->order(with_ann, port::MediaBegin{bo, false, {"tone", "none", "none", "none"}, keys(1), {}, {}});
        bo_host->order(with_mallory,
                       port::MediaBegin{mallory, true, {"tone", "app", "pattern", "app"}, keys(0), media, media});
        bo_host->order(with_ann, port::MediaWay{1, Path::direct});
        ann_host->order(with_ann, port::MediaWay{1, Path::direct});
        bo_host->order(with_mallory, port::MediaWay{2, Path::direct});
    }
    ~Town()
    {
        bo_host->attach({});
        ann_host->attach({});
        bo_host->end_all();
        ann_host->end_all();
    }
    void carry()
    {
        for (const auto& one : bo_host->take_datagrams()) {
            if (one.link == 1)
                ann_host->datagram(bo, one.datagram);
            else
                ++to_mallory;
        }
        for (const auto& one : ann_host->take_datagrams())
            bo_host->datagram(ann, one.datagram);
        for (const auto& one : bo_host->take_reports()) {
            if (std::holds_alternative<port::MediaFailed>(one.report)) ++failed;
            if (const auto* said = std::get_if<CallStatistics>(&one.report);
                said != nullptr && one.call == with_mallory) {
                last = *said;
                ++told;
            }
        }
        (void)ann_host->take_reports();
        std::vector<std::int16_t> sound(4'800);
        const auto some = bo_host->pull_audio(with_ann, sound);
        for (std::size_t i = 0; i < some; ++i)
            of_ann += sound[i] > 2'000 ? 1U : 0U;
        (void)bo_host->pull_audio(with_mallory, sound);
        if (const auto picture = bo_host->pull_picture(with_mallory, {}))
            CHECK(media::is_picture_size(picture->width, picture->height));
    }
    template <class Holds>
    [[nodiscard]] bool until(Holds holds)
    {
        const auto end = std::chrono::steady_clock::now() + 4min;
        for (;;) {
            std::unique_lock lock(mutex);
            const auto before = notified;
            lock.unlock();
            carry();
            if (holds()) return true;
            lock.lock();
            if (!changed.wait_until(lock, end, [&] { return notified != before; })) return false;
        }
    }
};

} // namespace

TEST_CASE("host: a member who seals damaged frames, 2,000 a seed: its call and the other one go on")
{
    Town town;
    REQUIRE(town.until([&] { return town.of_ann > 0 && town.to_mallory > 0; }));
    std::uint64_t datagrams = 0;
    test::HostileMember hostile(0, sealing(1), 0x80808084, 0x80808080); // one: no counter of its keys comes twice
    std::uint64_t seeds = 0;
    while (seeds < seeds_of_this_run() ||
           (town.last.pictures_shown == 0 && seeds < seeds_of_this_run() + more_seeds_max)) {
        const std::uint64_t seed = ++seeds;
        INFO("seed " << seed);
        hostile.seed(seed);
        std::size_t burst = 0;
        for (int frame = 0; frame < frames_a_seed; ++frame) {
            for (const auto& datagram : hostile.next()) {
                ++datagrams;
                ++burst;
                town.bo_host->datagram(mallory, datagram);
            }
            if (burst < burst_datagrams_max) continue;
            burst = 0;
            const auto before = town.to_mallory; // its thread has had a turn
            REQUIRE(town.until([&] { return town.to_mallory != before; }));
        }
        const auto heard = town.of_ann, told = town.told;
        REQUIRE(town.until([&] { return town.of_ann > heard && town.told > told; }));
    }
    CHECK(town.failed == 0);
    REQUIRE(town.until([&] { return town.last.datagrams_received > datagrams / 2; }));
    MESSAGE((seeds * frames_a_seed) << " frames, " << datagrams << " datagrams, " << town.last.datagrams_received
                                    << " received, " << town.last.frames_refused << " not opened, "
                                    << town.last.pictures_shown << " pictures shown");
    CHECK(town.last.pictures_shown > 0);
}

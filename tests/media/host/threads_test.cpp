// SPDX-License-Identifier: Apache-2.0
// "Any function from any thread" (lib/port/media.hpp), taken at its word: two hosts, two calls between them, sixteen
// threads of the application, each with one function of one call, and four that turn what the loop turns. Worth most
// under ThreadSanitizer (./dev gates Z1 threads).
//
// GODWIT_TEST_SEEDS=N runs seeds 1 to N (one without it); a failure names its seed.
#include "media/host/host.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

using namespace godwit;
using namespace godwit::media_host;

namespace {

constexpr std::size_t calls = 2, loops = 4;
constexpr int steps_max = 400;
constexpr int width = 32, height = 32;

/// One that would notice two at a time.
class Counting final : public port::Entropy {
    void fill(std::span<std::uint8_t> out) override
    {
        for (auto& byte : out)
            byte = static_cast<std::uint8_t>(++last_);
    }
    unsigned last_ = 0;
};

unsigned seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
}

DeviceId device(std::size_t side)
{
    DeviceId out;
    out.bytes.fill(static_cast<std::uint8_t>(side + 1));
    return out;
}

CallId call(std::size_t number)
{
    CallId out;
    out.bytes.fill(static_cast<std::uint8_t>(0x50 + number));
    return out;
}

port::CallKeys keys(std::uint64_t epoch, std::size_t side)
{
    port::CallKeys out;
    out.epoch = epoch;
    out.base_key = WipingBytes(Bytes(port::call_key_bytes, static_cast<std::uint8_t>(epoch)));
    out.leaves = 2;
    out.own_leaf = static_cast<std::uint32_t>(side);
    return out;
}

struct Town {
    std::array<std::shared_ptr<port::MediaHost>, 2> hosts = {make_host(std::make_unique<Counting>()),
                                                             make_host(std::make_unique<Counting>())};
    std::atomic<bool> over = false;
    std::atomic<std::uint64_t> notified = 0, carried = 0, spoilt = 0, heard = 0, seen = 0, begun = 0, epoch = 1;

    void attach(std::size_t side)
    {
        hosts[side]->attach([this] { ++notified; });
    }
    void begin(std::size_t side, std::size_t which)
    {
        CallMedia media;
        media.camera = true;
        ++begun;
        hosts[side]->order(
            call(which),
            port::MediaBegin{device(1 - side), side == 0, {"app", "app", "app", "app"}, keys(1, side), media, media});
        hosts[side]->order(call(which), port::MediaWay{9, Path::direct});
    }
    /// What leaves one host reaches the other, and now and then it is damaged.
    void carry(std::size_t side, std::minstd_rand& dice)
    {
        for (auto& one : hosts[side]->take_datagrams()) {
            ++carried;
            if (dice() % 8 == 0 && !one.datagram.empty()) {
                one.datagram[dice() % one.datagram.size()] ^= static_cast<std::uint8_t>(1U << dice() % 8);
                ++spoilt;
            }
            hosts[1 - side]->datagram(device(side), one.datagram);
        }
    }

    void turn(std::minstd_rand& dice)
    {
        const std::size_t side = dice() % 2, which = dice() % calls;
        auto& host = *hosts[side];
        switch (dice() % 64) {
        case 0: begin(side, which); break;
        case 1:
            host.order(call(which), port::MediaEnd{});
            begin(side, which);
            break;
        case 2:
            host.end_all();
            begin(side, 0);
            begin(side, 1);
            break;
        case 3:
            host.attach({});
            attach(side);
            break;
        case 4: {
            const auto next = ++epoch;
            for (std::size_t at = 0; at < 2; ++at)
                hosts[at]->order(call(which), port::MediaKeys{keys(next, at)});
            break;
        }
        case 5: {
            CallMedia own;
            own.camera = dice() % 4 != 0;
            own.muted = dice() % 4 == 0;
            own.held = dice() % 16 == 0;
            host.order(call(which), port::MediaParts{own, {}});
            break;
        }
        case 6: host.order(call(which), port::MediaWay{dice() % 2 * 9, Path::direct}); break;
        case 7: CHECK(host.check({"app", "app", "app", "app"}).ok()); break;
        case 8: CHECK_FALSE(host.check({"/no/such/file", "app", "app", "app"}).ok()); break;
        case 9: (void)host.take_reports(); break;
        default: carry(side, dice); break;
        }
    }
    /// Each on its own: "each function from one thread at a time for one call" (godwit/media.hpp).
    void apply(std::size_t function, std::size_t side, std::size_t which)
    {
        auto& host = *hosts[side];
        std::array<std::int16_t, 480> sound;
        switch (function) {
        case 0:
            sound.fill(1'000);
            (void)host.push_audio(call(which), sound);
            break;
        case 1: heard += host.pull_audio(call(which), sound); break;
        case 2: {
            const std::vector<std::uint8_t> grey(width * height * 3 / 2, 128);
            (void)host.push_picture(call(which), width, height, grey);
            break;
        }
        default:
            if (const auto picture = host.pull_picture(call(which), {})) {
                CHECK(picture->i420.size() ==
                      static_cast<std::size_t>(picture->width) * static_cast<std::size_t>(picture->height) * 3 / 2);
                ++seen;
            }
        }
    }
};

} // namespace

TEST_CASE("host: sixteen threads of the application and four that turn the loop, on two calls of two hosts")
{
    for (unsigned seed = 1; seed <= seeds_of_this_run(); ++seed) {
        INFO("seed " << seed);
        Town town;
        for (std::size_t side = 0; side < 2; ++side) {
            town.attach(side);
            for (std::size_t which = 0; which < calls; ++which)
                town.begin(side, which);
        }
        std::vector<std::thread> application, turning;
        for (std::size_t one = 0; one < 4 * 2 * calls; ++one)
            application.emplace_back([&town, one] {
                while (!town.over) {
                    town.apply(one % 4, one / 4 % 2, one / 8);
                    std::this_thread::yield();
                }
            });
        for (std::size_t one = 0; one < loops; ++one)
            turning.emplace_back([&town, seed, one] {
                std::minstd_rand dice(seed * 1000 + static_cast<unsigned>(one));
                for (int step = 0; step < steps_max; ++step) {
                    // A turn is as long as something takes to happen: until a host has something to say.
                    const auto before = town.notified.load();
                    for (int patience = 0; patience < 2'000 && town.notified == before; ++patience)
                        std::this_thread::yield();
                    town.turn(dice);
                }
            });
        for (auto& one : turning)
            one.join();
        // With so much beside them the media threads may not have had a turn yet: it is given to them.
        const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(4);
        std::minstd_rand dice(seed);
        for (std::size_t side = 0; side < 2; ++side)
            town.begin(side, 0);
        while (town.carried == 0 && std::chrono::steady_clock::now() < patience) {
            for (std::size_t side = 0; side < 2; ++side)
                town.carry(side, dice);
            std::this_thread::yield();
        }
        town.over = true;
        for (auto& one : application)
            one.join();
        MESSAGE("seed " << seed << ": " << town.begun.load() << " calls begun, " << town.carried.load()
                        << " datagrams carried, " << town.spoilt.load() << " spoilt, " << town.heard.load()
                        << " samples heard, " << town.seen.load() << " pictures seen");
        CHECK(town.carried > 0);
        for (auto& host : town.hosts) {
            host->attach({});
            host->end_all();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the media thread of a call does, without a thread: three in a call of a group on virtual time.
#include "media/host/call_run.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace godwit;
using namespace godwit::media_host;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t people = 3;
constexpr Duration way = 20ms;

CallId call()
{
    CallId out;
    out.bytes.fill(0x5c);
    return out;
}
DeviceId device(std::size_t i)
{
    DeviceId out;
    out.bytes.fill(static_cast<std::uint8_t>(0xa0 + i));
    return out;
}
port::CallKeys keys(std::uint64_t epoch, std::size_t leaf)
{
    port::CallKeys out;
    out.epoch = epoch;
    out.base_key = WipingBytes(port::call_key_bytes, static_cast<std::uint8_t>(epoch));
    out.leaves = people;
    out.own_leaf = static_cast<std::uint32_t>(leaf);
    return out;
}

/// Three with a tone each, and a way of 20 ms between any two.
struct Table {
    struct One final : Out {
        std::unique_ptr<Devices> devices;
        std::unique_ptr<CallRun> run;
        std::vector<std::pair<std::uint64_t, Bytes>> left; ///< By link: whom it goes to.
        std::map<std::size_t, CallStatistics> statistics;  ///< The newest, by whom they are about.
        bool failed = false;
        bool datagram(std::uint64_t link, Bytes bytes) override
        {
            left.emplace_back(link, std::move(bytes));
            return true;
        }
        void report(const CallId&, port::MediaReport report) override
        {
            if (const auto* one = std::get_if<CallStatistics>(&report)) statistics[one->device.bytes[0] - 0xa0U] = *one;
            failed = failed || std::holds_alternative<port::MediaFailed>(report);
        }
    };
    struct Flying {
        Instant at;
        std::size_t to;
        CallThread::Datagram datagram;
    };
    std::array<One, people> all;
    std::deque<Flying> flying;
    Instant now{1h};

    Table()
    {
        for (std::size_t i = 0; i < people; ++i) {
            auto opened = Devices::open({"tone", "none", "none", "none"});
            REQUIRE(opened.ok());
            all[i].devices = std::move(*opened);
            all[i].run = std::make_unique<CallRun>(call(), *all[i].devices, all[i]);
            REQUIRE(all[i].run->begin({{}, false, {}, keys(1, i), {}, {}}, {}, now).ok());
            for (std::size_t j = 0; j < people; ++j) {
                if (j == i) continue;
                PeerEntropy entropy{};
                entropy.fill(static_cast<std::uint8_t>(16 * i + j));
                order(i, port::MediaJoin{device(j), i < j, {}}, entropy);
                order(i, port::MediaWay{j + 1, Path::direct, device(j)});
            }
        }
    }
    void order(std::size_t i, port::MediaOrder what, const PeerEntropy& entropy = {})
    {
        CallThread::Order one{std::move(what), entropy};
        all[i].run->order(one, now);
    }
    void after(Duration time)
    {
        for (const Instant end = now + time; now < end; now += 1ms) {
            std::array<bool, people> heard{};
            while (!flying.empty() && flying.front().at <= now) {
                all[flying.front().to].run->datagram(flying.front().datagram, now);
                heard[flying.front().to] = true;
                flying.pop_front();
            }
            for (std::size_t i = 0; i < people; ++i) {
                if (!heard[i] && all[i].run->deadline() > now) continue;
                all[i].run->work(0, now);
                for (auto& [link, bytes] : std::exchange(all[i].left, {}))
                    flying.push_back({now + way, link - 1, {device(i), std::move(bytes)}});
            }
        }
    }
    /// The first one holds the call, towards all.
    void hold(bool held)
    {
        CallMedia parts;
        parts.held = held;
        for (std::size_t i = 1; i < people; ++i) {
            order(0, port::MediaParts{parts, {}, device(i)});
            order(i, port::MediaParts{{}, parts, device(0)});
        }
    }
    /// Of the first one.
    void way_to_second(std::uint64_t link)
    {
        order(0, port::MediaWay{link, link != 0 ? Path::direct : Path::none, device(1)});
    }
    /// Of all, by all.
    [[nodiscard]] std::uint64_t refused() const
    {
        std::uint64_t out = 0;
        for (const auto& one : all)
            for (const auto& [from, statistics] : one.statistics)
                out += statistics.frames_refused;
        return out;
    }
    void check_heard() const
    {
        for (std::size_t i = 0; i < people; ++i) {
            CHECK_FALSE(all[i].failed);
            CHECK(all[i].statistics.size() == people - 1);
            for (const auto& [from, statistics] : all[i].statistics)
                CHECK(statistics.level_out_db > -40);
        }
    }
};

} // namespace

TEST_CASE("run: a new epoch reaches the three within the time that the old one is held, and no frame is refused")
{
    for (const auto& between : {0ms, 300ms, 900ms, 990ms}) {
        CAPTURE(between.count());
        Table t;
        t.after(2s);
        t.check_heard();
        for (std::size_t i = 0; i < people; ++i) {
            t.order(i, port::MediaKeys{keys(2, i)});
            if (i + 1 < people) t.after(between);
        }
        t.after(4s);
        CHECK(t.refused() == 0);
        t.check_heard();
    }
}

TEST_CASE("run: whom it reaches later does not hear the others until then, and nothing of theirs is lost after it")
{
    Table t;
    t.after(2s);
    for (std::size_t i = 0; i < 2; ++i)
        t.order(i, port::MediaKeys{keys(2, i)});
    t.after(pipeline::epoch_held + 2500ms); // a report counts what came up to then
    const auto before = t.all[2].statistics;
    for (const auto& [from, statistics] : before)
        CHECK(statistics.frames_refused > 10);
    t.order(2, port::MediaKeys{keys(2, 2)});
    t.after(2s); // two reports: the first may count what came before the keys
    const auto first = t.refused();
    t.after(3s);
    CHECK(t.refused() == first);
    t.check_heard();
}

TEST_CASE("run: who holds the call is not missed; a way that is gone is, and ten seconds later that is past")
{
    Table t;
    t.after(5s);
    t.hold(true);
    t.after(8s);
    const auto& of_first = t.all[1].statistics.at(0);
    CHECK(of_first.concealed < 0.02);
    CHECK(of_first.mos > 4);
    t.hold(false);
    t.after(12s);
    CHECK(of_first.concealed < 0.05); // coming back takes a moment
    CHECK(of_first.level_out_db > -40);

    // Three seconds of nothing are three of ten, whatever was played meanwhile.
    t.way_to_second(0);
    t.after(3s);
    t.way_to_second(2);
    t.after(2s);
    CHECK(of_first.concealed > 0.25);
    CHECK(of_first.concealed < 0.40);
    CHECK(of_first.mos < 3);
    t.after(12s);
    CHECK(of_first.concealed < 0.02); // a word's beginning may fall to the buffer that grows again
    CHECK(of_first.mos > 4);
}

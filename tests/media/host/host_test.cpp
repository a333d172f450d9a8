// SPDX-License-Identifier: Apache-2.0
// Two hosts with their threads, joined by a wire that carries what they take out: a call in small.
#include "media/host/call_thread.hpp"
#include "media/host/host.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include <unistd.h>

using namespace godwit;
using namespace godwit::media_host;

namespace {

class Zeros final : public port::Entropy {
    void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), std::uint8_t{0}); }
};

DeviceId device_of(std::uint8_t byte)
{
    DeviceId out;
    out.bytes.fill(byte);
    return out;
}

CallId call()
{
    CallId out;
    out.bytes.fill(0x5c);
    return out;
}

port::CallKeys keys(std::uint64_t epoch, std::uint32_t leaf)
{
    port::CallKeys out;
    out.epoch = epoch;
    out.base_key = WipingBytes(Bytes(port::call_key_bytes, static_cast<std::uint8_t>(epoch)));
    out.leaves = 2;
    out.own_leaf = leaf;
    return out;
}

/// The loop of both: carries datagrams, keeps reports, until what is waited for has come, however slow the machine is.
/// It ends after some minutes, when something is wrong.
struct Wire {
    std::mutex mutex;
    std::condition_variable changed;
    bool notified = false;
    std::shared_ptr<port::MediaHost> a = make_host(std::make_unique<Zeros>()), b = make_host(std::make_unique<Zeros>());
    std::vector<port::MediaReport> of_a, of_b;
    bool broken = false;
    std::size_t carried = 0;

    Wire()
    {
        const auto notify = [this] {
            const std::lock_guard lock(mutex);
            notified = true;
            changed.notify_all();
        };
        a->attach(notify);
        b->attach(notify);
    }
    ~Wire()
    {
        a->attach({});
        b->attach({});
        a->end_all();
        b->end_all();
    }
    void carry(port::MediaHost& from, port::MediaHost& to, const DeviceId& as, std::vector<port::MediaReport>& reports)
    {
        // Reports first: what left before one of them is carried when it is looked at.
        for (auto& one : from.take_reports())
            reports.push_back(std::move(one.report));
        for (const auto& one : from.take_datagrams()) {
            CHECK(one.link == 9);
            CHECK(one.datagram.size() <= 1150);
            ++carried;
            if (!broken) to.datagram(as, one.datagram);
        }
    }
    template <class Holds>
    [[nodiscard]] bool until(Holds holds)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
        for (;;) {
            carry(*a, *b, device_of(1), of_a);
            carry(*b, *a, device_of(2), of_b);
            if (holds()) return true;
            std::unique_lock lock(mutex);
            if (!changed.wait_until(lock, end, [this] { return notified; })) return false;
            notified = false;
        }
    }
    void begin(const CallDevices& of_a_devices, const CallDevices& of_b_devices, CallMedia media = {})
    {
        a->order(call(), port::MediaBegin{device_of(2), true, of_a_devices, keys(1, 0), media, media});
        b->order(call(), port::MediaBegin{device_of(1), false, of_b_devices, keys(1, 1), media, media});
        a->order(call(), port::MediaWay{9, Path::direct});
        b->order(call(), port::MediaWay{9, Path::direct});
    }
};

template <class What>
std::size_t count(const std::vector<port::MediaReport>& reports)
{
    return static_cast<std::size_t>(std::count_if(reports.begin(), reports.end(), [](const port::MediaReport& one) {
        return std::holds_alternative<What>(one);
    }));
}

/// The newest two, the newer one last; fewer: nullopt.
std::optional<std::pair<CallStatistics, CallStatistics>> newest_two(const std::vector<port::MediaReport>& reports)
{
    std::vector<CallStatistics> all;
    for (const auto& one : reports)
        if (const auto* statistics = std::get_if<CallStatistics>(&one)) all.push_back(*statistics);
    if (all.size() < 2) return std::nullopt;
    return std::pair(all[all.size() - 2], all.back());
}

} // namespace

TEST_CASE("host: what one application pushes the other pulls; both are told once that it flows; then how it goes")
{
    Wire wire;
    CallMedia media;
    media.camera = true;
    wire.begin({"tone", "none", "app", "none"}, {}, media);
    const std::vector<std::uint8_t> grey(160 * 96 * 3 / 2, 128);
    std::vector<std::int16_t> heard(480);
    int loudest = 0;
    std::optional<port::MediaHost::Picture> seen;
    CHECK(wire.until([&] {
        static_cast<void>(wire.a->push_picture(call(), 160, 96, grey));
        const auto some = wire.b->pull_audio(call(), heard);
        for (std::size_t i = 0; i < some; ++i)
            loudest = std::max<int>(loudest, heard[i]);
        if (!seen) seen = wire.b->pull_picture(call(), {});
        return loudest > 2000 && seen && count<CallStatistics>(wire.of_a) > 0 &&
               count<port::MediaFlows>(wire.of_a) > 0 && count<port::MediaFlows>(wire.of_b) > 0;
    }));
    CHECK(count<port::MediaFlows>(wire.of_a) == 1);
    CHECK(count<port::MediaFlows>(wire.of_b) == 1);
    CHECK(count<port::MediaFailed>(wire.of_a) == 0);
    CHECK(seen->width == 160);
    CHECK(seen->i420.size() == grey.size());

    // What is not the application's, or of no picture's size, is not taken.
    CHECK_FALSE(wire.a->push_picture(call(), 160, 96, std::span(grey).first(100)));
    CHECK_FALSE(wire.a->push_picture(call(), 4000, 4000, grey));
    CHECK_FALSE(wire.a->push_picture(CallId{}, 160, 96, grey));
    CHECK(wire.a->push_audio(CallId{}, heard) == 0);
    CHECK_FALSE(wire.a->pull_picture(CallId{}, {}));
}

TEST_CASE(
    "host: the next epoch's keys on both sides, and the sound goes on; without a way it is said, and nothing leaves")
{
    Wire wire;
    wire.begin({"tone", "none", "none", "none"}, {"tone", "none", "none", "none"});
    REQUIRE(
        wire.until([&] { return count<port::MediaFlows>(wire.of_a) > 0 && count<port::MediaFlows>(wire.of_b) > 0; }));
    wire.a->order(call(), port::MediaKeys{keys(2, 0)});
    wire.b->order(call(), port::MediaKeys{keys(2, 1)});
    wire.of_b.clear();
    REQUIRE(wire.until([&] { // what was on the way when the keys came may be refused; then nothing is any more
        const auto two = newest_two(wire.of_b);
        return two && two->second.frames_refused == two->first.frames_refused &&
               two->second.datagrams_received > two->first.datagrams_received && two->second.level_out_db > -40;
    }));

    wire.broken = true;
    wire.of_a.clear();
    REQUIRE(wire.until([&] { return count<port::MediaSilent>(wire.of_a) > 0; }));
    wire.a->order(call(), port::MediaWay{0, Path::none});
    wire.b->order(call(), port::MediaWay{0, Path::none});
    REQUIRE(wire.until([&] { // the order has come to the thread
        const auto two = newest_two(wire.of_a);
        return two && two->second.datagrams_sent == two->first.datagrams_sent &&
               two->second.datagrams_dropped > two->first.datagrams_dropped;
    }));
    CHECK(wire.a->take_datagrams().empty());
}

TEST_CASE("host: pictures in the codec that is wished, where it is taken; VP8 to who takes no other")
{
    Wire wire;
    CHECK(wire.a->decodes_vp9());
    CallDevices devices{"none", "none", "pattern", "app"};
    devices.video_codec = VideoCodec::vp9;
    CallMedia knows, knows_not;
    knows.camera = knows_not.camera = true;
    knows.vp9 = true;
    wire.a->order(call(), port::MediaBegin{device_of(2), true, devices, keys(1, 0), knows, knows_not});
    wire.b->order(call(), port::MediaBegin{device_of(1), false, devices, keys(1, 1), knows_not, knows});
    wire.a->order(call(), port::MediaWay{9, Path::direct});
    wire.b->order(call(), port::MediaWay{9, Path::direct});
    const auto seen = [](const std::vector<port::MediaReport>& reports, VideoCodec sent, VideoCodec received) {
        const auto two = newest_two(reports);
        return two && two->second.codec_sent == sent && two->second.codec_received == received;
    };
    CHECK(wire.until([&] {
        return seen(wire.of_a, VideoCodec::vp8, VideoCodec::vp9) && seen(wire.of_b, VideoCodec::vp9, VideoCodec::vp8);
    }));
    // In mid-call they take it, and get it.
    wire.a->order(call(), port::MediaParts{knows, knows});
    wire.b->order(call(), port::MediaParts{knows, knows});
    CHECK(wire.until([&] { return seen(wire.of_b, VideoCodec::vp9, VideoCodec::vp9); }));
}

TEST_CASE("host: sound and pictures are taken and given where the device is the application's, nowhere else")
{
    Wire wire;
    const std::vector<std::uint8_t> grey(160 * 96 * 3 / 2, 128);
    std::vector<std::int16_t> sound(480);
    wire.begin({"tone", "none", "pattern", "none"}, {});
    CHECK(wire.a->push_audio(call(), sound) == 0);
    CHECK_FALSE(wire.a->push_picture(call(), 160, 96, grey));
    CHECK(wire.b->push_audio(call(), sound) == sound.size());
    CHECK(wire.b->push_picture(call(), 160, 96, grey));
}

TEST_CASE("host: a call that has ended says nothing more and its files are whole, whoever is still in it")
{
    struct Heard final : Out {
        std::atomic<int> datagrams = 0, reports = 0;
        bool datagram(std::uint64_t, Bytes) override
        {
            ++datagrams;
            datagrams.notify_all();
            return true;
        }
        void report(const CallId&, port::MediaReport) override { ++reports; }
    } heard;
    const auto file = std::filesystem::temp_directory_path() / ("godwit-ended-" + std::to_string(::getpid()) + ".wav");
    port::MediaBegin begin{device_of(2), true, {"tone", file.string(), "none", "none"}, keys(1, 0), {}, {}};
    auto made = CallThread::start(call(), std::move(begin), {}, heard);
    REQUIRE(made.ok());
    const std::shared_ptr<CallThread> held = std::move(*made); // As by a thread of the application.
    held->order(port::MediaWay{9, Path::direct}, {});
    for (int seen = 0; seen < 20; seen = heard.datagrams)
        heard.datagrams.wait(seen);
    held->end();
    const int datagrams = heard.datagrams, reports = heard.reports;
    // A header that was never finished says that there is no sound.
    auto reader = pipeline::SoundReader::open(file.string());
    REQUIRE(reader.ok());
    const auto read = reader->read(480);
    CHECK((read.ok() && read->size() == 480));
    held->order(port::MediaWay{8, Path::direct}, {});
    held->datagram(device_of(2), Bytes(20));
    CHECK(held->app().audio_in.held() == 0); // it is there
    held->end();                             // twice: nothing
    CHECK(heard.datagrams == datagrams);
    CHECK(heard.reports == reports);
    std::filesystem::remove(file);
}

TEST_CASE("host: what cannot begin says so; what ends is gone; all ended are reported")
{
    Wire wire;
    wire.a->order(call(), port::MediaBegin{
                              device_of(2), true, {"/no/such/file.wav", "none", "none", "none"}, keys(1, 0), {}, {}});
    REQUIRE(wire.until([&] { return count<port::MediaFailed>(wire.of_a) == 1; }));
    CHECK(std::get<port::MediaFailed>(wire.of_a.back()).why.code == ErrorCode::no_such_file);

    auto bad = keys(1, 0);
    bad.base_key.resize(5);
    wire.a->order(call(), port::MediaBegin{device_of(2), true, {}, std::move(bad), {}, {}});
    REQUIRE(wire.until([&] { return count<port::MediaFailed>(wire.of_a) == 2; }));
    wire.a->order(call(), port::MediaEnd{});
    wire.a->order(call(), port::MediaEnd{}); // twice: nothing
    wire.a->order(call(), port::MediaWay{9, Path::direct});

    wire.begin({}, {});
    wire.a->end_all();
    REQUIRE(wire.until([&] { return count<port::MediaFailed>(wire.of_a) == 3; }));
    std::vector<std::int16_t> sound(480);
    CHECK(wire.a->push_audio(call(), sound) == 0);
}

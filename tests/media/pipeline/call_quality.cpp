// SPDX-License-Identifier: Apache-2.0
// A call over a path that loses, in numbers: `call_quality [--sound FILE] [--pictures FILE.y4m] [--seconds N]`. On
// virtual time, with the real codecs. Without files: a synthetic voice and a pattern.
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"
#include "tests/media/pipeline/call_world.hpp"
#include "tests/media/support/signals.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

using namespace godwit;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

template <class T>
T or_exit(Result<T> result)
{
    if (result.ok()) return std::move(result).value();
    std::fprintf(stderr, "call_quality: %s\n", result.error().detail.c_str());
    std::exit(2);
}

media::Pcm sound_of(const char* path)
{
    if (path == nullptr) return voice(48'000 * 20);
    auto reader = or_exit(pipeline::SoundReader::open(path));
    return or_exit(reader.read(48'000 * 600));
}

std::vector<media::Picture> pictures_of(const char* path)
{
    std::vector<media::Picture> out;
    if (path == nullptr) {
        pipeline::Pattern pattern(640, 360);
        for (int i = 0; i < 300; ++i)
            out.push_back(pattern.read());
        return out;
    }
    auto reader = or_exit(pipeline::Y4mReader::open(path));
    while (out.size() < 300) {
        auto picture = or_exit(reader.read());
        if (!picture) break;
        out.push_back(std::move(*picture));
    }
    return out;
}

double ms(Duration d)
{
    return static_cast<double>(d.count()) / 1000;
}

} // namespace

int main(int argc, char** argv)
{
    const char *sound_path = nullptr, *pictures_path = nullptr, *write_path = nullptr;
    Duration length = 30s;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--sound") == 0) sound_path = argv[i + 1];
        if (std::strcmp(argv[i], "--pictures") == 0) pictures_path = argv[i + 1];
        if (std::strcmp(argv[i], "--heard") == 0) write_path = argv[i + 1];
        if (std::strcmp(argv[i], "--seconds") == 0) length = std::chrono::seconds(std::atoi(argv[i + 1]));
    }
    const media::Pcm sound = sound_of(sound_path);
    const std::vector<media::Picture> pictures = pictures_of(pictures_path);
    const auto speaks = [&sound](std::size_t& at) {
        return [&sound, &at] {
            media::Pcm out(480);
            for (auto& sample : out)
                sample = sound[at++ % sound.size()];
            return out;
        };
    };
    std::printf("sound                                  | concealed | mouth to ear ms | seg. SNR | MOS  | plan\n");
    std::printf(
        "path                                   |     %%     |  mean    max    |    dB    | est. | kbit/s ms RED\n");
    const struct {
        const char* name;
        LinkConfig link;
    } paths[] = {
        {"20 ms", {.delay = 20ms, .jitter = 1ms}},
        {"20 ms, 2 % lost", {.delay = 20ms, .loss = 0.02, .jitter = 1ms}},
        {"20 ms, 5 % lost", {.delay = 20ms, .loss = 0.05, .jitter = 1ms}},
        {"20 ms, 10 % lost", {.delay = 20ms, .loss = 0.10, .jitter = 1ms}},
        {"20 ms, 20 % lost", {.delay = 20ms, .loss = 0.20, .jitter = 1ms}},
        {"20 ms, 10 % lost in bursts of 3", {.delay = 20ms, .loss = 0.10, .burst = 3, .jitter = 1ms}},
        {"100 ms, jitter 15 ms, 5 % lost", {.delay = 100ms, .loss = 0.05, .jitter = 15ms}},
        {"300 ms, jitter 20 ms, 10 % lost", {.delay = 300ms, .loss = 0.10, .jitter = 20ms}},
        {"50 ms, 40 kbit/s", {.delay = 50ms, .jitter = 1ms, .rate_bps = 40'000.0, .queue_bytes = 10'000}},
    };
    for (const auto& path : paths) {
        std::size_t at = 0;
        CallConfig config;
        config.there = config.back = path.link;
        config.back.rate_bps.reset();
        config.length = length;
        config.sound = speaks(at);
        const CallResult got = run(config);
        std::printf("%-38s | %8.2f  | %6.1f %7.1f  | %7.1f  | %4.2f | %4.0f   %2d  %d\n", path.name,
                    got.concealed_percent, ms(got.delay_mean), ms(got.delay_max), got.segmental_snr_db, got.callee.mos,
                    got.caller.audio_plan.bitrate_bps / 1000.0, got.caller.audio_plan.frame_ms,
                    got.caller.audio_plan.redundancy);
        std::fflush(stdout);
        if (write_path != nullptr) {
            auto writer = or_exit(
                pipeline::SoundWriter::create(std::string(write_path) + "-" + std::to_string(&path - paths) + ".wav"));
            static_cast<void>(writer.write(got.heard));
        }
    }
    std::printf("\nsound and pictures                     | concealed | freezes | longest | PSNR | SSIM  | shown | "
                "delay | used/there   | CPU\n");
    std::printf("path                                   |     %%     | n   s   | gap ms  |  dB  |       |   %%   |  ms "
                "  | kbit/s       | %%\n");
    const struct {
        const char* name;
        LinkConfig link;
    } films[] = {
        {"20 ms, 2 Mbit/s", {.delay = 20ms, .jitter = 1ms, .rate_bps = 2e6}},
        {"20 ms, 2 Mbit/s, 2 % lost", {.delay = 20ms, .loss = 0.02, .jitter = 1ms, .rate_bps = 2e6}},
        {"20 ms, 2 Mbit/s, 5 % lost", {.delay = 20ms, .loss = 0.05, .jitter = 1ms, .rate_bps = 2e6}},
        {"20 ms, 2 Mbit/s, 10 % lost", {.delay = 20ms, .loss = 0.10, .jitter = 1ms, .rate_bps = 2e6}},
        {"20 ms, 2 Mbit/s, 20 % lost", {.delay = 20ms, .loss = 0.20, .jitter = 1ms, .rate_bps = 2e6}},
        {"100 ms, 1 Mbit/s, 5 % lost", {.delay = 100ms, .loss = 0.05, .jitter = 5ms, .rate_bps = 1e6}},
        {"300 ms, 1 Mbit/s, 2 % lost", {.delay = 300ms, .loss = 0.02, .jitter = 5ms, .rate_bps = 1e6}},
        {"50 ms, 300 kbit/s", {.delay = 50ms, .jitter = 1ms, .rate_bps = 3e5}},
    };
    for (const auto& path : films) {
        std::size_t at = 0, frame = 0;
        CallConfig config;
        config.there = config.back = path.link;
        config.back.rate_bps.reset();
        config.length = length;
        config.settle = 8s;
        config.wishes.video = true;
        config.sound = speaks(at);
        config.picture = [&] { // to and fro, so that the end of the film is no cut
            const std::size_t round = 2 * pictures.size() - 2, n = frame++ % std::max<std::size_t>(1, round);
            return pictures[n < pictures.size() ? n : round - n];
        };
        const std::clock_t began = std::clock();
        const CallResult got = run(config);
        const double cpu =
            static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC / (static_cast<double>(length.count()) / 1e6);
        std::printf("%-38s | %8.2f  | %2d %5.1f | %7.0f | %4.1f | %5.3f | %4.0f  | %5.0f | %5.0f/%-5.0f | %4.0f\n",
                    path.name, got.concealed_percent, static_cast<int>(got.freezes), ms(got.frozen) / 1000,
                    ms(got.longest_gap), got.psnr_db, got.ssim,
                    100.0 * static_cast<double>(got.pictures_shown) / static_cast<double>(got.pictures_taken),
                    ms(got.picture_delay_mean), got.used_bps / 1000, *path.link.rate_bps / 1000, 100 * cpu);
        std::fflush(stdout);
    }
    return 0;
}

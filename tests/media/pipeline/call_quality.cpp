// SPDX-License-Identifier: Apache-2.0
// A call over a path that loses, in numbers: `call_quality [--sound FILE] [--pictures FILE.y4m] [--seconds N]
// [--heard NAME] [--no-pictures]`. On virtual time, with the real codecs. Without files: a synthetic voice and a
// pattern.
#include "media/pipeline/picture_file.hpp"
#include "media/pipeline/sound_file.hpp"
#include "media/pipeline/synthetic.hpp"
#include "tests/media/pipeline/call_world.hpp"
#include "tests/media/support/signals.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

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
    bool sound_only = false;
    for (int i = 1; i < argc; ++i)
        sound_only = sound_only || std::strcmp(argv[i], "--no-pictures") == 0;
    for (int i = 1; i + 1 < argc; ++i) {
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
    struct Path {
        std::string name;
        LinkConfig link;
        bool switches = false; ///< In the middle of it, to a slower one, with 400 ms of nothing between.
    };
    const auto of_loss = [](const std::string& name, LinkConfig link) {
        std::vector<Path> out;
        for (const double loss : {0.0, 0.02, 0.05, 0.10, 0.20}) {
            link.loss = loss;
            out.push_back({name + (loss > 0 ? ", " + std::to_string(std::lround(loss * 100)) + " % lost" : ""), link});
        }
        return out;
    };
    const auto add = [](std::vector<Path>& to, std::vector<Path> more) {
        to.insert(to.end(), more.begin(), more.end());
    };
    const auto switching = [&length](LinkConfig& there, LinkConfig& back, Duration at) {
        const Duration middle = length / 2;
        there.loss = back.loss = at >= middle && at < middle + 400ms ? 1.0 : 0.0;
        if (at != middle + 400ms) return false;
        there.delay = back.delay = 80ms;
        if (there.rate_bps) there.rate_bps = 600'000;
        return true;
    };
    std::vector<Path> paths = of_loss("20 ms", {.delay = 20ms, .jitter = 1ms});
    add(paths, of_loss("100 ms, jitter 15 ms", {.delay = 100ms, .jitter = 15ms}));
    add(paths, of_loss("300 ms, jitter 20 ms", {.delay = 300ms, .jitter = 20ms}));
    add(paths, {{"20 ms, 10 % lost in bursts of 3", {.delay = 20ms, .loss = 0.10, .burst = 3, .jitter = 1ms}},
                {"50 ms, 40 kbit/s", {.delay = 50ms, .jitter = 1ms, .rate_bps = 40'000.0, .queue_bytes = 10'000}},
                {"20 ms, then 80 ms: another uplink", {.delay = 20ms, .jitter = 1ms}, true}});
    for (const auto& path : paths) {
        std::size_t at = 0;
        CallConfig config;
        config.there = config.back = path.link;
        config.back.rate_bps.reset();
        config.length = length;
        config.sound = speaks(at);
        if (path.switches) config.each_ms = switching;
        const CallResult got = run(config);
        std::printf("%-38s | %8.2f  | %6.1f %7.1f  | %7.1f  | %4.2f | %4.0f   %2d  %d\n", path.name.c_str(),
                    got.concealed_percent, ms(got.delay_mean), ms(got.delay_max), got.segmental_snr_db, got.callee.mos,
                    got.caller.audio_plan.bitrate_bps / 1000.0, got.caller.audio_plan.frame_ms,
                    got.caller.audio_plan.redundancy);
        std::fflush(stdout);
        if (write_path != nullptr) {
            auto writer = or_exit(pipeline::SoundWriter::create(std::string(write_path) + "-" +
                                                                std::to_string(&path - paths.data()) + ".wav"));
            static_cast<void>(writer.write(got.heard));
        }
    }
    if (sound_only) return 0;
    std::printf(
        "\nsound and pictures                     | concealed | ear   | seg.SNR | freezes | longest | PSNR | SSIM  | "
        "shown | delay | made anew | used/there   | CPU\n");
    std::printf(
        "path                                   |     %%     | ms    |   dB    | n   s   | gap ms  |  dB  |       | "
        "  %%   |  ms   | packets   | kbit/s       | %%\n");
    std::vector<Path> films = of_loss("20 ms, 1 Mbit/s", {.delay = 20ms, .jitter = 1ms, .rate_bps = 1e6});
    add(films, of_loss("100 ms, 1 Mbit/s", {.delay = 100ms, .jitter = 5ms, .rate_bps = 1e6}));
    add(films, of_loss("300 ms, 1 Mbit/s", {.delay = 300ms, .jitter = 5ms, .rate_bps = 1e6}));
    add(films, {{"50 ms, 300 kbit/s", {.delay = 50ms, .jitter = 1ms, .rate_bps = 3e5}},
                {"20 ms, 2 Mbit/s, then 80 ms, 600 kbit/s", {.delay = 20ms, .jitter = 1ms, .rate_bps = 2e6}, true}});
    for (const auto& path : films) {
        std::size_t at = 0, frame = 0;
        CallConfig config;
        config.there = config.back = path.link;
        config.back.rate_bps.reset();
        config.length = length;
        config.settle = 8s;
        config.wishes.video = true;
        config.sound = speaks(at);
        if (path.switches) config.each_ms = switching;
        config.picture = [&] { // to and fro, so that the end of the film is no cut
            const std::size_t round = 2 * pictures.size() - 2, n = frame++ % std::max<std::size_t>(1, round);
            return pictures[n < pictures.size() ? n : round - n];
        };
        const std::clock_t began = std::clock();
        const CallResult got = run(config);
        const double cpu =
            static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC / (static_cast<double>(length.count()) / 1e6);
        std::printf("%-38s | %8.2f  | %5.0f | %6.1f  | %2d %5.1f | %7.0f | %4.1f | %5.3f | %4.0f  | %5.0f | %6llu    | "
                    "%5.0f/%-5.0f | %4.0f\n",
                    path.name.c_str(), got.concealed_percent, ms(got.delay_mean), got.segmental_snr_db,
                    static_cast<int>(got.freezes), ms(got.frozen) / 1000, ms(got.longest_gap), got.psnr_db, got.ssim,
                    100.0 * static_cast<double>(got.pictures_shown) / static_cast<double>(got.pictures_taken),
                    ms(got.picture_delay_mean), static_cast<unsigned long long>(got.callee.video.repaired),
                    got.used_bps / 1000, *path.link.rate_bps / 1000, 100 * cpu);
        std::fflush(stdout);
    }
    return 0;
}

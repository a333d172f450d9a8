// SPDX-License-Identifier: Apache-2.0
// What a call of sound and pictures is on each rung of a bad path: `call_rungs [--seconds N] [--narrow]`. On virtual
// time, with the real codecs: the same figures on every machine. The bottleneck has a queue of a second, as those of
// phones and of cheap routers have, so that who sends too much hears himself late.
#include "media/pipeline/synthetic.hpp"
#include "tests/media/pipeline/call_world.hpp"
#include "tests/media/support/signals.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace godwit;
using namespace godwit::test;
using namespace std::chrono_literals;

namespace {

double ms(Duration d)
{
    return static_cast<double>(d.count()) / 1000;
}

} // namespace

int main(int argc, char** argv)
{
    Duration length = 30s;
    bool narrow = false;
    for (int i = 1; i < argc; ++i) {
        narrow = narrow || std::strcmp(argv[i], "--narrow") == 0;
        if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            length = std::chrono::seconds(std::atoi(argv[i + 1]));
    }
    const media::Pcm sound = voice(48'000 * 20);
    std::vector<media::Picture> pictures;
    pipeline::Pattern pattern(480, 270);
    for (int i = 0; i < 60; ++i)
        pictures.push_back(pattern.read());
    std::printf("path: 50 ms                    | ear ms        | concealed | seg.SNR | MOS  | plan          | "
                "pictures        | used/there\n"
                "kbit/s  loss %%  jitter ms      | mean   max    |     %%     |   dB    | est. | kbit/s ms RED | "
                "shown/s longest | kbit/s\n");
    for (const double bps : {40e3, 64e3, 100e3, 300e3, 1e6, 5e6})
        for (const double loss : {0.0, 0.05, 0.10, 0.20, 0.30})
            for (const Duration jitter : {1ms, 30ms}) {
                if (narrow && (bps > 100e3 || loss > 0.1)) continue;
                std::size_t at = 0, frame = 0;
                CallConfig config;
                config.there = {.delay = 50ms,
                                .loss = loss,
                                .burst = 1.5,
                                .jitter = jitter,
                                .rate_bps = bps,
                                .queue_bytes = static_cast<std::size_t>(bps / 8) + 3'000};
                config.back = {.delay = 50ms, .loss = loss, .burst = 1.5, .jitter = jitter};
                config.length = length;
                config.settle = 10s;
                config.wishes.video = true;
                config.video.fps = 15;
                config.sound = [&] {
                    media::Pcm out(480);
                    for (auto& sample : out)
                        sample = sound[at++ % sound.size()];
                    return out;
                };
                config.picture = [&] { return pictures[frame++ % pictures.size()]; };
                const CallResult got = run(config);
                const double seconds = static_cast<double>((length - config.settle).count()) / 1e6;
                std::printf(
                    "%6.0f  %4.0f    %4.0f           | %5.0f %6.0f  | %8.2f  | %6.1f  | %4.2f | %4.0f   %2d  %d  "
                    "| %5.1f  %6.0f  | %5.0f/%-5.0f\n",
                    bps / 1000, loss * 100, ms(jitter), ms(got.delay_mean), ms(got.delay_max), got.concealed_percent,
                    got.segmental_snr_db, got.callee.mos, got.caller.audio_plan.bitrate_bps / 1000.0,
                    got.caller.audio_plan.frame_ms, got.caller.audio_plan.redundancy,
                    static_cast<double>(got.pictures_shown) / seconds, ms(got.longest_gap), got.used_bps / 1000,
                    bps / 1000);
                std::fflush(stdout);
            }
    return 0;
}

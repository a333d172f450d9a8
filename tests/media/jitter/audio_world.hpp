// SPDX-License-Identifier: Apache-2.0
// A speaker, a path and a listener with a clock of his own. The codec is a toy: a packet is the place of its frame in a
// known sound, so that what is heard can be compared with what was said.
#pragma once

#include "media/jitter/audio_buffer.hpp"
#include "tests/media/support/link_model.hpp"
#include "tests/media/support/signals.hpp"

namespace godwit::test {

/// A packet: where, how long, and whether the frame before it is in it too.
class ToyDecoder final : public jitter::AudioDecoder {
public:
    explicit ToyDecoder(const media::Pcm& sound) : sound_(sound) {}

    static Bytes packet(std::int64_t at, int samples, bool fec)
    {
        Bytes out{static_cast<std::uint8_t>(samples / 480), static_cast<std::uint8_t>(fec)};
        for (int i = 0; i < 5; ++i)
            out.push_back(static_cast<std::uint8_t>(at >> (8 * i)));
        return out;
    }
    int channels() const noexcept override { return 1; }
    int samples_of(BytesView packet) const noexcept override { return packet.size() == 7 ? packet[0] * 480 : 0; }
    bool has_fec(BytesView packet) const noexcept override { return packet[1] != 0; }
    Result<media::Pcm> decode(BytesView packet) override
    {
        if (packet[0] == 99) return Error{ErrorCode::malformed, "no sound", 0};
        return part(at_of(packet), samples_of(packet));
    }
    Result<media::Pcm> recover(BytesView next, int samples) override { return part(at_of(next) - samples, samples); }
    Result<media::Pcm> conceal(int samples) override { return media::Pcm(static_cast<std::size_t>(samples)); }

private:
    static std::int64_t at_of(BytesView packet)
    {
        std::int64_t out = 0;
        for (int i = 4; i >= 0; --i)
            out = out << 8 | packet[2 + static_cast<std::size_t>(i)];
        return out;
    }
    media::Pcm part(std::int64_t at, int samples)
    {
        media::Pcm out;
        for (std::int64_t i = at; i < at + samples; ++i)
            out.push_back(i < 0 ? std::int16_t{0} : sound_[static_cast<std::size_t>(i) % sound_.size()]);
        return out;
    }
    const media::Pcm& sound_;
};

struct AudioWorldConfig {
    LinkConfig link;
    Duration length = std::chrono::seconds(60);
    int frame_ms = 20;
    bool fec = false;
    int red = 0;          ///< Earlier frames that each packet repeats.
    double drift_ppm = 0; ///< How much faster the listener's clock runs.
    std::uint64_t seed = 1;
    /// May change the path, or keep the speaker silent (false), each frame.
    std::function<bool(LinkConfig&, Duration)> each_frame;
    Duration settle = std::chrono::seconds(5); ///< Not counted below.
};

struct AudioWorldResult {
    jitter::AudioStatistics statistics; ///< Of the time after `settle`.
    double concealed_percent = 0;
    Duration delay_mean{}, delay_max{}; ///< From being said to being heard.
    media::Pcm heard;
};

inline AudioWorldResult run(const AudioWorldConfig& config)
{
    struct Sent {
        std::int64_t at, number;
        std::vector<std::int64_t> before; ///< Where the frames begin that it repeats, the latest one first.
    };
    static const media::Pcm sound = voice(48'000 * 20);
    ToyDecoder decoder(sound);
    jitter::AudioBuffer buffer(decoder);
    LinkModel<Sent> link(config.link, config.seed);
    AudioWorldResult out;
    const Instant start(std::chrono::hours(1));
    const int samples = config.frame_ms * media::samples_per_ms;
    const Duration pull_every(static_cast<std::int64_t>(10'000.0 * (1 - config.drift_ppm / 1e6)));
    Instant next_frame = start, next_pull = start + Duration(3'000);
    std::int64_t at = 0, number = 0;
    std::vector<std::int64_t> before;
    jitter::AudioStatistics settled;
    bool has_settled = false;
    double delays = 0;
    std::int64_t last_place = 0;
    std::int64_t delays_count = 0;
    while (next_pull - start < config.length) {
        const Instant now = std::min(next_frame, next_pull);
        link.receive(now, [&](Sent one, Instant arrival) {
            for (auto i = static_cast<std::int64_t>(one.before.size()); i > 0; --i) {
                const std::int64_t was = one.before[static_cast<std::size_t>(i - 1)];
                buffer.insert({was, one.number - i, ToyDecoder::packet(was, samples, false), true}, arrival);
            }
            buffer.insert({one.at, one.number, ToyDecoder::packet(one.at, samples, config.fec)}, arrival);
        });
        if (now == next_frame) {
            const bool speaks = !config.each_frame || config.each_frame(link.config, now - start);
            if (speaks) {
                link.send({at, number++, before}, 80, now);
                before.insert(before.begin(), at);
                before.resize(std::min(before.size(), static_cast<std::size_t>(config.red)));
            }
            at += samples;
            next_frame += std::chrono::milliseconds(config.frame_ms);
            continue;
        }
        auto pulled = buffer.pull(now);
        if (now - start >= config.settle) {
            if (!has_settled) settled = buffer.statistics();
            has_settled = true;
            // While nothing comes the place stands still, which is no delay of anything that is heard.
            if (pulled.timestamp && pulled.timestamp == last_place + jitter::AudioBuffer::pull_samples) {
                const Duration delay = now - start - media::duration_of(*pulled.timestamp);
                delays += static_cast<double>(delay.count());
                ++delays_count;
                out.delay_max = std::max(out.delay_max, delay);
            }
            last_place = pulled.timestamp.value_or(0);
            out.heard.insert(out.heard.end(), pulled.samples.begin(), pulled.samples.end());
        }
        next_pull += pull_every;
    }
    out.statistics = buffer.statistics();
    out.statistics.concealed -= settled.concealed;
    out.statistics.played -= settled.played;
    out.statistics.missing -= settled.missing;
    out.statistics.late -= settled.late;
    out.statistics.outages -= settled.outages;
    out.statistics.accelerated -= settled.accelerated;
    out.statistics.expanded -= settled.expanded;
    out.concealed_percent =
        100.0 * static_cast<double>(out.statistics.concealed) / static_cast<double>(out.statistics.played);
    out.delay_mean =
        Duration(static_cast<std::int64_t>(delays / static_cast<double>(std::max<std::int64_t>(1, delays_count))));
    return out;
}

} // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
// A sender who sends as much as he may over a bottleneck, and a receiver who says every 50 ms what came.
#pragma once

#include "media/rate/pacer.hpp"
#include "media/rate/send_rate.hpp"
#include "media/rate/share.hpp"
#include "tests/media/support/link_model.hpp"

namespace godwit::test {

struct RateWorldConfig {
    LinkConfig there;
    LinkConfig back;
    Duration length = std::chrono::seconds(60);
    rate::Wishes wishes = {.audio = true, .video = true, .video_bps_max = 4'000'000};
    /// Changes the way there as time goes by.
    std::function<void(LinkConfig&, Duration)> each_ms;
    std::uint64_t seed = 1;
};

struct RateSecond {
    double rate_bps = 0;    ///< Allowed, at its end.
    double arrived_bps = 0; ///< On the path, with overhead.
    double audio_bps = 0;   ///< Of audio's packets.
    Duration delay_max{};   ///< Of any packet, there.
    Duration audio_delay_max{};
    double loss = 0; ///< By the receiver.
};

struct RateWorldResult {
    std::vector<RateSecond> seconds;

    [[nodiscard]] double mean_arrived(std::size_t from, std::size_t to) const
    {
        double sum = 0;
        for (std::size_t i = from; i < to; ++i)
            sum += seconds.at(i).arrived_bps;
        return sum / static_cast<double>(to - from);
    }
    [[nodiscard]] Duration delay_max(std::size_t from, std::size_t to) const
    {
        Duration out{};
        for (std::size_t i = from; i < to; ++i)
            out = std::max(out, seconds.at(i).delay_max);
        return out;
    }
    [[nodiscard]] Duration audio_delay_max(std::size_t from, std::size_t to) const
    {
        Duration out{};
        for (std::size_t i = from; i < to; ++i)
            out = std::max(out, seconds.at(i).audio_delay_max);
        return out;
    }
};

inline RateWorldResult run(const RateWorldConfig& config)
{
    struct Packet {
        std::int64_t number;
        std::size_t bytes;
        Instant sent;
        bool audio;
    };
    constexpr std::size_t overhead = 60;
    const Instant start(std::chrono::hours(1));
    LinkModel<Packet> there(config.there, config.seed);
    LinkModel<std::vector<rate::Fate>> back(config.back, config.seed + 1);
    rate::SendRate sender;
    rate::Pacer pacer;
    RateWorldResult out;
    out.seconds.emplace_back();
    std::int64_t number = 0;
    std::map<std::int64_t, Duration> came;
    std::int64_t told = 0;
    std::mt19937_64 random(config.seed);
    double file_credit = 0, arrived_bytes = 0, audio_bytes = 0;
    std::int64_t next_audio_ms = 0;
    for (std::int64_t ms = 0; ms < config.length / std::chrono::milliseconds(1); ++ms) {
        const Instant now = start + std::chrono::milliseconds(ms);
        const Duration since = now - start;
        if (config.each_ms) config.each_ms(there.config, since);
        const auto shares = rate::share(sender.rate_bps(), sender.loss(), config.wishes);
        if (config.wishes.audio && ms >= next_audio_ms) {
            const auto bytes =
                static_cast<std::size_t>(rate::cost_bps(shares.audio) / 8 * shares.audio.frame_ms / 1000) - overhead;
            pacer.push(rate::Priority::audio, Bytes(bytes), now);
            next_audio_ms = ms + shares.audio.frame_ms;
        }
        if (shares.video_bps > 0 && ms % 33 == 0 && pacer.wait(rate::Priority::video) < rate::video_wait_max) {
            // Frames differ in size by half.
            std::uniform_real_distribution<double> size(0.6, 1.4);
            double bytes = shares.video_bps / 8 * 0.033 * size(random) * 0.95;
            for (; bytes > 1; bytes -= 1200)
                pacer.push(rate::Priority::video, Bytes(static_cast<std::size_t>(std::min(bytes, 1140.0))), now);
        }
        file_credit = std::min(file_credit + shares.files_bps / 8 * 0.001, 20'000.0);
        while (config.wishes.files && file_credit > 1200 &&
               pacer.wait(rate::Priority::files) < std::chrono::milliseconds(50)) {
            pacer.push(rate::Priority::files, Bytes(1140), now);
            file_credit -= 1200;
        }
        pacer.set_rate(sender.rate_bps());
        while (auto packet = pacer.next(now)) {
            const std::size_t bytes = packet->data.size();
            sender.packet_sent(number, bytes + overhead, now);
            there.send({number++, bytes, now, packet->priority == rate::Priority::audio}, bytes, now);
        }
        sender.tick(now);
        RateSecond& second = out.seconds.back();
        there.receive(now, [&](Packet one, Instant at) {
            came[one.number] = at.time_since_epoch() - std::chrono::minutes(59);
            arrived_bytes += static_cast<double>(one.bytes + overhead);
            if (one.audio) audio_bytes += static_cast<double>(one.bytes + overhead);
            second.delay_max = std::max(second.delay_max, at - one.sent);
            if (one.audio) second.audio_delay_max = std::max(second.audio_delay_max, at - one.sent);
        });
        if (ms % 50 == 0 && !came.empty() && came.rbegin()->first >= told) {
            std::vector<rate::Fate> fates;
            for (std::int64_t n = told; n <= came.rbegin()->first; ++n) {
                const auto at = came.find(n);
                fates.push_back({n, at == came.end() ? std::nullopt : std::optional(at->second)});
            }
            told = came.rbegin()->first + 1;
            came.erase(came.begin(), came.lower_bound(told - 100));
            back.send(std::move(fates), 60, now);
        }
        back.receive(now, [&](std::vector<rate::Fate> fates, Instant at) { sender.feedback(fates, at); });
        if ((ms + 1) % 1000 == 0) {
            second.rate_bps = sender.rate_bps();
            second.loss = sender.loss();
            second.arrived_bps = arrived_bytes * 8;
            second.audio_bps = audio_bytes * 8;
            arrived_bytes = audio_bytes = 0;
            out.seconds.emplace_back();
        }
    }
    out.seconds.pop_back();
    return out;
}

} // namespace godwit::test

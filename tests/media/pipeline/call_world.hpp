// SPDX-License-Identifier: Apache-2.0
// Two sessions, a path each way, and ears and eyes that know what was said and shown. Virtual time; the codecs are
// real.
#pragma once

#include "media/codec/convert.hpp"
#include "media/pipeline/session.hpp"
#include "tests/media/support/link_model.hpp"

#include <cmath>
#include <functional>

namespace godwit::test {

struct CallConfig {
    LinkConfig there, back;
    Duration length = std::chrono::seconds(20);
    rate::Wishes wishes;
    pipeline::VideoConfig video;
    std::function<media::Pcm()> sound;       ///< Of the caller, 10 ms a call; none: silence.
    std::function<media::Picture()> picture; ///< Of the caller, one each 1/fps.
    /// Changes the path as time goes by; true once: it is another one.
    std::function<bool(LinkConfig& there, LinkConfig& back, Duration)> each_ms;
    Duration settle = std::chrono::seconds(3); ///< Not counted below.
    std::uint64_t seed = 1;
};

struct CallResult {
    pipeline::Statistics caller, callee; ///< At the end.
    media::Pcm said, heard;
    // At the callee, after `settle`.
    double concealed_percent = 0;
    Duration delay_mean{}, delay_max{}; ///< Mouth to ear, without devices.
    double segmental_snr_db = 0; ///< Of 20 ms each where somebody speaks, at the best shift of up to 5 ms; -10 to 35.
    std::uint64_t pictures_taken = 0, pictures_shown = 0;
    double psnr_db = 0, ssim = 0; ///< Means, at the source's size.
    Duration picture_delay_mean{}, longest_gap{};
    std::uint64_t freezes = 0;
    Duration frozen{};
    Duration first_heard{}; ///< From the beginning until something was played that had been said.
    double used_bps = 0;    ///< On the path, with overhead.
};

namespace detail {

/// A block of 10 ms that was heard, and where in what was said it stands.
struct Heard {
    std::size_t at;
    std::int64_t said_at;
};

inline double segmental_snr(const media::Pcm& said, const media::Pcm& heard, const std::vector<Heard>& blocks)
{
    constexpr std::int64_t segment = 480, search = 240;
    const auto snr_at = [&](const Heard& block, std::int64_t shift) {
        double signal = 0, noise = 0;
        for (std::int64_t i = 0; i < segment; ++i) {
            const double s = said[static_cast<std::size_t>(block.said_at + shift + i)],
                         h = heard[block.at + static_cast<std::size_t>(i)];
            signal += s * s;
            noise += (s - h) * (s - h);
        }
        return 10 * std::log10((signal + 1) / (noise + 1));
    };
    // What the codec itself delays is the same throughout: the shift that is best most often.
    std::map<std::int64_t, int> votes;
    std::vector<Heard> speech;
    for (const Heard& block : blocks) {
        if (block.said_at < 2000 || block.said_at + 2000 > static_cast<std::int64_t>(said.size())) continue;
        if (media::level_dbov(media::PcmView(said).subspan(static_cast<std::size_t>(block.said_at), segment)) < -45)
            continue;
        speech.push_back(block);
        if (speech.size() % 5 != 0) continue;
        std::int64_t best = 0;
        double best_snr = -99;
        for (std::int64_t shift = -600; shift <= 600; shift += 6)
            if (const double snr = snr_at(block, shift); snr > best_snr) {
                best_snr = snr;
                best = shift;
            }
        ++votes[best];
    }
    if (speech.empty()) return 0;
    const std::int64_t codec = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) {
                                   return a.second < b.second;
                               })->first;
    double sum = 0;
    for (const Heard& block : speech) {
        double best = -99;
        for (std::int64_t shift = codec - search; shift <= codec + search; shift += 3)
            best = std::max(best, snr_at(block, shift));
        sum += std::clamp(best, -10.0, 35.0);
    }
    return sum / static_cast<double>(speech.size());
}

} // namespace detail

inline pipeline::Sealing sealing_of(std::uint32_t leaf)
{
    pipeline::Sealing out;
    const Bytes key(sframe::base_key_bytes(out.suite()), 7);
    static_cast<void>(out.add_epoch(1, key, 2, leaf));
    return out;
}

inline CallResult run(const CallConfig& config)
{
    const Instant start(std::chrono::hours(1));
    CallResult out;
    pipeline::SessionConfig of_caller, of_callee;
    of_caller.ssrc = of_callee.peer_ssrc = 1000;
    of_caller.peer_ssrc = of_callee.ssrc = 2000;
    of_caller.wishes = config.wishes;
    of_caller.video = config.video;
    of_callee.wishes = {.audio = true};
    of_caller.entropy = {0xff, 0xf0, 0xff, 0xff, 0x00, 0x00, 0xff, 0xe0, 0, 0, 0, 0}; // counters that go round soon
    const std::int64_t first_timestamp = 0xffff0000;
    auto caller = std::move(*pipeline::Session::create(of_caller, sealing_of(0), start));
    auto callee = std::move(*pipeline::Session::create(of_callee, sealing_of(1), start));
    LinkModel<Bytes> there(config.there, config.seed), back(config.back, config.seed + 1);
    std::map<std::int64_t, std::pair<media::Picture, Instant>> taken; // by timestamp of 90 kHz
    std::vector<detail::Heard> blocks;
    jitter::AudioStatistics settled;
    std::int64_t next_picture = 0, last_place = -1, delays_count = 0;
    double delays = 0, psnr = 0, ssim = 0, picture_delays = 0, compared = 0, bytes = 0;
    Instant last_shown = start + config.settle;
    for (std::int64_t ms = 0; ms < config.length / std::chrono::milliseconds(1); ++ms) {
        const Instant now = start + std::chrono::milliseconds(ms);
        const Duration since = now - start;
        const bool counts = since >= config.settle;
        if (config.each_ms && config.each_ms(there.config, back.config, since)) {
            caller->path_changed(now);
            callee->path_changed(now);
        }
        if (ms % 10 == 0 && ms > 0) { // what was said in the 10 ms before
            media::Pcm step = config.sound ? config.sound() : media::Pcm(480);
            out.said.insert(out.said.end(), step.begin(), step.end());
            static_cast<void>(caller->push_audio(step, now));
            static_cast<void>(callee->push_audio(media::Pcm(480), now));
        }
        if (config.picture && ms * config.video.fps >= next_picture * 1000) {
            media::Picture picture = config.picture();
            static_cast<void>(caller->push_picture(picture.view(), now));
            if (counts) ++out.pictures_taken;
            taken.emplace(ms * 90, std::pair(std::move(picture), now));
            if (taken.size() > 200) taken.erase(taken.begin());
            ++next_picture;
        }
        there.receive(now, [&](Bytes datagram, Instant at) { callee->receive(datagram, at); });
        back.receive(now, [&](Bytes datagram, Instant at) { caller->receive(datagram, at); });
        while (const auto shown = callee->next_picture(now)) {
            if (!counts) continue;
            ++out.pictures_shown;
            out.longest_gap = std::max(out.longest_gap, now - last_shown);
            if (now - last_shown > pipeline::freeze_min) {
                ++out.freezes;
                out.frozen += now - last_shown;
            }
            last_shown = now;
            const auto source = taken.find(shown->timestamp);
            if (source == taken.end()) continue;
            const media::Picture& was = source->second.first;
            const auto whole = shown->picture.width() == was.width() && shown->picture.height() == was.height()
                                   ? Result<media::Picture>(shown->picture)
                                   : codec::scale(shown->picture.view(), was.width(), was.height());
            picture_delays += static_cast<double>((now - source->second.second).count());
            if (out.pictures_shown % 5 != 0) continue; // comparing takes longer than coding
            psnr += codec::psnr(whole->view(), was.view());
            ssim += codec::ssim(whole->view(), was.view());
            ++compared;
        }
        if (ms % 10 == 7) {
            auto pulled = callee->pull_audio(now);
            static_cast<void>(caller->pull_audio(now));
            if (pulled.timestamp && out.first_heard == Duration(0)) out.first_heard = since;
            if (counts) {
                if (settled.played == 0) settled = callee->statistics(now).audio;
                const std::int64_t place = pulled.timestamp ? *pulled.timestamp - first_timestamp : -1;
                if (pulled.timestamp) blocks.push_back({out.heard.size(), place});
                if (place >= 0 && place == last_place + 480) {
                    // The first of these samples was said at place, and is heard now.
                    const Duration delay = since - media::duration_of(place);
                    delays += static_cast<double>(delay.count());
                    ++delays_count;
                    out.delay_max = std::max(out.delay_max, delay);
                }
                last_place = place;
                out.heard.insert(out.heard.end(), pulled.samples.begin(), pulled.samples.end());
            }
        }
        while (auto datagram = caller->next_datagram(now)) {
            const std::size_t size = datagram->size();
            if (counts) bytes += static_cast<double>(size + config.there.overhead_bytes);
            there.send(std::move(*datagram), size, now);
        }
        while (auto datagram = callee->next_datagram(now)) {
            const std::size_t size = datagram->size();
            back.send(std::move(*datagram), size, now);
        }
    }
    const Instant end = start + config.length;
    out.caller = caller->statistics(end);
    out.callee = callee->statistics(end);
    if (config.picture) out.longest_gap = std::max(out.longest_gap, end - last_shown);
    const auto played = static_cast<double>(out.callee.audio.played - settled.played);
    out.concealed_percent = 100.0 * static_cast<double>(out.callee.audio.concealed - settled.concealed) / played;
    if (delays_count > 0)
        out.delay_mean = Duration(static_cast<std::int64_t>(delays / static_cast<double>(delays_count)));
    out.segmental_snr_db = detail::segmental_snr(out.said, out.heard, blocks);
    if (compared > 0) {
        out.psnr_db = psnr / compared;
        out.ssim = ssim / compared;
        out.picture_delay_mean =
            Duration(static_cast<std::int64_t>(picture_delays / static_cast<double>(out.pictures_shown)));
    }
    out.used_bps = bytes * 8 / (static_cast<double>((config.length - config.settle).count()) / 1e6);
    return out;
}

} // namespace godwit::test

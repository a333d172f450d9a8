// SPDX-License-Identifier: Apache-2.0
// Senders who send as much as they may over one bottleneck, and receivers who say every 50 ms what came. Beside them
// traffic that answers to nothing, or a TCP.
#pragma once

#include "media/rate/pacer.hpp"
#include "media/rate/send_rate.hpp"
#include "media/rate/share.hpp"
#include "tests/media/support/link_model.hpp"

#include <deque>
#include <numeric>
#include <utility>

namespace godwit::test {

struct RateWorldConfig {
    LinkConfig there;
    LinkConfig back;
    Duration length = std::chrono::seconds(60);
    rate::Wishes wishes = {.audio = true, .video = true, .video_bps_max = 4'000'000};
    /// Changes the way there as time goes by.
    std::function<void(LinkConfig&, Duration)> each_ms;
    /// Of what pictures may take, what the encoder makes of them: nothing moves, little is sent. None: all.
    std::function<double(Duration)> picture_share;
    /// More of the same over the same path, each from its own second on.
    std::vector<Duration> others;
    /// Traffic that answers to nothing.
    std::function<double(Duration)> constant_bps;
    /// A TCP that has always something to send (AIMD, a window of packets), from then on, until then.
    std::optional<Duration> tcp_from;
    Duration tcp_until = std::chrono::hours(1);
    /// Looks at the first one, each millisecond.
    std::function<void(const rate::SendRate&, Duration)> look;
    std::uint64_t seed = 1;
};

struct RateSecond {
    double rate_bps = 0;    ///< Allowed, at its end.
    double arrived_bps = 0; ///< On the path, with overhead.
    double audio_bps = 0;   ///< Of audio's packets.
    double padding_bps = 0; ///< Sent.
    Duration delay_max{};   ///< Of any packet, there.
    Duration audio_delay_max{}, audio_delay_mean{};
    double loss = 0; ///< By the receiver.
};

struct RateWorldResult {
    std::vector<RateSecond> seconds;
    std::vector<std::vector<RateSecond>> others;
    std::vector<double> tcp_bps, constant_bps; ///< Arrived, by second.

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

/// One who sends: what an application gives, at the rate that is allowed, and what the receiver tells of it.
class RateFlow {
public:
    static constexpr std::size_t overhead = 60;
    struct Packet {
        std::size_t flow = 0;
        std::int64_t number = 0;
        std::size_t bytes = 0;
        Instant sent{};
        bool audio = false;
    };
    struct Told {
        std::size_t flow = 0;
        std::vector<rate::Fate> fates;
    };

    RateFlow(const RateWorldConfig& config, std::size_t flow) : config_(config), flow_(flow), random_(config.seed)
    {
        seconds.emplace_back();
    }

    void send(LinkModel<Packet>& there, std::int64_t ms, Instant now, Duration since)
    {
        const auto shares = rate::share(sender.rate_bps(), sender.lasting_loss(), config_.wishes);
        if (config_.wishes.audio && ms >= next_audio_ms_) {
            const auto bytes =
                static_cast<std::size_t>(rate::cost_bps(shares.audio) / 8 * shares.audio.frame_ms / 1000) - overhead;
            pacer_.push(rate::Priority::audio, Bytes(bytes), now);
            next_audio_ms_ = ms + shares.audio.frame_ms;
        }
        if (shares.video_bps > 0 && ms % 33 == 0 && pacer_.wait(rate::Priority::video) < rate::video_wait_max) {
            // Frames differ in size by half.
            std::uniform_real_distribution<double> size(0.6, 1.4);
            double bytes = shares.video_bps / 8 * 0.033 * size(random_) * 0.95;
            if (config_.picture_share) bytes *= config_.picture_share(since);
            for (; bytes > 1; bytes -= 1200)
                pacer_.push(rate::Priority::video, Bytes(static_cast<std::size_t>(std::min(bytes, 1140.0))), now);
        }
        file_credit_ = std::min(file_credit_ + shares.files_bps / 8 * 0.001, 20'000.0);
        while (config_.wishes.files && file_credit_ > 1200 &&
               pacer_.wait(rate::Priority::files) < std::chrono::milliseconds(50)) {
            pacer_.push(rate::Priority::files, Bytes(1140), now);
            file_credit_ -= 1200;
        }
        pacer_.set_rate(sender.rate_bps());
        sender.set_wanted(rate::wanted_bps(config_.wishes, sender.lasting_loss()));
        while (auto packet = pacer_.next(now)) {
            const std::size_t bytes = packet->data.size();
            sender.packet_sent(number_, bytes + overhead, now);
            there.send({flow_, number_++, bytes, now, packet->priority == rate::Priority::audio}, bytes, now);
        }
        while (const std::size_t bytes = sender.padding(now)) {
            sender.padding_sent(number_, bytes, now);
            there.send({flow_, number_++, bytes - overhead, now, false}, bytes - overhead, now);
            seconds.back().padding_bps += static_cast<double>(bytes) * 8;
        }
        sender.tick(now);
    }

    void arrived(const Packet& one, Instant at)
    {
        RateSecond& second = seconds.back();
        came_[one.number] = at.time_since_epoch() - std::chrono::minutes(59);
        told_ = std::min(told_, one.number); // others have overtaken it
        second.arrived_bps += static_cast<double>(one.bytes + overhead) * 8;
        if (one.audio) second.audio_bps += static_cast<double>(one.bytes + overhead) * 8;
        second.delay_max = std::max(second.delay_max, at - one.sent);
        if (one.audio) audio_delays_.push_back(at - one.sent);
        if (one.audio) second.audio_delay_max = std::max(second.audio_delay_max, at - one.sent);
    }

    void tell(LinkModel<Told>& back, Instant now)
    {
        if (came_.empty() || came_.rbegin()->first < told_) return;
        std::vector<rate::Fate> fates;
        for (std::int64_t n = told_; n <= came_.rbegin()->first; ++n) {
            const auto at = came_.find(n);
            fates.push_back({n, at == came_.end() ? std::nullopt : std::optional(at->second)});
        }
        told_ = came_.rbegin()->first + 1;
        came_.erase(came_.begin(), came_.lower_bound(told_ - 500));
        back.send({flow_, std::move(fates)}, 60, now);
    }

    void second_ends()
    {
        seconds.back().rate_bps = sender.rate_bps();
        seconds.back().loss = sender.loss();
        if (!audio_delays_.empty())
            seconds.back().audio_delay_mean = std::accumulate(audio_delays_.begin(), audio_delays_.end(), Duration{}) /
                                              static_cast<std::int64_t>(audio_delays_.size());
        audio_delays_.clear();
        seconds.emplace_back();
    }

    rate::SendRate sender;
    std::vector<RateSecond> seconds;

private:
    const RateWorldConfig& config_;
    const std::size_t flow_;
    rate::Pacer pacer_;
    std::int64_t number_ = 0, told_ = 0;
    std::map<std::int64_t, Duration> came_;
    std::vector<Duration> audio_delays_;
    std::mt19937_64 random_;
    double file_credit_ = 0;
    std::int64_t next_audio_ms_ = 0;
};

/// A TCP in small (RFC 5681): slow start, then a packet more a round trip; half of it when one is dropped.
class TcpFlow {
public:
    static constexpr std::size_t bytes = 1400;

    template <class Packet>
    void send(LinkModel<Packet>& there, std::size_t flow, Instant now)
    {
        while (under_way_ < window_) {
            const auto dropped = there.dropped + there.lost;
            Packet packet;
            packet.flow = flow;
            packet.bytes = bytes;
            packet.sent = now;
            there.send(packet, bytes, now);
            under_way_ += 1;
            if (there.dropped + there.lost == dropped) continue;
            under_way_ -= 1;
            if (now < recover_at_) return; // of the same window
            threshold_ = window_ = std::max(2.0, window_ / 2);
            recover_at_ = now + std::chrono::milliseconds(300);
            return;
        }
    }
    void acknowledged()
    {
        under_way_ -= 1;
        window_ += window_ < threshold_ ? 1 : 1 / window_;
    }

private:
    double window_ = 2, threshold_ = 1e9, under_way_ = 0;
    Instant recover_at_{};
};

inline RateWorldResult run(const RateWorldConfig& config)
{
    using Packet = RateFlow::Packet;
    const Instant start(std::chrono::hours(1));
    LinkModel<Packet> there(config.there, config.seed);
    LinkModel<RateFlow::Told> back(config.back, config.seed + 1);
    std::deque<RateFlow> flows;
    for (std::size_t i = 0; i <= config.others.size(); ++i)
        flows.emplace_back(config, i);
    const std::size_t tcp_flow = flows.size(), constant_flow = tcp_flow + 1;
    TcpFlow tcp;
    std::multimap<Instant, int> acknowledgements;
    RateWorldResult out;
    double tcp_bytes = 0, constant_bytes = 0, constant_credit = 0;
    for (std::int64_t ms = 0; ms < config.length / std::chrono::milliseconds(1); ++ms) {
        const Instant now = start + std::chrono::milliseconds(ms);
        const Duration since = now - start;
        if (config.each_ms) config.each_ms(there.config, since);
        for (std::size_t i = 0; i < flows.size(); ++i)
            if (i == 0 || since >= config.others[i - 1]) flows[i].send(there, ms, now, since);
        if (config.constant_bps) constant_credit += config.constant_bps(since) / 8000;
        for (; constant_credit >= 1200; constant_credit -= 1200)
            there.send({constant_flow, 0, 1140, now, false}, 1140, now);
        while (!acknowledgements.empty() && acknowledgements.begin()->first <= now) {
            acknowledgements.erase(acknowledgements.begin());
            tcp.acknowledged();
        }
        if (config.tcp_from && since >= *config.tcp_from && since < config.tcp_until) tcp.send(there, tcp_flow, now);
        there.receive(now, [&](const Packet& one, Instant at) {
            if (one.flow < flows.size()) return flows[one.flow].arrived(one, at);
            (one.flow == tcp_flow ? tcp_bytes : constant_bytes) += static_cast<double>(one.bytes + RateFlow::overhead);
            if (one.flow == tcp_flow) acknowledgements.emplace(at + config.back.delay, 0);
        });
        if (ms % 50 == 0)
            for (auto& flow : flows)
                flow.tell(back, now);
        back.receive(now,
                     [&](const RateFlow::Told& told, Instant at) { flows[told.flow].sender.feedback(told.fates, at); });
        if (config.look) config.look(flows.front().sender, since);
        if ((ms + 1) % 1000 == 0) {
            for (auto& flow : flows)
                flow.second_ends();
            out.tcp_bps.push_back(std::exchange(tcp_bytes, 0) * 8);
            out.constant_bps.push_back(std::exchange(constant_bytes, 0) * 8);
        }
    }
    for (auto& flow : flows)
        flow.seconds.pop_back();
    out.seconds = std::move(flows.front().seconds);
    for (std::size_t i = 1; i < flows.size(); ++i)
        out.others.push_back(std::move(flows[i].seconds));
    return out;
}

} // namespace godwit::test

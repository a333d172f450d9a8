// SPDX-License-Identifier: Apache-2.0
// rate: how much may be sent, by whom, and when. Sans-IO.
//
//   delay_trend.hpp  delay grows
//   queue_delay.hpp  what of it is a queue, and what is jitter
//   prober.hpp       padding now and then, to learn of room that nobody uses
//   loss_bound.hpp   losses, and whether they are ours
//   send_rate.hpp    both together: the rate (draft-ietf-rmcat-gcc-02)
//   share.hpp        one budget among audio, video and files
//   pacer.hpp        evenly, audio first
//
// Each packet of a path has a number (transport-wide); packet_sent() is told of it, feedback() what became of it.
//
//   overuse ──> 0.85 of what arrives, then hold until the queue is gone
//   normal ───> more: near the last limit by a packet a round trip, far from it by a share that grows itself
//   a queue that stands for long ──> drain it: less for some seconds, more than 0.85 would
//   limited by the application ──> the estimate stays; probes find out whether there is room for what is wanted
//   silence of the receiver ──> less and less
#pragma once

#include "lib/base/time.hpp"
#include "media/rate/delay_trend.hpp"
#include "media/rate/loss_bound.hpp"
#include "media/rate/prober.hpp"
#include "media/rate/queue_delay.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace godwit::rate {

inline constexpr double rate_min_bps = 20'000; ///< A voice at 6 kbit/s in frames of 60 ms, and what is around it.
inline constexpr double rate_max_bps = 20'000'000;
inline constexpr double rate_begin_bps = 300'000;
/// A queue that could not be emptied is let alone for so long.
inline constexpr Duration drain_pause = std::chrono::seconds(10);
/// Packets on the way whose fate is not known; older ones are forgotten.
inline constexpr std::size_t packets_under_way_max = 4096;

/// What became of one packet.
struct Fate {
    std::int64_t number = 0;
    std::optional<Duration> arrived; ///< On the receiver's clock; nullopt: it did not.
};

class SendRate {
public:
    /// `bytes`: with everything that is around it on the path. Numbers ascend.
    void packet_sent(std::int64_t number, std::size_t bytes, Instant now) { sent(number, bytes, now, false); }
    /// The same of a packet that is nothing but padding().
    void padding_sent(std::int64_t number, std::size_t bytes, Instant now) { sent(number, bytes, now, true); }
    /// What would be sent if the path were wide enough; probes go up to that. 0: no probes.
    void set_wanted(double bps) noexcept { wanted_bps_ = bps; }
    /// How large a packet of padding should leave now, when nothing else does; 0: none. Ask at padding_deadline(), too.
    [[nodiscard]] std::size_t padding(Instant now) { return prober_.padding(now); }
    [[nodiscard]] Instant padding_deadline() const noexcept { return prober_.deadline(); }
    /// One feedback, numbers ascending. Numbers that are not known, or whose arrival was told before, are skipped.
    void feedback(const std::vector<Fate>& fates, Instant now);
    /// From reports; without, what feedback shows counts.
    void set_round_trip(Duration round_trip) noexcept { round_trip_ = round_trip; }
    /// Lowers the rate when the receiver says nothing. Call it at deadline().
    void tick(Instant now);
    [[nodiscard]] Instant deadline() const noexcept;
    /// Another path: what was learned of the old one does not hold. The rate begins at half.
    void path_changed(Instant now);

    [[nodiscard]] double rate_bps() const noexcept;
    /// What arrived, per second, over the last half one; nullopt: nothing known yet.
    [[nodiscard]] std::optional<double> arriving_bps() const noexcept { return arriving_bps_; }
    [[nodiscard]] double loss() const noexcept { return losses_.loss(); }
    [[nodiscard]] double lasting_loss() const noexcept { return losses_.lasting_loss(); }
    /// How long packets stand in queues, as far as the least of the last ten to twenty seconds shows.
    [[nodiscard]] Duration queue() const noexcept { return ways_.queue(); }
    /// Of the ways there, beside what queues add.
    [[nodiscard]] Duration jitter() const noexcept { return ways_.jitter(); }
    [[nodiscard]] Usage usage() const noexcept { return trend_.usage(); }
    [[nodiscard]] Duration round_trip() const noexcept { return round_trip_; }

private:
    struct Sent {
        Instant at;
        std::size_t bytes;
        std::optional<Instant> missing_since{}; ///< Told not to have come; that may still be.
        bool lost = false;
    };
    void measure(const Sent& packet, Duration arrived);
    void control(Instant now);
    void decrease(Instant now);
    void increase(double elapsed_s);
    void sent(std::int64_t number, std::size_t bytes, Instant now, bool is_padding);
    void probe(Instant now);
    [[nodiscard]] bool drain(Instant now);
    void compete(Instant now);
    [[nodiscard]] Duration jitter_of_others() const noexcept;
    [[nodiscard]] double carried_bps() const;
    [[nodiscard]] bool application_limits() const noexcept;
    [[nodiscard]] bool path_carries_it() const noexcept;

    std::map<std::int64_t, Sent> under_way_;
    /// What is missing is lost after so long: as late as packets have been that others had overtaken (the reordering
    /// window of RFC 8985).
    Duration reordering_window_{};
    DelayTrend trend_;
    LossBound losses_;
    struct Arrival {
        Duration at;
        std::size_t bytes;
        Instant sent;
    };
    std::deque<Arrival> arrivals_; ///< Of the last half second.
    std::size_t arrivals_bytes_ = 0;
    std::optional<double> arriving_bps_;
    double offered_bps_ = 0; ///< What has arrived, at the rate at which it was sent.

    double delay_bps_ = rate_begin_bps; ///< What delay allows.
    Duration round_trip_ = std::chrono::milliseconds(100);
    Instant last_control_{}, last_decrease_{};
    bool decreased_ = false;
    // What arrived when the path was full, smoothed: its limit, as far as is known.
    double limit_bps_ = 0, limit_variance_ = 0;
    QueueDelay ways_;
    Prober prober_;
    double wanted_bps_ = 0;
    double proven_bps_ = 0; ///< What a probe has shown since the rate was lowered last.
    double sent_bps_ = 0;   ///< But for padding, over about the last half second.
    Instant last_sent_{};
    std::optional<Instant> draining_since_, drained_at_;
    struct Felt {
        Duration queue;
        Instant at;
    };
    std::optional<Felt> felt_;    ///< The queue when what was drained began to show.
    double before_drain_bps_ = 0; ///< What was allowed.
    bool competing_ = false;
    Instant competing_since_{};
    Duration compete_pause_ = drain_pause;
    double drain_bps_ = rate_max_bps; ///< What draining a queue allows.
    double growth_ = 0;               ///< Share a second by which the rate grows.
    Instant silent_since_{};
    bool waiting_ = false; ///< Packets are under way and their feedback is due.
};

} // namespace godwit::rate

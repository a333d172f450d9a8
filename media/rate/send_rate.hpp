// SPDX-License-Identifier: Apache-2.0
// rate: how much may be sent, by whom, and when. Sans-IO.
//
//   delay_trend.hpp  a queue grows
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
//   silence of the receiver ──> less and less
#pragma once

#include "lib/base/time.hpp"
#include "media/rate/delay_trend.hpp"
#include "media/rate/loss_bound.hpp"

#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace godwit::rate {

inline constexpr double rate_min_bps = 20'000; ///< A voice at 6 kbit/s in frames of 60 ms, and what is around it.
inline constexpr double rate_max_bps = 20'000'000;
inline constexpr double rate_begin_bps = 300'000;
/// So long after a decrease more is tried than what arrives proves; doubled each time that this was too much.
inline constexpr Duration trial_pause_first = std::chrono::seconds(8);
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
    void packet_sent(std::int64_t number, std::size_t bytes, Instant now);
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
    /// How long packets stand in queues, as far as the least of the last ten to twenty seconds shows.
    [[nodiscard]] Duration queue() const noexcept { return queue_; }
    [[nodiscard]] Usage usage() const noexcept { return trend_.usage(); }
    [[nodiscard]] Duration round_trip() const noexcept { return round_trip_; }

private:
    struct Sent {
        Instant at;
        std::size_t bytes;
        bool lost = false; ///< Told to be; it may still be told to have come.
    };
    void measure(std::size_t bytes, Duration arrived);
    void control(Instant now);
    void decrease(Instant now);
    void increase(double elapsed_s, Instant now);
    void learn_queue(Duration least_way, Instant now);
    [[nodiscard]] bool drain(Instant now);

    std::map<std::int64_t, Sent> under_way_;
    DelayTrend trend_;
    LossBound losses_;
    struct Arrival {
        Duration at;
        std::size_t bytes;
    };
    std::deque<Arrival> arrivals_; ///< Of the last half second.
    std::size_t arrivals_bytes_ = 0;
    std::optional<double> arriving_bps_;

    double delay_bps_ = rate_begin_bps; ///< What delay allows.
    Duration round_trip_ = std::chrono::milliseconds(100);
    Instant last_control_{}, last_decrease_{};
    bool decreased_ = false;
    Duration trial_pause_ = trial_pause_first;
    bool trying_ = false; ///< More is allowed than what arrives proves.
    // What arrived when the path was full, smoothed: its limit, as far as is known.
    double limit_bps_ = 0, limit_variance_ = 0;
    // Least way of a packet, in this and in the previous stretch of ten seconds; and what is above it now.
    std::optional<Duration> least_, least_before_;
    Instant least_since_{};
    Duration queue_{};
    std::optional<Instant> draining_since_, drained_at_;
    double drain_bps_ = rate_max_bps; ///< What draining a queue allows.
    double growth_ = 0;               ///< Share a second by which the rate grows.
    Instant silent_since_{};
    bool waiting_ = false; ///< Packets are under way and their feedback is due.
};

} // namespace godwit::rate

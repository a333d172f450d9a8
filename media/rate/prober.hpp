// SPDX-License-Identifier: Apache-2.0
// Whether the path carries more than what is sent over it: who sends voice alone never learns that there is room for
// pictures. For a moment as much is sent as would be wanted, filled up with padding, and what arrives is measured: a
// probe cluster. Sans-IO, as the rest of the room.
//
//   limited by the application, and all is calm ──> a cluster at twice the rate, up to what is wanted
//   it arrived as fast as it was sent ──> that is the rate; the next cluster at once
//   it did not ──> what arrived is the rate, if it is more; the next cluster later, and later each time
#pragma once

#include "lib/base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

namespace godwit::rate {

/// A cluster is so long at least, and longer where jitter would hide what it is to show; its bytes are bounded.
inline constexpr Duration probe_length_min = std::chrono::milliseconds(100),
                          probe_length_max = std::chrono::milliseconds(400);
inline constexpr std::size_t probe_bytes_max = std::size_t{64} << 10, probe_packets_min = 5;
/// Between clusters that found nothing: doubled each time.
inline constexpr Duration probe_pause_min = std::chrono::seconds(8), probe_pause_max = std::chrono::seconds(64);
/// Packets of padding, with what is around them.
inline constexpr std::size_t padding_bytes_min = 120, padding_bytes_max = 1'150;

class Prober {
public:
    /// Begins a cluster at `bps`, if none is under way and the pause is over. `loss`: what the path loses anyway, 0
    /// to 1. False: not now.
    bool begin(double bps, double loss, Duration jitter, Duration round_trip, Instant now);
    /// A cluster is being sent, or its answer is due.
    [[nodiscard]] bool is_out() const noexcept { return state_ != State::idle; }

    /// How large a packet of padding should leave now; 0: none.
    [[nodiscard]] std::size_t padding(Instant now);
    /// When the next one should; never: none.
    [[nodiscard]] Instant deadline() const noexcept;

    /// Of everything that leaves, numbers ascending.
    void sent(std::int64_t number, std::size_t bytes, Instant now);
    /// Of every number whose fate is told; who was missing may still arrive. `arrived`: on the receiver's clock.
    void arrived(std::int64_t number, std::size_t bytes, Duration arrived);
    void missing(std::int64_t number);
    /// After each feedback, of numbers up to `last_number`: the rate that the path has carried, once for each cluster;
    /// 0: it says nothing. `reordering`: so much later than others packets come.
    [[nodiscard]] std::optional<double> result(std::int64_t last_number, Duration reordering, Instant now);

    /// None before that.
    void wait_until(Instant then) noexcept { not_before_ = std::max(not_before_, then); }
    /// Begins anew: another path.
    void reset() { *this = Prober(); }

private:
    enum class State : std::uint8_t { idle = 1, sending = 2, waiting = 3 };
    [[nodiscard]] bool holds(std::int64_t number) const noexcept;
    struct Measured {
        double bps = 0;
        bool carried = false; ///< As fast as it was sent.
    };
    [[nodiscard]] std::optional<Measured> measured() const;
    void failed(Instant now);

    State state_ = State::idle;
    double bps_ = 0, loss_ = 0;
    Duration length_{}, answer_within_{};
    Instant begun_{}, last_sent_{}, not_before_{};
    Duration pause_ = probe_pause_min;
    std::size_t packet_bytes_ = 0;
    // Of the cluster: all, and the first one, which is not between two.
    std::int64_t first_ = 0, last_ = -1;
    std::size_t bytes_ = 0, packets_ = 0, first_bytes_ = 0;
    Instant first_sent_{};
    std::optional<Instant> told_at_; ///< Of the last one.
    std::size_t arrived_bytes_ = 0, arrived_packets_ = 0, earliest_bytes_ = 0;
    std::set<std::int64_t> missing_;
    std::optional<Duration> earliest_, latest_;
};

} // namespace godwit::rate

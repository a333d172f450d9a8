// SPDX-License-Identifier: Apache-2.0
// How long packets stand in queues, apart from how irregularly they come. A queue holds up every packet, jitter only
// most of them: so the least way of the last moment counts, above the least of the last ten to twenty seconds. What the
// others took longer is jitter (PDV, RFC 5481 section 4.2: delay variation above the least).
#pragma once

#include "lib/base/time.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace godwit::rate {

class QueueDelay {
public:
    /// `way`: from sending to arrival, of any origin: the clocks are two. `arrived`: on the receiver's clock. `now`:
    /// when that became known.
    void packet(Duration way, Duration arrived, Instant now);
    /// What came in the last tenth to third of a second, by jitter, had of a queue at least; 0: nothing known.
    [[nodiscard]] Duration queue() const noexcept { return queue_of(slots_wanted()); }
    /// The same of the last tenth of a second alone: at once there, and with more jitter in it.
    [[nodiscard]] Duration queue_at_once() const noexcept;
    /// The mean of what packets took longer than the least of their third of a second, smoothed over some seconds. How
    /// much a queue grows or shrinks within that time is left out.
    [[nodiscard]] Duration jitter() const noexcept { return jitter_; }
    /// How far the least way of such a stretch lies from those around it, as far as no queue explains it; no more than
    /// the jitter. Where packets do not overtake each other the least way itself stands in the jitter.
    [[nodiscard]] Duration unsteady() const noexcept { return unsteady_; }
    /// How much longer a way is than the least.
    [[nodiscard]] Duration above_least(Duration way) const noexcept
    {
        return least_ ? way - std::min(*least_, least_before_.value_or(*least_)) : Duration(0);
    }
    /// While somebody else fills the queue its shortest moments are not the path's: the least way stays what it was.
    void hold_least(bool is_held) noexcept { is_held_ = is_held; }
    /// Begins anew: another path.
    void reset() { *this = QueueDelay(); }

private:
    struct Stretch {
        Duration first{}, least{};
        std::int64_t sum_us = 0, count = 0; ///< Of what is above the first.
    };
    void stretch_ended();
    [[nodiscard]] std::int64_t slots_wanted() const noexcept;
    [[nodiscard]] Duration queue_of(std::int64_t slots_wanted) const noexcept;

    // Least way in this and in the previous stretch of ten seconds.
    std::optional<Duration> least_, least_before_;
    Instant least_since_{};
    bool is_held_ = false;
    Stretch stretch_;
    std::optional<Duration> stretch_before_, before_that_; ///< Their least ways.
    Instant stretch_since_{};
    // Least ways of what arrived in the last slots of 25 ms, that of the latest arrival among them.
    static constexpr std::size_t slots = 14;
    struct Slot {
        Duration least = Duration::max();
        std::int64_t packets = 0;
    };
    std::array<Slot, slots> recent_{};
    std::int64_t slot_ = 0;
    Duration jitter_{}, unsteady_{};
    int stretches_ = 0; ///< That it was learned of, up to the weight of one.
};

} // namespace godwit::rate

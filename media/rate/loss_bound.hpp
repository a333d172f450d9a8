// SPDX-License-Identifier: Apache-2.0
// What losses say of the rate (draft-ietf-rmcat-gcc-02 section 6): under 2 % more is allowed, above 10 % less. And one
// thing more: a radio loses whatever the rate is. When less did not help, that loss counts as the path's own, and only
// what comes on top of it counts.
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <limits>

namespace godwit::rate {

/// As much loss is ascribed to a path at most; beyond, something is too much for somebody.
inline constexpr double inherent_loss_max = 0.25;

class LossBound {
public:
    /// Of one feedback. `rate_bps`: what is allowed now. `is_used`: and about that much is sent; else lowering it has
    /// changed nothing yet, and is known to be in vain sooner.
    void feedback(std::uint32_t received, std::uint32_t lost, double rate_bps, bool is_used, Instant now);
    /// A probe at `bps` lost no more than is lost anyway: up to there losses are the path's own.
    void carried(double bps) noexcept;
    /// Not more than that; infinite while losses say nothing.
    [[nodiscard]] double bound_bps() const noexcept { return bound_bps_; }
    [[nodiscard]] double loss() const noexcept { return loss_; } ///< 0 to 1, of about the last second.
    /// The same, or that of the last five seconds if it is more: what is sent twice against losses goes by this, since
    /// of a voice's forty packets a fifth that is lost looks like a tenth now and then.
    [[nodiscard]] double lasting_loss() const noexcept;
    [[nodiscard]] double inherent_loss() const noexcept { return inherent_; }

private:
    double received_ = 0, lost_ = 0;                 ///< Fading sums.
    double lasting_received_ = 0, lasting_lost_ = 0; ///< These fade more slowly.
    double loss_ = 0, inherent_ = 0;
    double bound_bps_ = std::numeric_limits<double>::infinity();
    double raise_ = 0;
    Instant last_{}, last_step_{};
    // Since the rate is being lowered for losses:
    int lowered_ = 0;
    double loss_then_ = 0, rate_then_ = 0;
};

} // namespace godwit::rate

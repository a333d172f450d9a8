// SPDX-License-Identifier: Apache-2.0
// What the machine says about how much there is to do, for relay/core/shedding.
#pragma once

#include "relay/core/shedding.hpp"

namespace godwit::relay {

/// [overload] of the configuration.
struct OverloadLimits {
    /// Resident memory at which nothing but the least is served. 0: three quarters of what the machine, or the control
    /// group, has.
    std::uint64_t memory_bytes_max = 0;
    /// Waiting for clients who are slow to read, all together. Beyond, the slowest of them is closed, at once.
    std::uint64_t queued_bytes_max = std::uint64_t{256} * 1024 * 1024;
    /// Who takes nothing for so long of what waits for it is gone.
    Duration stalled_max = std::chrono::seconds(60);
    /// Of the core's ticks, smoothed.
    Duration tick_max = std::chrono::seconds(2);
};

/// How often it is measured.
inline constexpr Duration strain_interval = std::chrono::seconds(1);

/// Of this process; 0 when the system does not say.
[[nodiscard]] std::uint64_t resident_bytes();
/// The machine's memory, or less when a control group (cgroup v2) grants less; 0 when the system does not say.
[[nodiscard]] std::uint64_t granted_bytes();

class StrainGauge {
public:
    /// `limits` with what is not given filled in.
    explicit StrainGauge(OverloadLimits limits);

    void ticked(Duration took);
    /// Memory that the allocator holds for nobody goes back to the system before it counts.
    [[nodiscard]] Strain measure(std::uint64_t queued_bytes, Instant now);
    [[nodiscard]] const OverloadLimits& limits() const noexcept { return limits_; }

private:
    OverloadLimits limits_;
    Duration tick_{};
    bool ticked_ = false;
    Instant trim_from_{};
};

} // namespace godwit::relay

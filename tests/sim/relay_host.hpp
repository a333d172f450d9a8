// SPDX-License-Identifier: Apache-2.0
// The relay's process: a disk that lives, a core that may die. What comes in during one instant, or one batch, is one
// tick: gather → commit → speak, as the daemon has it.
#pragma once

#include "relay/core/core.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/disk.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <functional>
#include <memory>

namespace godwit::testing {

class World;

class RelayHost {
public:
    RelayHost(World& world, std::uint64_t seed, relay::Config config, DiskKind disk);

    RelayDisk disk;
    WallMs clock_skew_ms = 0;
    Duration batch{}; ///< How long a tick gathers.

    [[nodiscard]] bool running() const { return core_ != nullptr; }
    [[nodiscard]] std::uint64_t life() const { return life_; }
    [[nodiscard]] const relay::Core& core() const { return *core_; }
    [[nodiscard]] const relay::Config& config() const { return config_; }
    void start();
    void crash(Leaves leaves = Leaves::all);
    /// At the given seam of the next tick that writes; `detail` as for a Client.
    void crash_at(Seam seam, std::uint64_t detail, Leaves leaves);
    void live_on()
    {
        plan_.reset();
        disk.spare();
    }

    /// Into the tick that is open, or a new one.
    void input(const std::function<void(relay::Core&, Moment)>& what);

private:
    struct Plan {
        Seam seam = Seam::before_commit;
        std::uint64_t detail = 0;
        Leaves leaves = Leaves::all;
    };
    void turn();
    void schedule_deadline();
    [[nodiscard]] Moment now() const;

    World& world_;
    relay::Config config_;
    test::SeededEntropy entropy_;
    std::unique_ptr<relay::Core> core_;
    std::uint64_t life_ = 0;
    bool turn_planned_ = false;
    Instant wake_ = never;
    std::optional<Plan> plan_;
};

} // namespace godwit::testing

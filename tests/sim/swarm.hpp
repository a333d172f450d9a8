// SPDX-License-Identifier: Apache-2.0
// What one seed is made of: who is there, what disks and limits they have, and which kinds of fault may strike. Each
// seed takes a random part: faults that hide each other do not always come together ("swarm testing").
#pragma once

#include "relay/core/config.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/step.hpp"

#include <array>
#include <string>
#include <vector>

namespace godwit::testing {

struct SwarmDevice {
    std::string name;
    Nat nat = Nat::open;
    bool late = false; ///< Not there from the start; logs in when a step says so.
};

struct Swarm {
    std::vector<SwarmDevice> devices;                         ///< Of one account in a row, its first device first.
    std::vector<std::pair<std::size_t, std::size_t>> friends; ///< Accounts, by number.
    std::array<std::uint32_t, step_kind_count> weights{};     ///< How often a kind of step comes; 0: never.
    std::uint32_t steps = 0;
    // How often, between two steps, …
    std::uint32_t acts_percent = 0;   ///< … something is edited, taken back or reacted to;
    std::uint32_t groups_percent = 0; ///< … something happens in, or to, a group;
    std::uint32_t files_percent = 0;  ///< … or with a file;
    /// … or somebody comes or goes, and the others talk on.
    std::uint32_t turnover_percent = 0;
    std::uint32_t removals_percent = 0;
    Drive drive = Drive::ticker;
    DiskKind client_disk = DiskKind::memory;
    DiskKind relay_disk = DiskKind::memory;
    std::size_t events_max = 4096;
    bool turn = false;
    bool turn_silent = false; ///< Until all is healed.
    Duration relay_batch{};
    engine::Config client;
    relay::Config relay;
    bool small_limits = false;

    [[nodiscard]] bool has(StepKind kind) const { return weights[static_cast<std::size_t>(kind)] > 0; }
    /// One line for people.
    [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Swarm make_swarm(std::uint64_t seed, const Extras& extras = {});
[[nodiscard]] std::vector<Step> make_steps(std::uint64_t seed, const Swarm& swarm);

} // namespace godwit::testing

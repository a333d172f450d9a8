// SPDX-License-Identifier: Apache-2.0
// One thing that happens in phase 1: something is said, or something breaks. A scenario is a list of them.
//
// To add a kind: a line in step_kinds below, a case in Walk::step (walk.cpp), and a family in swarm.cpp that it belongs
// to. docs/sim.md shows an example.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::testing {

// X(name): what it does stands in Walk::step.
// clang-format off
#define GODWIT_SIM_STEPS(X) \
    X(say) X(say_much) X(read) \
    X(crash) X(crash_at_seam) X(start) X(disk_refuses) \
    X(relay_crash) X(relay_crash_at_seam) X(relay_start) X(relay_disk_refuses) \
    X(cut) X(cut_one_way) X(restore) X(break_links) \
    X(blackhole) X(direct_closed) X(nat_changes) X(quic_blocked) X(ice_fails) \
    X(delay) X(relay_delay) X(loss) X(corruption) \
    X(network_changed) X(clock_jumps) X(relay_clock_jumps) X(policy) \
    X(application_sleeps) X(application_wakes) \
    X(device_logs_in) X(device_logs_out) X(contact_removed) X(contact_added) X(contact_blocked) X(contact_unblocked) \
    X(quiet) \
    X(edit) X(recall) X(react) \
    X(group_create) X(group_say) X(group_invite) X(group_remove) X(group_leave) X(group_role) X(group_rules) \
    X(group_mute) X(group_race) X(group_link) X(group_dissolve) \
    X(file_send) X(file_fetch) X(file_pause) X(file_resume) X(file_cancel) X(file_disk_full) X(file_disk_fails) \
    X(device_parts) X(member_parts) X(member_comes) X(contact_parts) X(file_recall) X(parts_unread) \
    X(remove)
// clang-format on

enum class StepKind : std::uint8_t {
#define X(name) name,
    GODWIT_SIM_STEPS(X)
#undef X
};

inline constexpr std::array step_kinds{
#define X(name) std::string_view(#name),
    GODWIT_SIM_STEPS(X)
#undef X
};
inline constexpr std::size_t step_kind_count = step_kinds.size();

/// What came later than the other steps stands between them, with dice and numbers of its own: a seed that found
/// something without them still tells the same story without them.
inline constexpr std::uint32_t acts_from = 1'000;
inline constexpr std::uint32_t groups_from = 2'000;
inline constexpr std::uint32_t files_from = 3'000;
inline constexpr std::uint32_t turnover_from = 4'000;
inline constexpr std::uint32_t removals_from = 5'000;

/// Which of them a run has, where its seed wants them.
struct Extras {
    bool acts = true;
    bool groups = true;
    bool files = true;
    bool turnover = true;
    bool removals = false; ///< Asked for: its seeds are not all judged yet.
};
inline constexpr Extras no_extras{false, false, false, false, false};

struct Step {
    StepKind kind = StepKind::quiet;
    std::uint64_t who = 0;     ///< Which device (or none), modulo how many there are.
    std::uint64_t detail = 0;  ///< What else there is to decide: the kind's own dice.
    std::uint32_t wait_ms = 0; ///< How long the world runs afterwards.
    std::uint32_t index = 0;   ///< In the scenario as generated: its dice, whatever else was taken away.
                               ///< Extras count from acts_from, groups_from, files_from, turnover_from,
                               ///< removals_from.
};

[[nodiscard]] inline std::string describe(const Step& step)
{
    return std::to_string(step.index) + " " + std::string(step_kinds[static_cast<std::size_t>(step.kind)]) + " who " +
           std::to_string(step.who) + " detail " + std::to_string(step.detail) + ", then " +
           std::to_string(step.wait_ms) + " ms";
}

} // namespace godwit::testing

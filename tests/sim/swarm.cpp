// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/swarm.hpp"

#include <algorithm>
#include <random>

namespace godwit::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Faults that belong together, how likely a seed has them (percent), and how heavy each then weighs against talk.
struct Family {
    std::uint32_t percent = 50;
    std::vector<std::pair<StepKind, std::uint32_t>> steps;
};

std::vector<Family> families()
{
    using enum StepKind;
    return {
        {60, {{crash, 10}, {start, 10}}},
        {60, {{crash_at_seam, 20}, {start, 10}}},
        {35, {{disk_refuses, 12}, {start, 6}}},
        {50, {{relay_crash, 8}, {relay_start, 10}}},
        {45, {{relay_crash_at_seam, 12}, {relay_start, 10}}},
        {30, {{relay_disk_refuses, 10}, {relay_start, 3}}},
        {50, {{cut, 12}, {restore, 12}}},
        {30, {{cut_one_way, 10}, {restore, 10}}},
        {40, {{break_links, 10}}},
        {35, {{blackhole, 8}, {direct_closed, 8}}},
        {30, {{nat_changes, 10}, {network_changed, 6}}},
        {25, {{quic_blocked, 8}}},
        {25, {{ice_fails, 8}}},
        {50, {{delay, 10}, {relay_delay, 8}}},
        {45, {{loss, 12}}},
        {30, {{corruption, 8}}},
        {30, {{network_changed, 8}}},
        {40, {{clock_jumps, 12}, {relay_clock_jumps, 4}}},
        {35, {{policy, 10}}},
        {30, {{application_sleeps, 8}, {application_wakes, 10}}},
        {35, {{device_logs_in, 10}}},
        {20, {{device_logs_out, 5}, {device_logs_in, 5}}},
        {20, {{contact_removed, 4}, {contact_added, 8}}},
        {20, {{contact_blocked, 5}, {contact_unblocked, 8}}},
    };
}

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    std::uint64_t pick(std::uint64_t n) { return random_() % n; }
    bool percent(std::uint64_t chance) { return pick(100) < chance; }
    std::uint64_t any() { return random_(); }

private:
    std::mt19937_64 random_;
};

constexpr std::array<std::string_view, 6> people{"alice", "bob", "carol", "dave", "erin", "frank"};
constexpr std::array<std::string_view, 4> places{"", ".phone", ".tablet", ".work"};
constexpr std::size_t devices_max = 9;

void people_and_devices(Swarm& swarm, Dice& dice, bool churn)
{
    const auto roll = dice.pick(100);
    const std::size_t accounts = roll < 45 ? 2 : roll < 75 ? 3 : roll < 90 ? 4 : roll < 96 ? 5 : 6;
    for (std::size_t a = 0; a < accounts; ++a) {
        std::size_t many = dice.percent(55) ? 1 : dice.percent(75) ? 2 : 3;
        const std::size_t late = churn && dice.percent(60) ? 1 : 0;
        // Later accounts want one device each.
        const auto room = devices_max - swarm.devices.size() - (accounts - a - 1);
        many = std::clamp<std::size_t>(many + late, 1, std::min(room, places.size()));
        for (std::size_t d = 0; d < many; ++d) {
            SwarmDevice device;
            device.name = std::string(people[a]) + std::string(places[d]);
            device.late = d > 0 && d + late >= many;
            swarm.devices.push_back(std::move(device));
        }
        // Everybody knows somebody, and some know more.
        if (a > 0) swarm.friends.emplace_back(dice.pick(a), a);
        for (std::size_t b = 0; b + 1 < a; ++b)
            if (dice.percent(25) && swarm.friends.back().first != b) swarm.friends.emplace_back(b, a);
    }
}

void limits(Swarm& swarm, Dice& dice)
{
    // A walk lasts minutes: what takes days in life must happen within it.
    swarm.client.mailbox_reoffer_ms = 20'000;
    swarm.client.mailbox_retry = seconds(2);
    auto& rates = swarm.relay.limits;
    rates.contact_changes = {1'000'000, milliseconds(1)};
    rates.signals = {1'000'000, milliseconds(1)};
    rates.registrations_per_address = {1'000, milliseconds(1)};
    rates.login_per_account = rates.login_per_account_and_address =
        rates.login_per_address = {1'000'000, milliseconds(1)};
    rates.mailbox_messages_max = 100'000;
    swarm.small_limits = dice.percent(25);
    if (!swarm.small_limits) return;
    swarm.client.outbox_device_messages_max = static_cast<std::uint32_t>(20 + dice.pick(60));
    swarm.client.outbox_messages_max = 2 * swarm.client.outbox_device_messages_max;
    swarm.client.outbox_device_messages_assured = 4;
    swarm.client.held_messages_max = static_cast<std::uint32_t>(2 + dice.pick(12));
    swarm.client.in_flight_messages_max = static_cast<std::uint32_t>(1 + dice.pick(16));
    swarm.client.in_flight_bytes_max = static_cast<std::uint32_t>(1'000 + dice.pick(20'000));
    swarm.client.relay_in_flight_bytes_max = static_cast<std::uint32_t>(2'000 + dice.pick(40'000));
    swarm.client.tick_bytes_max = static_cast<std::uint32_t>(2'000 + dice.pick(40'000));
    swarm.client.events_untaken_max = static_cast<std::uint32_t>(1 + dice.pick(12));
    rates.mailbox_messages_max = static_cast<std::uint32_t>(20 + dice.pick(80));
    rates.mailbox_sender_percent_max = dice.percent(50) ? 25 : 100;
    rates.mailbox_window_messages_max = 1 + dice.pick(8);
    swarm.events_max = 2 + dice.pick(30);
}

/// More steps between those that were there first, drawn from `kinds` by dice of their own.
std::vector<Step> with_extras(Dice dice, std::uint32_t percent, const std::vector<StepKind>& kinds, std::uint32_t index,
                              const Swarm& swarm, std::vector<Step> steps)
{
    if (percent == 0) return steps;
    std::vector<Step> out;
    for (auto& step : steps) {
        out.push_back(step);
        if (step.index >= acts_from || !dice.percent(percent)) continue;
        Step extra;
        extra.kind = kinds[dice.pick(kinds.size())];
        extra.who = dice.pick(swarm.devices.size());
        extra.detail = dice.any();
        extra.wait_ms = static_cast<std::uint32_t>(dice.pick(dice.percent(20) ? 2'000 : 200));
        extra.index = index++;
        out.push_back(extra);
    }
    return out;
}

std::vector<StepKind> drawn(const std::vector<std::pair<StepKind, std::uint32_t>>& weights)
{
    std::vector<StepKind> out;
    for (const auto& [kind, weight] : weights)
        out.insert(out.end(), weight, kind);
    return out;
}

std::vector<StepKind> act_kinds()
{
    using enum StepKind;
    return {edit, edit, react, react, recall};
}

std::vector<StepKind> group_kinds()
{
    using enum StepKind;
    return drawn({{group_create, 6},
                  {group_say, 20},
                  {group_invite, 5},
                  {group_remove, 3},
                  {group_leave, 1},
                  {group_role, 3},
                  {group_rules, 4},
                  {group_mute, 1},
                  {group_race, 6},
                  {group_link, 2},
                  {group_dissolve, 1}});
}

std::vector<StepKind> file_kinds()
{
    using enum StepKind;
    return drawn({{file_send, 8},
                  {file_fetch, 2},
                  {file_pause, 2},
                  {file_resume, 2},
                  {file_cancel, 1},
                  {file_disk_full, 2},
                  {file_disk_fails, 2}});
}

/// What a swarm has of what may come and go.
std::vector<StepKind> turnover_kinds(const Swarm& swarm)
{
    using enum StepKind;
    return drawn({{device_parts, 3},
                  {member_parts, swarm.groups_percent > 0 ? 4 : 0},
                  {member_comes, swarm.groups_percent > 0 ? 4 : 0},
                  {contact_parts, 2},
                  {parts_unread, 3},
                  {file_recall, swarm.files_percent > 0 ? 4 : 0}});
}

/// What a file waits for must come within the minutes of a walk, too.
void file_limits(Swarm& swarm)
{
    auto& config = swarm.client;
    config.blob_retry_min = seconds(2);
    config.blob_retry_max = seconds(8);
    config.file_look_every = seconds(2);
    config.file_ask_again = seconds(4);
    config.disk_retry = seconds(3);
}

} // namespace

Swarm make_swarm(std::uint64_t seed, const Extras& extras)
{
    Dice dice(seed * 0x9e3779b97f4a7c15ULL + 1);
    Swarm swarm;
    using enum StepKind;
    const auto weigh = [&](StepKind kind, std::uint32_t more) {
        swarm.weights[static_cast<std::size_t>(kind)] += more;
    };
    weigh(say, 60);
    weigh(say_much, 3);
    weigh(read, 4);
    weigh(quiet, 6);
    for (const auto& family : families())
        if (dice.percent(family.percent))
            for (const auto& [kind, weight] : family.steps)
                weigh(kind, weight);

    swarm.drive = dice.percent(75) ? Drive::ticker : Drive::engine;
    swarm.client_disk = dice.percent(12) ? DiskKind::sqlite : DiskKind::memory;
    swarm.relay_disk = dice.percent(20) ? DiskKind::sqlite : DiskKind::memory;
    swarm.turn = dice.percent(50);
    if (dice.percent(30)) swarm.relay_batch = milliseconds(1 + dice.pick(20));
    people_and_devices(swarm, dice, swarm.has(device_logs_in));
    limits(swarm, dice);
    for (auto& device : swarm.devices)
        device.nat = dice.percent(40) ? Nat::open : static_cast<Nat>(dice.pick(nat_count));
    swarm.steps = static_cast<std::uint32_t>(40 + dice.pick(60));
    Dice acts(seed * 0x9e3779b97f4a7c15ULL + 3);
    if (acts.percent(50) && extras.acts) swarm.acts_percent = static_cast<std::uint32_t>(5 + acts.pick(40));
    Dice groups(seed * 0x9e3779b97f4a7c15ULL + 5);
    if (groups.percent(45) && extras.groups) swarm.groups_percent = static_cast<std::uint32_t>(15 + groups.pick(50));
    Dice files(seed * 0x9e3779b97f4a7c15ULL + 6);
    if (files.percent(30) && extras.files) swarm.files_percent = static_cast<std::uint32_t>(4 + files.pick(16));
    if (swarm.files_percent > 0) file_limits(swarm);
    Dice turn(seed * 0x9e3779b97f4a7c15ULL + 9);
    swarm.turn_silent = swarm.turn && turn.percent(15);
    Dice turnover(seed * 0x9e3779b97f4a7c15ULL + 10);
    if (turnover.percent(25) && extras.turnover) {
        swarm.turnover_percent = static_cast<std::uint32_t>(3 + turnover.pick(10));
        // What waits is offered again while those who went are still on their way; and groups that take more people
        // than a world has are like those of three.
        if (turnover.percent(50)) swarm.client.mailbox_reoffer_ms = 3'000;
        if (turnover.percent(40))
            swarm.client.group_direct_members_max = static_cast<std::uint32_t>(1 + turnover.pick(2));
    }
    Dice removals(seed * 0x9e3779b97f4a7c15ULL + 12);
    if (removals.percent(50) && extras.removals)
        swarm.removals_percent = static_cast<std::uint32_t>(5 + removals.pick(25));
    return swarm;
}

std::vector<Step> make_steps(std::uint64_t seed, const Swarm& swarm)
{
    Dice dice(seed * 0x9e3779b97f4a7c15ULL + 2);
    std::uint64_t total = 0;
    for (const auto weight : swarm.weights)
        total += weight;
    std::vector<Step> out;
    for (std::uint32_t i = 0; i < swarm.steps; ++i) {
        auto left = dice.pick(total);
        std::size_t kind = 0;
        while (left >= swarm.weights[kind])
            left -= swarm.weights[kind++];
        Step step;
        step.kind = static_cast<StepKind>(kind);
        step.who = dice.pick(swarm.devices.size());
        step.detail = dice.any();
        step.wait_ms = static_cast<std::uint32_t>(dice.pick(dice.percent(20) ? 6'000 : 400));
        step.index = i;
        out.push_back(step);
    }
    seed *= 0x9e3779b97f4a7c15ULL;
    out = with_extras(Dice(seed + 4), swarm.acts_percent, act_kinds(), acts_from, swarm, std::move(out));
    out = with_extras(Dice(seed + 7), swarm.groups_percent, group_kinds(), groups_from, swarm, std::move(out));
    out = with_extras(Dice(seed + 8), swarm.files_percent, file_kinds(), files_from, swarm, std::move(out));
    out = with_extras(Dice(seed + 11), swarm.turnover_percent, turnover_kinds(swarm), turnover_from, swarm,
                      std::move(out));
    return with_extras(Dice(seed + 13), swarm.removals_percent, {StepKind::remove}, removals_from, swarm,
                       std::move(out));
}

std::string Swarm::describe() const
{
    std::string out;
    for (const auto& device : devices)
        out += (out.empty() ? "" : " ") + device.name + (device.late ? "(late)" : "") + ":" +
               std::string(nat_name(device.nat));
    out += std::string("; ") + (drive == Drive::ticker ? "ticker" : "engine") + ", client disks " +
           (client_disk == DiskKind::memory ? "memory" : "sqlite") + ", relay disk " +
           (relay_disk == DiskKind::memory ? "memory" : "sqlite") +
           (turn ? turn_silent ? ", silent turn" : ", turn" : "") + (small_limits ? ", small limits" : "") +
           (acts_percent > 0 ? ", acts " + std::to_string(acts_percent) + " %" : "") +
           (groups_percent > 0 ? ", groups " + std::to_string(groups_percent) + " %" : "") +
           (files_percent > 0 ? ", files " + std::to_string(files_percent) + " %" : "") +
           (turnover_percent > 0 ? ", turnover " + std::to_string(turnover_percent) + " %" : "") +
           (removals_percent > 0 ? ", removals " + std::to_string(removals_percent) + " %" : "") + "; ";
    bool first = true;
    for (std::size_t i = 0; i < step_kind_count; ++i)
        if (weights[i] > 0) {
            out += (first ? "" : " ") + std::string(step_kinds[i]) + "=" + std::to_string(weights[i]);
            first = false;
        }
    return out;
}

} // namespace godwit::testing

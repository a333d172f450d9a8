// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/walk.hpp"

#include "tests/sim/broken.hpp"

#include <algorithm>

namespace godwit::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr WallMs clock_jump_ms_max = 600'000; // goals.md S1: ± 10 min

WallMs jump(std::uint64_t detail)
{
    return static_cast<WallMs>(detail % (2 * clock_jump_ms_max)) - clock_jump_ms_max;
}

/// Mostly a line; sometimes a page; rarely the longest there may be.
std::size_t text_bytes(std::uint64_t detail)
{
    if (detail % 100 == 0) return text_bytes_max;
    if (detail % 10 == 0) return 1'000 + detail % 9'000;
    return 20 + detail % 100;
}

} // namespace

Walk::Walk(std::uint64_t seed, Swarm swarm)
    : seed_(seed), swarm_(std::move(swarm)), world_(seed, swarm_.relay, swarm_.relay_disk), oracle_(world_)
{
}

// ---- before anything breaks ---------------------------------------------------------------------

void Walk::set_up()
{
    world_.network.turn_possible = swarm_.turn;
    world_.network.turn_silent = swarm_.turn_silent;
    world_.relay.batch = swarm_.relay_batch;
    std::vector<Client*> settled;
    std::vector<Client*> firsts;
    for (const auto& one : swarm_.devices) {
        ClientOptions options;
        options.config = swarm_.client;
        options.disk = swarm_.client_disk;
        options.drive = swarm_.drive;
        options.events_max = swarm_.events_max;
        auto& client = world_.client(one.name, std::move(options));
        client.nat = one.nat;
        devices_.push_back(&client);
        if (one.name == client.account()) firsts.push_back(&client);
        if (!one.late) settled.push_back(&client);
    }
    for (const auto& [a, b] : swarm_.friends)
        world_.befriend(*firsts[a], *firsts[b]);
    for (auto* client : settled) {
        if (client->running()) continue;
        client->start();
        const auto answer = client->wait(client->enter(false));
        demand(answer.error.code == ErrorCode::ok, client->name + " cannot log in: " + answer.error.detail);
    }
    // Everybody knows every device of everybody they know.
    const auto devices_of = [&](const std::string& account) {
        return static_cast<std::uint32_t>(std::count_if(settled.begin(), settled.end(),
                                                        [&](const Client* one) { return one->account() == account; }));
    };
    const auto all_known = [&] {
        for (auto* client : settled)
            for (const auto& user : friends_of(client->account())) {
                const auto contacts = client->contacts();
                const auto at = std::find_if(contacts.begin(), contacts.end(),
                                             [&](const Contact& contact) { return contact.user == user; });
                if (at == contacts.end() || at->device_count != devices_of(user)) return false;
            }
        return true;
    };
    for (int tries = 0; !all_known(); ++tries) {
        demand(tries < 20, "people do not find each other");
        world_.run_for(milliseconds(500));
    }
    world_.run_for(seconds(1)); // News of own devices too.
    oracle_.settle(settled);
    members_.insert(settled.begin(), settled.end());
}

std::vector<std::string> Walk::friends_of(const std::string& account) const
{
    std::vector<std::string> firsts;
    for (const auto& one : swarm_.devices)
        if (World::account(one.name) == one.name) firsts.push_back(one.name);
    std::vector<std::string> out;
    for (const auto& [a, b] : swarm_.friends) {
        if (firsts[a] == account) out.push_back(firsts[b]);
        if (firsts[b] == account) out.push_back(firsts[a]);
    }
    return out;
}

// ---- phase 1 ------------------------------------------------------------------------------------

void Walk::step(const Step& step)
{
    auto& one = device(step.who);
    auto& network = world_.network;
    const auto detail = step.detail;
    const auto leaves = static_cast<Leaves>(detail % leaves_count);
    const auto seam = static_cast<Seam>(detail / 8 % seam_count);
    const auto at = detail / 64 % 24;
    const auto ms = [&](std::uint64_t n) { return milliseconds(static_cast<Duration::rep>(n)); };
    const bool there = members_.contains(&one);
    world_.say("step " + describe(step) + " (" + one.name + ")");
    world_.hash.note(world_.now(), "step", step.index);

    switch (step.kind) {
    case StepKind::say: say(one, detail, 1 + detail % 3); break;
    case StepKind::say_much: say(one, detail, detail % 8 == 0 ? 120 : 20); break;
    case StepKind::read:
        if (one.running()) one.ask(request::History{friends_of(one.account()).front(), 50, {}});
        break;
    case StepKind::crash: one.crash(leaves); break;
    case StepKind::crash_at_seam: one.crash_at(seam, at, leaves); break;
    case StepKind::start:
        if (there && !one.running()) one.start();
        break;
    case StepKind::disk_refuses: {
        const auto how = static_cast<Refusal>(detail % refusal_count);
        if (!there) break;
        if (how == Refusal::sync_error && swarm_.client_disk == DiskKind::sqlite) sync_failed_.insert(&one);
        one.disk.refuse_at(1 + at, how);
        break;
    }
    case StepKind::relay_crash: world_.relay.crash(leaves); break;
    case StepKind::relay_crash_at_seam: world_.relay.crash_at(seam, at, leaves); break;
    case StepKind::relay_start: world_.relay.start(); break;
    case StepKind::relay_disk_refuses:
        world_.relay.disk.refuse_at(1 + at, static_cast<Refusal>(detail % refusal_count));
        break;
    case StepKind::cut: world_.cut(one); break;
    case StepKind::cut_one_way: world_.cut(one, detail % 2 == 0 ? Cut::incoming : Cut::outgoing); break;
    case StepKind::restore: world_.restore(one); break;
    case StepKind::break_links: world_.break_links(one); break;
    case StepKind::blackhole: network.direct_blackholed = !network.direct_blackholed; break;
    case StepKind::direct_closed: network.direct_possible = !network.direct_possible; break;
    case StepKind::nat_changes:
        one.nat = static_cast<Nat>(detail % nat_count);
        world_.break_links(one);
        break;
    case StepKind::quic_blocked: network.quic_blocked = !network.quic_blocked; break;
    case StepKind::ice_fails: network.ice_fails_percent = static_cast<std::uint32_t>(detail % 2 * (detail % 90)); break;
    case StepKind::delay: network.delay_max = ms(10 + detail % (detail % 5 == 0 ? 5000 : 150)); break;
    case StepKind::relay_delay: network.relay_extra = ms(detail % 3 == 0 ? 0 : detail % 2000); break;
    case StepKind::loss:
        network.loss_percent = static_cast<std::uint32_t>(detail % 41);
        network.loss_burst = static_cast<std::uint32_t>(1 + detail / 64 % 12);
        break;
    case StepKind::corruption:
        network.corrupt_per_million = static_cast<std::uint32_t>(detail % 2 * (detail % 30'000));
        break;
    case StepKind::network_changed:
        if (one.running()) one.ask(request::NetworkChanged{});
        break;
    case StepKind::clock_jumps: one.clock_skew_ms = jump(detail); break;
    case StepKind::relay_clock_jumps: world_.relay.clock_skew_ms = jump(detail); break;
    case StepKind::policy:
        if (one.running()) one.ask(request::SetPolicy{static_cast<PathPolicy>(detail % 4)});
        break;
    case StepKind::application_sleeps: one.takes_events = false; break;
    case StepKind::application_wakes:
        one.takes_events = true;
        one.take_events();
        break;
    case StepKind::device_logs_in: log_in(one); break;
    case StepKind::device_logs_out:
        if (!there || !one.running() || !one.logged_in()) break;
        oracle_.asked_to_log_out(one);
        one.ask(request::Logout{});
        break;
    case StepKind::contact_removed:
    case StepKind::contact_added:
    case StepKind::contact_blocked:
    case StepKind::contact_unblocked: contact(one, detail, step.kind); break;
    case StepKind::quiet: break;
    case StepKind::edit:
    case StepKind::recall:
    case StepKind::react: act(one, detail, step.kind); break;
    case StepKind::group_create:
    case StepKind::group_say:
    case StepKind::group_invite:
    case StepKind::group_remove:
    case StepKind::group_leave:
    case StepKind::group_role:
    case StepKind::group_rules:
    case StepKind::group_mute:
    case StepKind::group_race:
    case StepKind::group_link:
    case StepKind::group_dissolve: group(one, detail, step.kind); break;
    case StepKind::file_send:
    case StepKind::file_fetch:
    case StepKind::file_pause:
    case StepKind::file_resume:
    case StepKind::file_cancel:
    case StepKind::file_disk_full:
    case StepKind::file_disk_fails: file(one, detail, step.kind); break;
    case StepKind::device_parts:
    case StepKind::member_parts:
    case StepKind::member_comes:
    case StepKind::contact_parts:
    case StepKind::parts_unread:
    case StepKind::file_recall: turnover(one, detail, step.kind); break;
    case StepKind::remove: remove(one, detail); break;
    }
    // Nobody stays dead for long: what is dead hides what would break.
    for (auto* client : devices_)
        if (members_.contains(client) && !client->running() && world_.random() % 4 == 0) client->start();
    world_.run_for(ms(step.wait_ms));
    go_on();
}

void Walk::say(Client& from, std::uint64_t detail, std::size_t messages)
{
    if (!from.running()) return;
    const auto friends = friends_of(from.account());
    const auto& to = friends[detail / 7 % friends.size()];
    for (std::size_t i = 0; i < messages && from.running(); ++i)
        (void)from.ask(request::Send{to, oracle_.text(from, to, text_bytes(detail / 1024 + i)), {}});
}

/// On something that is here: on what the own account said, or, with a reaction, on anything.
void Walk::act(Client& by, std::uint64_t detail, StepKind kind)
{
    if (!by.running()) return;
    const auto target = oracle_.something_said(by, detail, kind != StepKind::react);
    if (!target) return;
    if (kind == StepKind::edit)
        by.ask(request::Edit{*target, oracle_.edition(*target)});
    else if (kind == StepKind::recall)
        by.ask(request::Recall{*target});
    else
        by.ask(
            request::React{*target, std::string(1, static_cast<char>('a' + detail / 64 % 3)), detail / 1024 % 4 != 0});
}

void Walk::contact(Client& one, std::uint64_t detail, StepKind kind)
{
    if (!one.running()) return;
    const auto friends = friends_of(one.account());
    const auto& other = friends[detail % friends.size()];
    switch (kind) {
    case StepKind::contact_removed:
        oracle_.severs(one.account(), other);
        one.ask(request::ContactRemove{other});
        break;
    case StepKind::contact_added:
        for (auto* client : devices_)
            if (client->running() && (client->name == other || client == &one))
                client->ask(request::ContactAdd{client == &one ? other : one.account()});
        break;
    case StepKind::contact_blocked:
        oracle_.severs(one.account(), other);
        to_unblock_[{one.account(), other}] = {};
        one.ask(request::ContactBlock{other});
        break;
    default: one.ask(request::ContactUnblock{other}); break;
    }
}

void Walk::log_in(Client& client)
{
    if (client.running() && client.logged_in()) return;
    members_.insert(&client);
    oracle_.joins(client);
    if (!client.running()) client.start();
    if (client.running() && !client.logged_in()) logging_in_[&client] = {client.lives(), client.enter(false), &client};
}

// ---- phase 2 ------------------------------------------------------------------------------------

void Walk::heal()
{
    world_.say("healed");
    healed_ = true;
    world_.network = Network{};
    world_.network.turn_possible = swarm_.turn;
    auto& relay = world_.relay;
    relay.live_on();
    relay.disk.refuse_at(0, Refusal::full);
    relay.clock_skew_ms = 0;
    relay.start();
    for (auto* client : devices_) {
        world_.restore(*client);
        client->disk.refuse_at(0, Refusal::full);
        client->live_on();
        client->clock_skew_ms = 0;
        client->takes_events = true;
        client->files.full = client->files.sync_fails = false;
        if (!members_.contains(client)) continue;
        if (sync_failed_.contains(client)) client->crash();
        if (!client->running()) client->start();
        client->take_events();
    }
    for (auto* client : members_in_order())
        client->ask(request::SetPolicy{PathPolicy::direct_first});
}

/// What people do by hand when they see that it did not work: log in again, undo a block.
void Walk::chores()
{
    for (auto* client : members_in_order()) {
        const auto at = logging_in_.find(client);
        if (at == logging_in_.end() || undecided(*client, at->second)) continue;
        if (client->logged_in())
            logging_in_.erase(at);
        else
            at->second = {client->lives(), client->enter(false), client};
    }
    fetch_files();
    auto& relay = world_.relay.disk.store();
    for (auto& [whom, wish] : to_unblock_) {
        const auto one = relay.account(whom.first);
        const auto other = relay.account(whom.second);
        // Still, or again: the request to block may have been slower than the one to unblock.
        if (!one || !other || relay.contact(one->row, other->row) != wire::RosterState::blocked) continue;
        if (wish.by != nullptr && undecided(*wish.by, wish)) continue;
        for (auto* client : members_in_order())
            if (client->account() == whom.first && client->running() && client->logged_in()) {
                wish = {client->lives(), client->ask(request::ContactUnblock{whom.second}), client};
                break;
            }
    }
}

std::vector<Client*> Walk::members_in_order() const
{
    std::vector<Client*> out;
    for (auto* client : devices_)
        if (members_.contains(client)) out.push_back(client);
    return out;
}

/// How long it took until all was terminal.
Duration Walk::come_to_rest()
{
    const auto begin = world_.now();
    const auto limit = swarm_.has(StepKind::contact_blocked) ? terminal_after_block_max : terminal_max;
    std::optional<Instant> terminal_at;
    const auto late = [&](Instant since, Duration max, const std::string& what) {
        if (world_.now() < since + max) return;
        throw Broken("no rest: after " + std::to_string(std::chrono::duration_cast<seconds>(max).count()) + " s " +
                     what);
    };
    for (std::uint32_t turn = 0;; ++turn) {
        if (turn % 10 == 0) chores();
        world_.run_for(milliseconds(100));
        go_on();
        if (const auto open = adding_.empty() ? oracle_.under_way() : "a file is being added"; !open.empty()) {
            terminal_at.reset(); // Chores may set something going.
            late(begin, limit, open);
            continue;
        }
        if (!terminal_at) terminal_at = world_.now();
        const auto restless = oracle_.restless();
        if (restless.empty() && logging_in_.empty()) return *terminal_at - begin;
        late(*terminal_at, rest_after_terminal_max, restless.empty() ? "somebody cannot log in" : restless);
    }
}

// ---- all of it ----------------------------------------------------------------------------------

Outcome Walk::run(const std::vector<Step>& steps)
{
    Outcome out;
    try {
        set_up();
        world_.observer = &oracle_;
        std::uint32_t since_check = 0;
        for (const auto& one : steps) {
            out.steps.push_back(one);
            // Its own dice, so that it does the same when others are taken away.
            world_.random.seed(seed_ * 1'000'003 + one.index);
            step(one);
            // Looking at real disks costs: not after each step.
            if (swarm_.client_disk == DiskKind::memory || ++since_check % 8 == 0) oracle_.step();
        }
        world_.random.seed(seed_);
        heal();
        out.rest = come_to_rest();
        look_at_groups();
        save_files();
        oracle_.rest();
    } catch (const std::exception& broken) {
        out.verdict = broken.what();
    }
    out.hash = world_.hash.value();
    out.said = oracle_.said();
    out.accepted = oracle_.accepted();
    out.happened = world_.happened();
    out.turned = world_.turned_links();
    return out;
}

Outcome run_seed(std::uint64_t seed, const std::vector<std::uint32_t>* kept, const Extras& extras)
{
    auto swarm = make_swarm(seed, extras);
    auto steps = make_steps(seed, swarm);
    if (kept != nullptr)
        std::erase_if(
            steps, [&](const Step& step) { return std::find(kept->begin(), kept->end(), step.index) == kept->end(); });
    return Walk(seed, swarm).run(steps);
}

} // namespace godwit::testing

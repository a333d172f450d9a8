// SPDX-License-Identifier: Apache-2.0
#include "lib/route/path_table.hpp"

#include <algorithm>

namespace godwit::route {

namespace {

Way* find_way(std::vector<Way>& ways, std::uint64_t link)
{
    const auto at = std::find_if(ways.begin(), ways.end(), [&](const Way& way) { return way.link == link; });
    return at == ways.end() ? nullptr : &*at;
}

} // namespace

bool PathTable::add(const DeviceId& device, std::uint64_t link, Path path)
{
    auto& entry = devices_[device];
    if (entry.ways.size() >= ways_per_device_max) return false;
    entry.ways.push_back({path, Health::up, link, ++born_});
    if (path == Path::direct) restore_patience(entry);
    return true;
}

void PathTable::set_health(const DeviceId& device, std::uint64_t link, Health health)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return;
    if (auto* way = find_way(at->second.ways, link)) way->health = health;
}

void PathTable::set_path(const DeviceId& device, std::uint64_t link, Path path)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return;
    if (auto* way = find_way(at->second.ways, link)) {
        way->path = path;
        if (path == Path::direct) restore_patience(at->second);
    }
}

void PathTable::remove(const DeviceId& device, std::uint64_t link)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return;
    std::erase_if(at->second.ways, [&](const Way& way) { return way.link == link; });
}

void PathTable::lose_patience(const DeviceId& device, std::string trouble, Instant now)
{
    auto& entry = devices_[device];
    entry.patience_until = now;
    entry.trouble = std::move(trouble);
}

void PathTable::note_trouble(const DeviceId& device, std::string trouble)
{
    devices_[device].trouble = std::move(trouble);
}

void PathTable::wipe_slate(const DeviceId& device)
{
    const auto at = devices_.find(device);
    if (at != devices_.end()) restore_patience(at->second);
}

void PathTable::wipe_all_slates()
{
    for (auto& [id, entry] : devices_)
        restore_patience(entry);
}

void PathTable::restore_patience(Device& device)
{
    device.patience_until = never;
    device.trouble.clear();
}

Choice PathTable::choose(const DeviceId& device, const Outside& outside, bool content_waits, Instant now)
{
    const auto at = devices_.find(device);
    Situation situation;
    situation.policy = outside.policy;
    situation.relay_ready = outside.relay_ready;
    situation.peer_online = outside.peer_online;
    situation.turn_available = outside.turn_available;
    if (at != devices_.end()) {
        situation.ways = at->second.ways;
        situation.patience_until = at->second.patience_until;
        situation.trouble = at->second.trouble;
    }
    auto choice = route::choose(situation, now);
    if (choice.wait_begins && content_waits) devices_[device].patience_until = now + outside.direct_attempt_max;
    return choice;
}

Instant PathTable::patience_until(const DeviceId& device) const
{
    const auto at = devices_.find(device);
    return at == devices_.end() ? never : at->second.patience_until;
}

const PathTable::Device* PathTable::find(const DeviceId& device) const
{
    const auto at = devices_.find(device);
    return at == devices_.end() ? nullptr : &at->second;
}

const Way* PathTable::best_link(const DeviceId& device, PathPolicy policy) const
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return nullptr;
    const Way* best = nullptr;
    for (const auto& way : at->second.ways)
        if (way.health != Health::dead && allowed(way.path, policy) && (!best || better(way, *best, policy)))
            best = &way;
    return best;
}

} // namespace godwit::route

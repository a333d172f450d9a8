// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/due.hpp"

#include <algorithm>

namespace godwit::delivery {
namespace {

/// Rows of the store that are read at once.
constexpr std::uint32_t page_max = 256;

} // namespace

void Due::load(port::Store& store)
{
    entries_.clear();
    waiting_.clear();
    for (const auto& device : store.due_devices()) {
        std::string after;
        for (;;) {
            const auto page = store.due(device, after, false, page_max);
            for (const auto& row : page)
                if (row.message.is_zero())
                    waiting_.try_emplace(device);
                else
                    entries_[device].open.insert(row.message);
            if (page.size() < page_max) break;
            after = page.back().name;
        }
    }
}

void Due::note(port::Store& store, const DeviceId& device, const std::string& name, Instant from)
{
    store.put_due({device, name, {}});
    auto& since = waiting_.try_emplace(device, from).first->second;
    since = earlier(since, from);
}

std::set<DeviceId> Due::waiting() const
{
    std::set<DeviceId> out;
    for (const auto& [device, from] : waiting_)
        out.insert(device);
    return out;
}

std::vector<std::string> Due::names(port::Store& store, const DeviceId& device, std::uint32_t limit) const
{
    std::vector<std::string> out;
    for (auto& row : store.due(device, {}, true, limit))
        out.push_back(std::move(row.name));
    return out;
}

Duration Due::rest(std::size_t open)
{
    auto out = due_rest_min;
    for (std::size_t n = due_open_at_once; n < open && out < due_rest_max; ++n)
        out *= 2;
    return std::min(out, due_rest_max);
}

bool Due::may_make(const DeviceId& device, Instant now) const
{
    if (const auto waits = waiting_.find(device); waits != waiting_.end() && waits->second > now) return false;
    const auto at = entries_.find(device);
    if (at == entries_.end()) return true;
    const auto open = at->second.open.size();
    return open < due_open_at_once || (open < due_open_max && at->second.last + rest(open) <= now);
}

void Due::made(port::Store& store, const DeviceId& device, const std::vector<std::string>& names, const MessageId& id,
               Instant now)
{
    for (const auto& name : names)
        store.put_due({device, name, id});
    auto& entry = entries_[device];
    entry.open.insert(id);
    entry.last = now;
    look(store, device);
}

void Due::drop(port::Store& store, const DeviceId& device, std::string_view name)
{
    store.remove_due(device, name);
    look(store, device);
}

void Due::drop_all(port::Store& store, const DeviceId& device)
{
    store.remove_due_to(device);
    waiting_.erase(device);
}

void Due::settled(port::Store& store, const DeviceId& device, const MessageId& id, bool again)
{
    const auto at = entries_.find(device);
    if (at == entries_.end() || at->second.open.erase(id) == 0) return;
    if (at->second.open.empty()) entries_.erase(at);
    for (;;) {
        const auto names = store.due_in(device, id, page_max);
        for (const auto& name : names)
            if (again)
                note(store, device, name);
            else
                store.remove_due(device, name);
        if (names.size() < page_max) return;
    }
}

std::vector<Due::Open> Due::open() const
{
    std::vector<Open> out;
    for (const auto& [device, entry] : entries_)
        for (const auto& id : entry.open)
            out.push_back({device, id});
    return out;
}

Instant Due::deadline() const
{
    Instant out = never;
    for (const auto& [device, from] : waiting_) {
        const auto at = entries_.find(device);
        const auto open = at == entries_.end() ? 0 : at->second.open.size();
        if (open < due_open_at_once)
            out = earlier(out, from);
        else if (open < due_open_max)
            out = earlier(out, std::max(from, at->second.last + rest(open)));
    }
    return out;
}

void Due::look(port::Store& store, const DeviceId& device)
{
    if (store.due(device, {}, true, 1).empty())
        waiting_.erase(device);
    else
        waiting_.try_emplace(device);
}

} // namespace godwit::delivery

// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/reload.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay {
namespace {

/// Tables and keys that are looked up each time they matter.
constexpr std::array<std::string_view, 9> live = {
    "registration.", "directory.", "clients.", "limits.", "stun.", "turn", "log.", "drain.", "metrics.disk_free_mib"};
/// Of those, what the transports took at the start.
constexpr std::array<std::string_view, 8> fixed = {"limits.links",
                                                   "limits.links_per_address",
                                                   "limits.half_open_per_address",
                                                   "limits.idle_s",
                                                   "limits.retry_always",
                                                   "limits.login_s",
                                                   "limits.arrivals_per_address_burst",
                                                   "limits.arrivals_per_address_per_s"};

bool is_within(std::string_view key, std::string_view name)
{
    return name.back() == '.' ? key.substr(0, name.size()) == name : key == name;
}

} // namespace

bool is_live(std::string_view key)
{
    if (std::find(fixed.begin(), fixed.end(), key) != fixed.end()) return false;
    return std::any_of(live.begin(), live.end(), [&](std::string_view name) { return is_within(key, name); });
}

ReloadPlan plan_reload(const ConfigValues& old, const ConfigValues& fresh)
{
    ReloadPlan out;
    const auto note = [&](const std::string& key) { (is_live(key) ? out.applied : out.restart).push_back(key); };
    for (const auto& [key, value] : old)
        if (const auto now = fresh.find(key); now == fresh.end() || now->second != value) note(key);
    for (const auto& [key, value] : fresh)
        if (!old.contains(key)) note(key);
    std::sort(out.applied.begin(), out.applied.end());
    std::sort(out.restart.begin(), out.restart.end());
    return out;
}

std::string joined(const std::vector<std::string>& keys)
{
    std::string out;
    for (const auto& key : keys)
        out += (out.empty() ? "" : ", ") + key;
    return out;
}

} // namespace godwit::relay

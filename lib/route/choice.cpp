// SPDX-License-Identifier: Apache-2.0
//   ways that policy allows and health permits ── best first ──> Choice
//   none live?  direct_first: wait for a direct path while patience lasts, then the mailbox
//               direct_only:  wait;   relay_only: the mailbox;   race: the mailbox too
#include "lib/route/choice.hpp"

#include <algorithm>
#include <cstdio>

namespace godwit::route {

namespace {

/// Smaller is preferred.
int rank(Path path) noexcept
{
    switch (path) {
    case Path::direct: return 0;
    case Path::turned: return 1;
    case Path::mailbox: return 2;
    case Path::none: break;
    }
    return 3;
}

constexpr Way mailbox_way{Path::mailbox, Health::up, 0, 0};

std::string live_reason(Path path, std::string_view trouble)
{
    if (path == Path::direct) return "direct path open";
    if (trouble.empty()) return "TURN path open";
    return "TURN path open; " + std::string(trouble);
}

/// Should devices look for a path between them? Only while they can signal.
bool worth_seeking(const Situation& s, bool have_direct)
{
    if (!s.relay_ready || !s.peer_online) return false;
    if (s.policy == PathPolicy::relay_only) return s.turn_available && s.ways.empty();
    return !have_direct;
}

} // namespace

bool allowed(Path path, PathPolicy policy) noexcept
{
    switch (path) {
    case Path::none: return false;
    case Path::direct: return policy != PathPolicy::relay_only;
    case Path::turned: return policy != PathPolicy::direct_only;
    case Path::mailbox: return policy != PathPolicy::direct_only;
    }
    return false;
}

bool better(const Way& a, const Way& b, PathPolicy policy) noexcept
{
    const bool a_usable = allowed(a.path, policy) && a.health != Health::dead;
    const bool b_usable = allowed(b.path, policy) && b.health != Health::dead;
    if (a_usable != b_usable) return a_usable;
    if (rank(a.path) != rank(b.path)) return rank(a.path) < rank(b.path);
    if (a.health != b.health) return a.health < b.health;
    return a.born > b.born;
}

Choice choose(const Situation& s, Instant now)
{
    Choice out;
    std::vector<Way> usable;
    for (const auto& way : s.ways)
        if (allowed(way.path, s.policy) && way.health != Health::dead) usable.push_back(way);
    std::sort(usable.begin(), usable.end(), [&](const Way& a, const Way& b) { return better(a, b, s.policy); });
    const bool have_direct = !usable.empty() && usable.front().path == Path::direct;
    out.seek_direct = worth_seeking(s, have_direct);

    if (s.policy == PathPolicy::race) {
        if (s.relay_ready) usable.push_back(mailbox_way);
        out.ways = std::move(usable);
        out.reason = out.ways.empty() ? "not connected to the relay" : "race: every live path at once";
        return out;
    }
    if (!usable.empty()) {
        out.ways.assign(1, usable.front());
        out.reason = live_reason(usable.front().path, s.trouble);
        return out;
    }
    if (!s.relay_ready) {
        out.reason = "not connected to the relay";
        return out;
    }

    switch (s.policy) {
    case PathPolicy::direct_only:
        out.reason = s.peer_online ? "waiting for a direct path (policy direct_only)"
                                   : "waiting for the peer to come online (policy direct_only)";
        if (s.peer_online && !s.trouble.empty()) out.reason += ": " + std::string(s.trouble);
        return out;
    case PathPolicy::relay_only:
        out.reason = s.peer_online ? "policy relay_only" : "peer offline";
        out.ways.assign(1, mailbox_way);
        return out;
    case PathPolicy::direct_first:
    case PathPolicy::race: break;
    }
    if (!s.peer_online) {
        out.reason = "peer offline";
        out.ways.assign(1, mailbox_way);
        return out;
    }
    if (s.patience_until > now) {
        out.wait_begins = s.patience_until == never;
        out.reason = "waiting for a direct path";
        return out;
    }
    out.reason = s.trouble.empty() ? "no direct path" : std::string(s.trouble);
    out.ways.assign(1, mailbox_way);
    return out;
}

std::string seconds_text(Duration duration)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(duration.count()) / 1e6);
    return text;
}

} // namespace godwit::route

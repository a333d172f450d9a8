// SPDX-License-Identifier: Apache-2.0
// route: knows every way to a peer device and says which to use, and why.
//
//   choice.hpp       one pure comparison (`better`) and one pure decision (`choose`) with its reason in words
//   path_table.hpp   what is known per device: live links, patience for a direct path, the last trouble
//
// A way is one concrete possibility to reach one device now: a live link (direct or turned), or the relay's mailbox.
#pragma once

#include <godwit/message.hpp>

#include "lib/base/time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::route {

enum class Health : std::uint8_t {
    up = 0,
    suspect = 1, ///< Owes an answer for a while: still used, loses against an equal way that is up.
    dead = 2,    ///< Given up: never used.
};

struct Way {
    Path path = Path::none; ///< direct, turned or mailbox.
    Health health = Health::up;
    std::uint64_t link = 0; ///< Name of the link; 0: the mailbox.
    /// Grows with every way that came up: of two equal ways the newer has the fresher proof of life.
    std::uint64_t born = 0;

    friend bool operator==(const Way&, const Way&) = default;
};

/// Whether content may take this path at all.
[[nodiscard]] bool allowed(Path path, PathPolicy policy) noexcept;

/// True when `a` is to be preferred to `b`: a strict weak order. Path kind first (direct, turned, mailbox), because
/// content shall not touch a relay while a direct path is merely slow; then health; then the newer.
[[nodiscard]] bool better(const Way& a, const Way& b, PathPolicy policy) noexcept;

/// What is known when content for one device looks for its way.
struct Situation {
    PathPolicy policy = PathPolicy::direct_first;
    std::span<const Way> ways;      ///< Without the mailbox.
    bool relay_ready = false;       ///< Logged in: the mailbox takes envelopes, signalling works.
    bool peer_online = false;       ///< As the relay says; means nothing unless relay_ready.
    bool turn_available = false;    ///< The relay offered TURN servers.
    Instant patience_until = never; ///< Content waits for a direct path until then; `never`: the wait has not begun.
    std::string_view trouble;       ///< Why the last direct path was lost or not found; empty: no such experience.
};

struct Choice {
    std::vector<Way> ways;    ///< Use these; more than one only under race. Empty: wait.
    std::string reason;       ///< In words fit for display.
    bool seek_direct = false; ///< A path between the devices should be looked for.
    bool wait_begins = false; ///< Content starts to wait for a direct path now: the caller starts the clock.

    [[nodiscard]] Path path() const noexcept { return ways.empty() ? Path::none : ways.front().path; }
};

[[nodiscard]] Choice choose(const Situation& situation, Instant now);

/// "2.0 s": for reasons.
[[nodiscard]] std::string seconds_text(Duration duration);

} // namespace godwit::route

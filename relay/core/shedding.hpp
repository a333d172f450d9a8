// SPDX-License-Identifier: Apache-2.0
// shedding: what a relay gives up first when there is too much for it, and in which order it comes back.
//
//   measured memory, queues, ticks -> the worst of them, in thousandths of what it may be -> a level
//   level -> strangers, logins, presence, new TURN allocations, media and files, messages: this and all before it
//
// It climbs at once and comes down one level at a time, each after calm_time well below it: a relay that lets everybody
// in again at the first breath is full again at the second. Who is refused is told when to come back, each at another
// time. What ends something, frees something or takes a right away is served at every level.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// What is given up, the cheapest loss first. Each level gives up what is before it too.
enum class Shed : std::uint8_t {
    nothing,
    strangers, ///< Connections of devices that this relay does not know: registering, passwords, linking.
    logins,    ///< Every new connection.
    presence,  ///< Who is online is told later.
    turn,      ///< New TURN allocations.
    media,     ///< What TURN relays, and files that wait here.
    messages,  ///< Whatever else has to be stored or fetched.
};

/// What was measured, and what it may be. What may be 0 is not watched.
struct Strain {
    std::uint64_t memory_bytes = 0; ///< Resident.
    std::uint64_t memory_bytes_max = 0;
    std::uint64_t queued_bytes = 0; ///< Said to clients who have not taken it yet.
    std::uint64_t queued_bytes_max = 0;
    Duration tick{}; ///< How long the core's ticks take, smoothed: a disk that is too slow shows here.
    Duration tick_max{};

    /// The worst of them; 1000: one is what it may be.
    [[nodiscard]] std::uint32_t per_mille() const noexcept;
};

/// "strangers", as it is written in logs and documents.
[[nodiscard]] const char* name_of(Shed level) noexcept;
/// Where each level begins, in thousandths of what is allowed.
[[nodiscard]] std::uint32_t begins_at(Shed level) noexcept;
/// A level is left when the strain is so far below its beginning, for so long.
inline constexpr std::uint32_t shed_slack_per_mille = 50;
inline constexpr Duration shed_calm_time = std::chrono::seconds(5);

class Shedding {
public:
    /// True when the level has changed.
    bool measure(const Strain& strain, Instant now);
    [[nodiscard]] Shed level() const noexcept { return level_; }
    [[nodiscard]] bool gives_up(Shed what) const noexcept { return what != Shed::nothing && what <= level_; }

private:
    Shed level_ = Shed::nothing;
    Instant calm_since_ = never;
};

/// From which level on a request is refused; nothing: at none.
[[nodiscard]] Shed given_up_at(const frame::RequestBody& request) noexcept;

/// At least `wait`, and at most twice that: those who are refused together do not come back together.
[[nodiscard]] Duration jittered(Duration wait, port::Entropy& entropy);
/// relay_unavailable, with a jittered wait.
[[nodiscard]] Error overloaded(port::Entropy& entropy);

} // namespace godwit::relay

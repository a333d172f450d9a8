// SPDX-License-Identifier: Apache-2.0
// The relay's TURN server as far as links can tell: who has a relayed address there, and until when. What it does with
// datagrams is tested with real ones (tests/relay/turn, docs/lab.md).
#pragma once

#include "lib/base/time.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace godwit::testing {

/// Of one account, on all of its devices (relay/turn/config.hpp, Limits).
inline constexpr std::size_t turn_allocations_per_user_max = 5;
/// What is not given back ends by itself (RFC 8656 section 7.2).
inline constexpr Duration turn_lifetime = std::chrono::minutes(10);
/// Allocate is asked for again so long after the first time, doubling, seven times (RFC 8489 section 6.2.1).
inline constexpr Duration turn_retransmit_first = std::chrono::milliseconds(500);
inline constexpr unsigned turn_tries = 7;

class TurnServer {
public:
    /// A port of its relayed address; 0: the account has as many as it may (486, Allocation Quota Reached).
    [[nodiscard]] std::uint16_t allocate(const std::string& account, Instant now);
    [[nodiscard]] bool has(std::uint16_t port, Instant now) const;
    /// Refresh with a lifetime of 0.
    void release(std::uint16_t port);
    /// Its client is gone without a word.
    void abandon(std::uint16_t port, Instant now);
    /// The process ended: it remembers nothing.
    void crash() { allocations_.clear(); }
    [[nodiscard]] std::uint64_t given() const noexcept { return given_; }

private:
    struct Allocation {
        std::string account;
        Instant ends = never; ///< As long as its client is there it is refreshed in time.
    };
    std::map<std::uint16_t, Allocation> allocations_;
    std::uint16_t last_port_ = 49151;
    std::uint64_t given_ = 0;
};

/// As RFC 8839 writes it.
[[nodiscard]] std::string host_candidate(std::uint64_t device, std::uint16_t port);
[[nodiscard]] std::string reflexive_candidate(std::uint64_t device, std::uint16_t port);
[[nodiscard]] std::string relayed_candidate(std::uint16_t port);
[[nodiscard]] bool is_relayed(std::string_view candidate) noexcept;

} // namespace godwit::testing

// SPDX-License-Identifier: Apache-2.0
// What one allocation is (RFC 8656 section 2.2), and what belongs to one user.
#pragma once

#include "relay/stun/credentials.hpp"
#include "relay/turn/config.hpp"
#include "relay/turn/token_bucket.hpp"

#include <string>
#include <vector>

namespace godwit::relay::turn {

struct Allocation;

/// One relayed transport address.
struct Relayed {
    RelayId id = 0;
    Endpoint told;               ///< As clients know it.
    Allocation* owner = nullptr; ///< nullptr: reserved, and belongs to nobody yet.
};

struct Permission {
    Endpoint peer; ///< Its port does not count.
    Instant until{};
};

struct Channel {
    std::uint16_t number = 0;
    Endpoint peer;
    Instant until{};
};

/// A user is an account, whatever device it comes from and whichever credential it has at hand.
struct User {
    std::string account;
    std::vector<Allocation*> allocations;
    std::size_t reservations = 0;
    TokenBucket bytes;
    TokenBucket packets;
    TokenBucket requests;

    User(std::string account_in, const Limits& limits)
        : account(std::move(account_in)), bytes(limits.bytes_per_s), packets(limits.packets_per_s),
          requests(limits.requests_per_s)
    {
    }

    /// Addresses of its allocations, and reserved ones.
    [[nodiscard]] std::size_t relayed() const;
    /// Of one datagram. False: lost.
    [[nodiscard]] bool pay(std::size_t payload_bytes, Instant now)
    {
        const auto cost = static_cast<std::int64_t>(payload_bytes);
        if (!bytes.has(cost, now) || !packets.has(1, now)) return false;
        bytes.take(cost);
        packets.take(1);
        return true;
    }
};

struct Allocation {
    FiveTuple client;
    std::array<std::uint8_t, stun::transaction_bytes> transaction{}; ///< Of the Allocate that made it.
    User* user = nullptr;
    std::string username; ///< The credential that made it: no other one may touch it (RFC 8656 section 5).
    stun::PasswordAlgorithm algorithm{};
    crypto::WipedBytes key;
    Instant expires{};
    std::vector<Relayed*> relayed;            ///< One or two, of different families.
    int address_error_family = 0;             ///< 1 or 2: asked for and not given (ADDRESS-ERROR-CODE) …
    int address_error = 0;                    ///< … and why.
    std::optional<std::uint64_t> reservation; ///< The token of the port that was reserved beside it.
    std::vector<Permission> permissions;
    std::vector<Channel> channels;

    [[nodiscard]] Relayed* relayed_for(bool is_v6) const noexcept
    {
        for (auto* const one : relayed)
            if (one->told.is_v6 == is_v6) return one;
        return nullptr;
    }
    [[nodiscard]] bool permits(const Endpoint& peer, Instant now) const noexcept
    {
        for (const auto& one : permissions)
            if (one.peer.same_ip(peer)) return one.until > now;
        return false;
    }
    [[nodiscard]] Channel* channel(std::uint16_t number) noexcept
    {
        for (auto& one : channels)
            if (one.number == number) return &one;
        return nullptr;
    }
    [[nodiscard]] Channel* channel_to(const Endpoint& peer) noexcept
    {
        for (auto& one : channels)
            if (one.peer == peer) return &one;
        return nullptr;
    }
    void forget_expired(Instant now)
    {
        std::erase_if(permissions, [now](const Permission& one) { return one.until <= now; });
        std::erase_if(channels, [now](const Channel& one) { return one.until <= now; });
    }
};

inline std::size_t User::relayed() const
{
    auto out = reservations;
    for (const auto* const one : allocations)
        out += one->relayed.size();
    return out;
}

} // namespace godwit::relay::turn

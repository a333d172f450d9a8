// SPDX-License-Identifier: Apache-2.0
// The allocations there are: found by the client's 5-tuple, by relayed socket and by relayed address; their ports,
// their end, and the ports that are reserved for the next one.
#pragma once

#include "lib/port/entropy.hpp"
#include "relay/turn/allocation.hpp"

#include <memory>
#include <set>
#include <unordered_map>

namespace godwit::relay::turn {

class Book {
public:
    /// All three outlive it.
    Book(const Config& config, Outside& outside, port::Entropy& entropy);
    ~Book();
    Book(const Book&) = delete;
    Book& operator=(const Book&) = delete;

    [[nodiscard]] Allocation* find(const FiveTuple& client);
    /// nullptr: none, or a reserved one.
    [[nodiscard]] Relayed* find(RelayId id);
    [[nodiscard]] Relayed* find_told(const Endpoint& told);
    /// This host's own relayed address, whatever the port.
    [[nodiscard]] bool is_relayed_ip(const Endpoint& address) const noexcept;

    /// Made when there is none.
    [[nodiscard]] User& user(std::string_view account);
    /// Forgets the user when nothing is left of it.
    void release(User& user);
    [[nodiscard]] std::vector<std::string> users() const;
    [[nodiscard]] User* find_user(std::string_view account);

    enum class Parity { any, even, even_with_next };
    /// A relayed socket for nobody yet. nullptr: no port to be had. With even_with_next the one above it is reserved
    /// too, and `token` says by what.
    [[nodiscard]] Relayed* open(bool is_v6, Parity parity, User& user, Instant now,
                                std::optional<std::uint64_t>& token);
    /// What was reserved under this token by this user; the reservation is used up.
    [[nodiscard]] Relayed* redeem(std::uint64_t token, User& user);
    void close(Relayed& relayed);

    /// Takes over what is in `made`: its relayed sockets, its place with the user.
    Allocation& add(Allocation made);
    void set_expiry(Allocation& allocation, Instant expires);
    void remove(Allocation& allocation);

    /// What is over.
    void expire(Instant now);
    [[nodiscard]] Instant deadline() const;

    [[nodiscard]] std::size_t allocations() const noexcept { return by_client_.size(); }
    /// Addresses: of allocations, and reserved.
    [[nodiscard]] std::size_t relayed() const noexcept { return by_id_.size(); }
    template <class F>
    void each(const F& f) const
    {
        for (const auto& [client, one] : by_client_)
            f(*one);
    }

private:
    struct Reservation {
        Relayed* relayed = nullptr;
        User* user = nullptr;
        Instant until{};
    };

    [[nodiscard]] Relayed* open_at(bool is_v6, std::uint16_t port);

    const Config& config_;
    Outside& outside_;
    port::Entropy& entropy_;
    RelayId last_id_ = 0;
    std::unordered_map<FiveTuple, std::unique_ptr<Allocation>, FiveTupleHash> by_client_;
    std::unordered_map<RelayId, std::unique_ptr<Relayed>> by_id_;
    std::unordered_map<Endpoint, Relayed*, stun::EndpointHash> by_told_;
    std::unordered_map<std::string, std::unique_ptr<User>> users_;
    std::unordered_map<std::uint64_t, Reservation> reservations_;
    std::set<std::pair<Instant, Allocation*>> ends_;
};

} // namespace godwit::relay::turn

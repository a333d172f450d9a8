// SPDX-License-Identifier: Apache-2.0
// Private to transport/{tls,quic}: counts the links of a server against its ServeLimits.
#pragma once

#include "transport/tls/link_options.hpp"

#include <memory>
#include <unordered_map>

namespace godwit::tls {

/// Subscribers whose newcomers are counted; a full table forgets those who did not come of late, or else anybody.
inline constexpr std::size_t arrivals_remembered_max = 16'384;

class LinkLedger : public std::enable_shared_from_this<LinkLedger> {
public:
    /// One link's entry; gives the place back when it goes. May outlive the server.
    class Ticket {
    public:
        Ticket() = default;
        Ticket(Ticket&& other) noexcept = default;
        Ticket& operator=(Ticket&& other) noexcept
        {
            leave();
            ledger_ = std::move(other.ledger_);
            subscriber_ = other.subscriber_;
            half_open_ = other.half_open_;
            return *this;
        }
        ~Ticket() { leave(); }

        /// The handshake is done: moves from the half-open to the open (a place was kept when it was admitted).
        void promote();

    private:
        friend class LinkLedger;
        void leave() noexcept;
        std::shared_ptr<LinkLedger> ledger_;
        loop::Address subscriber_;
        bool half_open_ = true;
    };

    explicit LinkLedger(const ServeLimits& limits) : limits_(limits) {}

    /// nullopt: refuse.
    [[nodiscard]] std::optional<Ticket> admit(const loop::Address& from, Instant now);
    /// A quarter of the places for half-open links, of all or of this subscriber, is taken: time to doubt addresses.
    [[nodiscard]] bool busy(const loop::Address& from) const;
    [[nodiscard]] std::size_t half_open() const noexcept { return half_open_; }
    [[nodiscard]] std::size_t open() const noexcept { return open_; }
    [[nodiscard]] std::size_t arrivals_remembered() const noexcept { return arrivals_.size(); }

private:
    struct Count {
        std::size_t half_open = 0;
        std::size_t open = 0;
    };
    [[nodiscard]] bool arrives_too_fast(const loop::Address& subscriber, Instant now);

    ServeLimits limits_;
    std::size_t half_open_ = 0;
    std::size_t open_ = 0;
    std::unordered_map<loop::Address, Count, loop::AddressHash> subscribers_;
    /// When a subscriber's whole burst is there again (the generic cell rate algorithm, ITU-T I.371 annex A).
    std::unordered_map<loop::Address, Instant, loop::AddressHash> arrivals_;
};

} // namespace godwit::tls

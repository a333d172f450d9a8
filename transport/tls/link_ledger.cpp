// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/link_ledger.hpp"

#include <algorithm>

namespace godwit::tls {

std::optional<LinkLedger::Ticket> LinkLedger::admit(const loop::Address& from, Instant now)
{
    const loop::Address subscriber = from.subscriber();
    if (half_open_ >= limits_.half_open_max || half_open_ + open_ >= limits_.links_max) return std::nullopt;
    if (const auto known = subscribers_.find(subscriber); known != subscribers_.end()) {
        const Count& count = known->second;
        if (count.half_open >= limits_.half_open_per_subscriber_max) return std::nullopt;
        if (count.half_open + count.open >= limits_.links_per_subscriber_max) return std::nullopt;
    }
    if (arrives_too_fast(subscriber, now)) return std::nullopt;
    Ticket ticket;
    ticket.ledger_ = shared_from_this();
    ticket.subscriber_ = subscriber;
    ++subscribers_[subscriber].half_open;
    ++half_open_;
    return ticket;
}

bool LinkLedger::arrives_too_fast(const loop::Address& subscriber, Instant now)
{
    if (limits_.arrivals_burst == 0) return false;
    if (arrivals_.size() >= arrivals_remembered_max && !arrivals_.contains(subscriber)) {
        std::erase_if(arrivals_, [now](const auto& one) { return one.second <= now; });
        if (arrivals_.size() >= arrivals_remembered_max) arrivals_.erase(arrivals_.begin());
    }
    auto& full_again = arrivals_.try_emplace(subscriber, now).first->second;
    full_again = std::max(full_again, now);
    if (full_again > now + limits_.arrivals_interval * (limits_.arrivals_burst - 1)) return true;
    full_again += limits_.arrivals_interval;
    return false;
}

bool LinkLedger::busy(const loop::Address& from) const
{
    if (4 * half_open_ >= limits_.half_open_max) return true;
    const auto known = subscribers_.find(from.subscriber());
    return known != subscribers_.end() && 4 * known->second.half_open >= limits_.half_open_per_subscriber_max;
}

void LinkLedger::Ticket::promote()
{
    if (!ledger_ || !half_open_) return;
    half_open_ = false;
    Count& count = ledger_->subscribers_[subscriber_];
    --count.half_open;
    ++count.open;
    --ledger_->half_open_;
    ++ledger_->open_;
}

void LinkLedger::Ticket::leave() noexcept
{
    if (!ledger_) return;
    const auto known = ledger_->subscribers_.find(subscriber_);
    --(half_open_ ? known->second.half_open : known->second.open);
    --(half_open_ ? ledger_->half_open_ : ledger_->open_);
    if (known->second.half_open == 0 && known->second.open == 0) ledger_->subscribers_.erase(known);
    ledger_.reset();
}

} // namespace godwit::tls

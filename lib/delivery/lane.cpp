// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/lane.hpp"

#include <algorithm>

namespace godwit::delivery {

void Lane::restart()
{
    flights_.clear();
    flight_bytes_ = 0;
    rescan();
}

void Lane::rescan()
{
    cursor_ = 0;
    exhausted_ = false;
    skipped_ = false;
    page_.clear();
}

void Lane::skip()
{
    page_.pop_front();
    skipped_ = true;
}

void Lane::retry_skipped()
{
    if (skipped_) rescan();
}

bool Lane::wanted(const port::Delivery& delivery, const Limits& limits, WallMs wall_ms) const
{
    if (flights_.contains(delivery.message)) return false;
    if (!mailbox_ || delivery.state == port::DeliveryState::queued) return true;
    return delivery.stored_ms + limits.mailbox_reoffer_ms <= wall_ms;
}

const port::Delivery* Lane::peek(port::Store& store, const Limits& limits, Moment now)
{
    if (flights_.size() >= limits.window_messages_max) return nullptr;
    for (;;) {
        while (!page_.empty() && !wanted(page_.front(), limits, now.wall_ms))
            page_.pop_front();
        if (!page_.empty()) break;
        if (exhausted_) return nullptr;
        for (auto& row : store.open_deliveries_to(device_, cursor_, lane_page_max))
            page_.push_back(std::move(row));
        if (page_.empty())
            exhausted_ = true;
        else
            cursor_ = page_.back().order;
    }
    // One envelope always fits an empty window, or a large one would wait for ever.
    if (!flights_.empty() && flight_bytes_ + page_.front().size_bytes > limits.window_bytes_max) return nullptr;
    return &page_.front();
}

void Lane::offered(Instant now)
{
    const auto& row = page_.front();
    flights_.emplace(row.message, Flight{row.size_bytes, now});
    flight_bytes_ += row.size_bytes;
    page_.pop_front();
}

void Lane::settled(const MessageId& id)
{
    const auto at = flights_.find(id);
    if (at != flights_.end()) {
        flight_bytes_ -= at->second.size_bytes;
        flights_.erase(at);
    }
    std::erase_if(page_, [&](const port::Delivery& row) { return row.message == id; });
}

std::size_t Lane::drop_overdue(const Limits& limits, Instant now)
{
    if (mailbox_) return 0;
    std::size_t dropped = 0;
    for (auto at = flights_.begin(); at != flights_.end();) {
        if (at->second.since + limits.receipt_wait_max <= now) {
            flight_bytes_ -= at->second.size_bytes;
            at = flights_.erase(at);
            ++dropped;
        } else {
            ++at;
        }
    }
    return dropped;
}

} // namespace godwit::delivery

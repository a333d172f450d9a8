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
    urgent_ = {};
    all_ = {};
    skipped_ = false;
}

void Lane::skip()
{
    front_page().pop_front();
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

bool Lane::advance(port::Store& store, Walk& walk, const Limits& limits, Moment now) const
{
    for (;;) {
        while (!walk.page.empty() && !wanted(walk.page.front(), limits, now.wall_ms))
            walk.page.pop_front();
        if (!walk.page.empty()) return true;
        if (walk.exhausted) return false;
        auto rows = &walk == &urgent_ ? store.urgent_deliveries_to(device_, walk.cursor, lane_page_max)
                                      : store.open_deliveries_to(device_, walk.cursor, lane_page_max);
        if (rows.empty())
            walk.exhausted = true;
        else
            walk.cursor = rows.back().order;
        for (auto& row : rows)
            walk.page.push_back(std::move(row));
    }
}

const port::Delivery* Lane::peek(port::Store& store, const Limits& limits, Moment now)
{
    if (flights_.size() >= limits.window_messages_max) return nullptr;
    if (!advance(store, urgent_, limits, now) && !advance(store, all_, limits, now)) return nullptr;
    // One envelope always fits an empty window, or a large one would wait for ever.
    const auto& next = front_page().front();
    if (!flights_.empty() && flight_bytes_ + next.size_bytes > limits.window_bytes_max) return nullptr;
    return &next;
}

void Lane::offered(Instant now)
{
    auto& page = front_page();
    const auto& row = page.front();
    flights_.emplace(row.message, Flight{row.size_bytes, now});
    flight_bytes_ += row.size_bytes;
    page.pop_front();
}

void Lane::settled(const MessageId& id)
{
    const auto at = flights_.find(id);
    if (at != flights_.end()) {
        flight_bytes_ -= at->second.size_bytes;
        flights_.erase(at);
    }
    for (auto* walk : {&urgent_, &all_})
        std::erase_if(walk->page, [&](const port::Delivery& row) { return row.message == id; });
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

// SPDX-License-Identifier: Apache-2.0
// What the outbox does because time has passed:
//
//   stored at the relay, no receipt for long  ──> queued again, for whichever path comes
//   past its deadline                         ──> failed
//   a receipt that a living link owes         ──> its place in the window is freed
#include "lib/delivery/outbox.hpp"

#include <algorithm>

namespace godwit::delivery {

namespace {

using port::DeliveryState;

/// How often clocks and stored envelopes are looked at when nothing is known to be due.
constexpr Duration look_again_max = std::chrono::hours(1);
/// Clocks are corrected by less than this all the time.
constexpr std::int64_t clock_back_ms = 60'000;

Duration from_ms(std::int64_t ms)
{
    return std::chrono::milliseconds(
        std::clamp<std::int64_t>(ms, 0, std::chrono::duration_cast<std::chrono::milliseconds>(look_again_max).count()));
}

} // namespace

void Outbox::rescan_in_time(Moment now)
{
    rescan_after_ = earlier(rescan_after_, now.mono + from_ms(limits_.mailbox_reoffer_ms));
}

void Outbox::rescan(port::Store& store, Moment now)
{
    rescan_after_ = never;
    for (auto& [device, entry] : devices_) {
        if (entry.open > entry.queued) queue_overdue(store, device, entry, now);
        if (entry.open > entry.queued) rescan_in_time(now);
        for (auto& used : entry.lanes)
            if (used.route.link == 0) used.lane.rescan();
    }
}

/// Stored long ago, and no receipt: it waits for a path again, whichever comes, not for a mailbox lane that only new
/// content would open. A time of storing that lies ahead is a clock that went back: its age is not known.
void Outbox::queue_overdue(port::Store& store, const DeviceId& device, Entry& entry, Moment now)
{
    std::uint64_t after = 0;
    for (;;) {
        const auto page = store.open_deliveries_to(device, after, scan_page);
        if (page.empty()) return;
        for (const auto& row : page) {
            if (row.state != DeliveryState::stored) continue;
            const bool overdue = row.stored_ms + limits_.mailbox_reoffer_ms <= now.wall_ms;
            if (!overdue && row.stored_ms <= now.wall_ms + clock_back_ms) continue;
            store.set_delivery(row.message, device, DeliveryState::queued, 0);
            ++entry.queued;
        }
        after = page.back().order;
    }
}

std::vector<Progress> Outbox::expire(port::Store& store, Moment now)
{
    std::vector<Progress> out;
    if (now.mono < expire_after_) return out;
    expire_after_ = now.mono + look_again_max;
    for (;;) {
        const auto page = store.open_deliveries(0, lane_page_max);
        if (page.empty()) break;
        std::size_t expired = 0;
        for (const auto& row : page) {
            const auto left_ms = row.accepted_ms + limits_.deadline_ms - now.wall_ms;
            if (left_ms > 0) {
                // Accepted in order: the first that lives is the next to go.
                expire_after_ = now.mono + from_ms(left_ms);
                break;
            }
            settle(store, row.message, row.device, DeliveryState::failed, {}, ErrorCode::expired, out);
            ++expired;
        }
        if (expired < page.size() || store.failed()) break;
    }
    return out;
}

Instant Outbox::deadline() const
{
    Instant out = messages_ > 0 ? expire_after_ : never;
    out = earlier(out, rescan_after_);
    for (const auto& [device, entry] : devices_)
        if (entry.queued > 0 && entry.mailbox_after > Instant{} &&
            std::any_of(entry.lanes.begin(), entry.lanes.end(), [](const auto& used) { return used.route.link == 0; }))
            out = earlier(out, entry.mailbox_after);
    return out;
}

std::size_t Outbox::drop_overdue(Instant now)
{
    std::size_t dropped = 0;
    for (auto& [device, entry] : devices_)
        for (auto& used : entry.lanes)
            dropped += used.lane.drop_overdue(limits_, now);
    return dropped;
}

} // namespace godwit::delivery

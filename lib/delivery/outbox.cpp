// SPDX-License-Identifier: Apache-2.0
//   accept ──> store (envelope, one delivery a device) ──> lanes ──collect──> offers ──> links, mailbox
//                                                            ^                              │
//   settle <── receipt / put_answered / fail / expire <──────┴── put_failed, restart <──────┘
//     └──> message state, once; the envelope goes when every device is settled
//
// What becomes of them is in outbox_settle.cpp, what is done because time has passed in outbox_time.cpp.
#include "lib/delivery/outbox.hpp"

#include <algorithm>
#include <tuple>

namespace godwit::delivery {

namespace {

using port::Delivery;
using port::DeliveryState;

/// What sealing adds to a content, for windows: padding, signature and headers.
constexpr std::size_t sealing_bytes_about = 384;

} // namespace

void Outbox::load(port::Store& store, std::string own_user)
{
    own_user_ = std::move(own_user);
    devices_.clear();
    messages_ = store.open_message_count();
    for (auto& one : store.open_counts()) {
        auto& entry = devices_[one.device];
        entry.user = std::move(one.user);
        entry.open = one.queued + one.stored;
        entry.queued = one.queued;
    }
    rescan_after_ = Instant{};
    expire_after_ = Instant{};
}

bool Outbox::has_room(const DeviceId& device, std::size_t messages) const
{
    const auto at = devices_.find(device);
    const std::size_t open = messages + (at == devices_.end() ? 0 : at->second.open);
    return open <= limits_.device_messages_max &&
           (messages_ + messages <= limits_.messages_max || open <= limits_.device_messages_assured);
}

bool Outbox::watch(const DeviceId& device, const MessageId& id)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return false;
    at->second.watched.push_back(id);
    return true;
}

void Outbox::accept(port::Store& store, const port::OutboxEnvelope& envelope, const std::vector<Recipient>& recipients,
                    Rank rank)
{
    store.put_envelope(envelope);
    if (messages_ == 0) expire_after_ = Instant{}; // Of others, an older one is the next to expire.
    ++messages_;
    for (const auto& to : recipients)
        open(store, envelope, to, rank);
}

void Outbox::open(port::Store& store, const port::OutboxEnvelope& envelope, const Recipient& to, Rank rank)
{
    Delivery row;
    row.message = envelope.message;
    row.device = to.device;
    row.user = to.user;
    row.accepted_ms = envelope.accepted_ms;
    row.size_bytes = static_cast<std::uint32_t>(envelope.content.size() + sealing_bytes_about);
    row.conversation = envelope.conversation;
    row.urgent = rank == Rank::urgent;
    store.put_delivery(row);
    auto& entry = devices_[to.device];
    entry.user = to.user;
    ++entry.open;
    ++entry.queued;
    for (auto& used : entry.lanes)
        used.lane.wake(row.urgent);
}

void Outbox::add(port::Store& store, const MessageId& id, const std::vector<Recipient>& recipients)
{
    if (recipients.empty()) return;
    const auto envelope = store.envelope(id);
    if (!envelope) return;
    const auto rows = store.deliveries(id);
    for (const auto& to : recipients)
        if (std::none_of(rows.begin(), rows.end(), [&](const Delivery& row) { return row.device == to.device; }))
            open(store, *envelope, to, Rank::usual);
}

void Outbox::renew(port::Store& store, const MessageId& id, const std::vector<Recipient>& recipients)
{
    const auto envelope = store.envelope(id);
    if (!envelope) return;
    const auto rows = store.deliveries(id);
    for (const auto& to : recipients) {
        const auto row =
            std::find_if(rows.begin(), rows.end(), [&](const Delivery& one) { return one.device == to.device; });
        if (row == rows.end()) {
            open(store, *envelope, to, Rank::urgent);
        } else if (row->state == DeliveryState::delivered || row->state == DeliveryState::failed) {
            store.set_delivery(id, to.device, DeliveryState::queued, 0);
            auto& entry = devices_[to.device];
            entry.user = to.user;
            ++entry.open;
            ++entry.queued;
            for (auto& used : entry.lanes)
                used.lane.rescan();
        }
    }
}

std::vector<DeviceId> Outbox::open_devices() const
{
    std::vector<DeviceId> out;
    out.reserve(devices_.size());
    for (const auto& [device, entry] : devices_)
        if (entry.open > 0) out.push_back(device);
    return out;
}

bool Outbox::waits(const DeviceId& device) const
{
    const auto at = devices_.find(device);
    return at != devices_.end() && at->second.queued > 0;
}

bool Outbox::owes(const DeviceId& device, std::uint64_t link) const
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return false;
    return std::any_of(at->second.lanes.begin(), at->second.lanes.end(),
                       [&](const Entry::Used& used) { return used.route.link == link && used.lane.owes(); });
}

void Outbox::use(const DeviceId& device, const std::vector<Route>& routes)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return;
    auto& lanes = at->second.lanes;
    std::erase_if(lanes, [&](const Entry::Used& used) {
        return std::none_of(routes.begin(), routes.end(),
                            [&](const Route& route) { return route.link == used.route.link; });
    });
    for (const auto& route : routes) {
        const auto known = std::find_if(lanes.begin(), lanes.end(),
                                        [&](const Entry::Used& used) { return used.route.link == route.link; });
        if (known != lanes.end())
            known->route = route;
        else
            lanes.push_back({route, Lane(device, route.link == 0)});
    }
}

void Outbox::restart_mailbox()
{
    for (auto& [device, entry] : devices_) {
        entry.mailbox_after = Instant{};
        entry.mailbox_rest = Duration{};
        entry.mailbox_window = ~0U;
        for (auto& used : entry.lanes)
            if (used.route.link == 0) used.lane.restart();
    }
}

Outbox::Batch Outbox::collect(port::Store& store, Moment now, Budget budget, const Fit& fit)
{
    Batch out;
    if (rescan_after_ <= now.mono) rescan(store, now);
    Gathering gathering{budget, fit, {}, {}, {}, false, {}};
    auto at = devices_.upper_bound(served_last_);
    for (std::size_t turn = 0; turn < devices_.size(); ++turn, ++at) {
        if (at == devices_.end()) at = devices_.begin();
        for (auto& used : at->second.lanes) {
            if (collect_lane(store, now, at->second, at->first, used, gathering, out)) continue;
            out.more = true;
            served_last_ = at->first;
            break;
        }
        if (out.more) break;
    }
    if (!out.more && gathering.starved && gathering.put_last) served_last_ = *gathering.put_last;
    for (const auto& [id, device, why] : gathering.orphans)
        settle(store, id, device, DeliveryState::failed, {}, why, out.progress);
    // One message may be first in one device's lane and second in another's: acceptance order suits both.
    std::sort(out.offers.begin(), out.offers.end(), [](const Offer& a, const Offer& b) {
        return std::tuple(a.link, !a.urgent, a.order) < std::tuple(b.link, !b.urgent, b.order);
    });
    return out;
}

/// False when the budget ended.
bool Outbox::collect_lane(port::Store& store, Moment now, Entry& entry, const DeviceId& device, Entry::Used& used,
                          Gathering& gathering, Batch& out)
{
    const bool mailbox = used.route.link == 0;
    if (mailbox && entry.mailbox_after > now.mono) return true;
    if (mailbox) entry.mailbox_after = Instant{};
    while (const auto* row = used.lane.peek(store, limits_, now)) {
        const auto id = row->message;
        const auto order = row->order;
        const bool urgent = row->urgent;
        if (mailbox && used.lane.in_flight_count() >= entry.mailbox_window) return true;
        auto& budget = gathering.budget;
        const auto shared = mailbox ? gathering.puts.find(id) : gathering.puts.end();
        const bool joins =
            shared != gathering.puts.end() && out.offers[shared->second].devices.size() < wire::recipients_max;
        if (!joins) {
            if (budget.bytes == 0) return false;
            // The relay has enough to answer: its answers, not the next tick, make room.
            if (mailbox && (budget.mailbox_bytes == 0 || budget.mailbox_puts == 0)) {
                gathering.starved = true;
                return true;
            }
        }
        auto known = gathering.envelopes.find(id);
        if (known == gathering.envelopes.end()) known = gathering.envelopes.emplace(id, store.envelope(id)).first;
        if (!known->second) {
            used.lane.offered(now.mono);
            if (store.failed()) return true;
            gathering.orphans.push_back({id, device, ErrorCode::storage_corrupt});
            continue;
        }
        auto& envelope = *known->second;
        const auto fitness = gathering.fit(envelope, device);
        if (fitness == Fitness::wait) {
            used.lane.skip();
            continue;
        }
        if (fitness == Fitness::never) {
            used.lane.offered(now.mono);
            gathering.orphans.push_back({id, device, ErrorCode::not_a_contact});
            continue;
        }
        if (fitness == Fitness::sealed) {
            ++envelope.sealings;
            store.put_envelope(envelope);
            // Sealed anew within one tick: what leaves is what is stored, to everybody.
            if (envelope.sealings > 1)
                for (auto& offer : out.offers)
                    if (offer.envelope.id == id) offer.envelope.sealed = envelope.sealed;
        }
        used.lane.offered(now.mono);
        if (joins) {
            out.offers[shared->second].devices.push_back(device);
            continue;
        }
        budget.bytes -= std::min(budget.bytes, envelope.sealed.size());
        if (mailbox) {
            budget.mailbox_bytes -= std::min(budget.mailbox_bytes, envelope.sealed.size());
            --budget.mailbox_puts;
            gathering.put_last = device;
            gathering.puts[id] = out.offers.size();
        }
        out.offers.push_back({used.route.link, used.route.path, {device}, {id, envelope.sealed}, order, urgent});
        if (!mailbox) note_sent(store, id, envelope.conversation, entry, used.route, out.progress);
    }
    return true;
}

void Outbox::groups_changed()
{
    for (auto& [device, entry] : devices_)
        for (auto& used : entry.lanes)
            used.lane.retry_skipped();
}

} // namespace godwit::delivery

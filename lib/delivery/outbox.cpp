// SPDX-License-Identifier: Apache-2.0
//   accept ──> store (envelope, one delivery a device) ──> lanes ──collect──> offers ──> links, mailbox
//                                                            ^                              │
//   settle <── receipt / put_answered / fail / expire <──────┴── put_failed, restart <──────┘
//     └──> message state, once; the envelope goes when every device is settled
//
// What is done because time has passed is in outbox_time.cpp.
#include "lib/delivery/outbox.hpp"

#include <algorithm>

namespace godwit::delivery {

namespace {

using port::Delivery;
using port::DeliveryState;

/// What sealing adds to a content, for windows: padding, signature and headers.
constexpr std::size_t sealing_bytes_about = 384;

bool is_open(DeliveryState state)
{
    return state == DeliveryState::queued || state == DeliveryState::stored;
}

} // namespace

void Outbox::load(port::Store& store, std::string own_user)
{
    own_user_ = std::move(own_user);
    devices_.clear();
    messages_ = store.open_message_count();
    std::uint64_t after = 0;
    for (;;) {
        const auto page = store.open_deliveries(after, scan_page);
        if (page.empty()) break;
        for (const auto& row : page) {
            auto& entry = devices_[row.device];
            entry.user = row.user;
            ++entry.open;
            if (row.state == DeliveryState::queued) ++entry.queued;
        }
        after = page.back().order;
    }
    rescan_after_ = Instant{};
    expire_after_ = Instant{};
}

void Outbox::accept(port::Store& store, const port::OutboxEnvelope& envelope, const std::vector<Recipient>& recipients)
{
    store.put_envelope(envelope);
    if (messages_ == 0) expire_after_ = Instant{}; // Of others, an older one is the next to expire.
    ++messages_;
    for (const auto& to : recipients)
        open(store, envelope, to);
}

void Outbox::open(port::Store& store, const port::OutboxEnvelope& envelope, const Recipient& to)
{
    Delivery row;
    row.message = envelope.message;
    row.device = to.device;
    row.user = to.user;
    row.accepted_ms = envelope.accepted_ms;
    row.size_bytes = static_cast<std::uint32_t>(envelope.content.size() + sealing_bytes_about);
    store.put_delivery(row);
    auto& entry = devices_[to.device];
    entry.user = to.user;
    ++entry.open;
    ++entry.queued;
    for (auto& used : entry.lanes)
        used.lane.wake();
}

void Outbox::add(port::Store& store, const MessageId& id, const std::vector<Recipient>& recipients)
{
    if (recipients.empty()) return;
    const auto envelope = store.envelope(id);
    if (!envelope) return;
    const auto rows = store.deliveries(id);
    for (const auto& to : recipients)
        if (std::none_of(rows.begin(), rows.end(), [&](const Delivery& row) { return row.device == to.device; }))
            open(store, *envelope, to);
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
    Gathering gathering{budget, fit, {}, {}, {}};
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
    for (const auto& [id, device, why] : gathering.orphans)
        settle(store, id, device, DeliveryState::failed, {}, why, out.progress);
    // One message may be first in one device's lane and second in another's: acceptance order suits both.
    std::sort(out.offers.begin(), out.offers.end(),
              [](const Offer& a, const Offer& b) { return a.link != b.link ? a.link < b.link : a.order < b.order; });
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
        if (mailbox && used.lane.in_flight_count() >= entry.mailbox_window) return true;
        auto& budget = gathering.budget;
        const auto shared = mailbox ? gathering.puts.find(id) : gathering.puts.end();
        const bool joins =
            shared != gathering.puts.end() && out.offers[shared->second].devices.size() < wire::recipients_max;
        if (!joins) {
            if (budget.bytes == 0) return false;
            // The relay has enough to answer: its answers, not the next tick, make room.
            if (mailbox && (budget.mailbox_bytes == 0 || budget.mailbox_puts == 0)) return true;
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
            gathering.puts[id] = out.offers.size();
        }
        out.offers.push_back({used.route.link, used.route.path, {device}, {id, envelope.sealed}, order});
        if (!mailbox) note_sent(store, id, entry, used.route, out.progress);
    }
    return true;
}

void Outbox::groups_changed()
{
    for (auto& [device, entry] : devices_)
        for (auto& used : entry.lanes)
            used.lane.retry_skipped();
}

void Outbox::note_sent(port::Store& store, const MessageId& id, const Entry& entry, const Route& by,
                       std::vector<Progress>& out)
{
    if (entry.user == own_user_) return;
    const bool first = store.set_message_state(id, MessageState::sent, by.path, by.reason, {});
    tell(first, {id, entry.user, MessageState::sent, by.path, by.reason, {}}, out);
}

void Outbox::tell(bool first, Progress progress, std::vector<Progress>& out)
{
    progress.first = first;
    if (first)
        out.push_back(std::move(progress));
    else if (further_.size() < further_max)
        further_.push_back(std::move(progress));
}

std::vector<Progress> Outbox::handed_over(port::Store& store, const MessageId& id, const DeviceId& device)
{
    std::vector<Progress> out;
    settle(store, id, device, DeliveryState::delivered, {}, ErrorCode::ok, out, true);
    return out;
}

std::vector<Progress> Outbox::fail_one(port::Store& store, const MessageId& id, const DeviceId& device,
                                       ErrorCode reason)
{
    std::vector<Progress> out;
    settle(store, id, device, DeliveryState::failed, {}, reason, out);
    return out;
}

std::vector<Progress> Outbox::receipt(port::Store& store, const DeviceId& device, const std::vector<MessageId>& ids,
                                      std::uint64_t link)
{
    std::vector<Progress> out;
    const auto at = devices_.find(device);
    if (at == devices_.end()) return out;
    for (const auto& id : ids) {
        Route by;
        by.link = link;
        settle(store, id, device, DeliveryState::delivered, by, ErrorCode::ok, out);
    }
    return out;
}

std::vector<Progress> Outbox::unopened(port::Store& store, const DeviceId& device, const std::vector<MessageId>& ids)
{
    std::vector<Progress> out;
    for (const auto& id : ids) {
        const auto at = devices_.find(device);
        if (at == devices_.end()) break;
        const auto rows = store.deliveries(id);
        const auto row =
            std::find_if(rows.begin(), rows.end(), [&](const Delivery& one) { return one.device == device; });
        if (row == rows.end() || !is_open(row->state)) continue;
        auto envelope = store.envelope(id);
        if (!envelope) continue;
        if (envelope->sealings >= sealings_max) {
            settle(store, id, device, DeliveryState::failed, {}, ErrorCode::authentication_failed, out);
            continue;
        }
        envelope->sealed.clear();
        store.put_envelope(*envelope);
        auto& entry = at->second;
        if (row->state == DeliveryState::stored) {
            store.set_delivery(id, device, DeliveryState::queued, 0);
            ++entry.queued;
        }
        for (auto& used : entry.lanes) {
            used.lane.settled(id);
            used.lane.rescan();
        }
    }
    return out;
}

std::vector<Progress> Outbox::put_answered(port::Store& store, const MessageId& id,
                                           const std::vector<DeviceId>& devices, const std::vector<ErrorCode>& results,
                                           Moment now)
{
    std::vector<Progress> out;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const auto code = i < results.size() ? results[i] : ErrorCode::malformed;
        if (code == ErrorCode::device_revoked) {
            settle(store, id, devices[i], DeliveryState::failed, {}, code, out);
            continue;
        }
        if (code != ErrorCode::ok) {
            put_failed(id, {devices[i]}, now.mono);
            continue;
        }
        const auto at = devices_.find(devices[i]);
        if (at == devices_.end()) continue;
        auto& entry = at->second;
        entry.mailbox_rest = Duration{};
        if (entry.mailbox_window < limits_.window_messages_max) ++entry.mailbox_window;
        Route by{0, Path::mailbox, {}};
        for (auto& used : entry.lanes)
            if (used.route.link == 0) {
                by.reason = used.route.reason;
                used.lane.settled(id);
            }
        for (const auto& row : store.deliveries(id)) {
            if (row.device != devices[i] || !is_open(row.state)) continue;
            if (row.state == DeliveryState::queued) --entry.queued;
            store.set_delivery(id, devices[i], DeliveryState::stored, now.wall_ms);
            note_sent(store, id, entry, by, out);
            rescan_in_time(now);
        }
    }
    return out;
}

void Outbox::put_failed(const MessageId& id, const std::vector<DeviceId>& devices, Instant now)
{
    for (const auto& device : devices) {
        const auto at = devices_.find(device);
        if (at == devices_.end()) continue;
        auto& entry = at->second;
        if (entry.mailbox_after <= now) { // The first of a window; what it took along is refused with it.
            entry.mailbox_rest =
                std::min(std::max(2 * entry.mailbox_rest, limits_.mailbox_retry_min), limits_.mailbox_retry);
            entry.mailbox_after = now + entry.mailbox_rest;
            entry.mailbox_window = 1;
        }
        for (auto& used : entry.lanes) {
            if (used.route.link != 0) continue;
            used.lane.settled(id);
            used.lane.rescan();
        }
    }
}

void Outbox::empty_content(port::Store& store, const MessageId& id, Bytes content)
{
    auto envelope = store.envelope(id);
    if (!envelope) return;
    envelope->content = std::move(content);
    envelope->sealed.clear();
    store.put_envelope(*envelope);
}

std::vector<Progress> Outbox::fail_device(port::Store& store, const DeviceId& device, ErrorCode reason)
{
    std::vector<Progress> out;
    std::uint64_t after = 0;
    for (;;) {
        const auto page = store.open_deliveries_to(device, after, scan_page);
        if (page.empty()) break;
        for (const auto& row : page)
            settle(store, row.message, device, DeliveryState::failed, {}, reason, out);
        after = page.back().order;
    }
    devices_.erase(device);
    return out;
}

std::vector<Progress> Outbox::fail_all(port::Store& store, ErrorCode reason)
{
    std::vector<Progress> out;
    for (const auto& device : open_devices())
        for (auto& progress : fail_device(store, device, reason))
            out.push_back(std::move(progress));
    return out;
}

Route Outbox::route_of(const Entry& entry, const MessageId& id, std::uint64_t link, bool stored) const
{
    const Route* mailbox = nullptr;
    const Route* flying = nullptr;
    for (const auto& used : entry.lanes) {
        if (used.route.link == 0) mailbox = &used.route;
        if (!used.lane.in_flight(id)) continue;
        if (used.route.link == link) return used.route;
        if (used.route.link != 0) flying = &used.route;
    }
    if (stored) return mailbox != nullptr ? *mailbox : Route{0, Path::mailbox, {}};
    return flying != nullptr ? *flying : Route{};
}

void Outbox::settle(port::Store& store, const MessageId& id, const DeviceId& device, DeliveryState state,
                    const Route& by, ErrorCode failure, std::vector<Progress>& out, bool quietly)
{
    const auto at = devices_.find(device);
    if (at == devices_.end()) return;
    auto& entry = at->second;
    const auto rows = store.deliveries(id);
    bool was_open = false;
    bool stored = false;
    bool all_settled = true;
    bool recipient_may_have_it = false;
    for (const auto& row : rows) {
        if (row.device == device) {
            was_open = is_open(row.state);
            stored = row.state == DeliveryState::stored;
            continue;
        }
        if (is_open(row.state)) all_settled = false;
        if (row.user != own_user_ && row.state != DeliveryState::failed) recipient_may_have_it = true;
    }
    if (!was_open) return; // A second receipt, or one for something that was never ours.

    const auto user = entry.user;
    auto route = state == DeliveryState::delivered ? route_of(entry, id, by.link, stored) : by;
    store.set_delivery(id, device, state, 0);
    if (!stored && entry.queued > 0) --entry.queued;
    for (auto& used : entry.lanes)
        used.lane.settled(id);
    if (--entry.open == 0) devices_.erase(at);

    if (user != own_user_ && !quietly) {
        if (state == DeliveryState::delivered) {
            if (route.path == Path::none || route.reason.empty()) {
                // Offered before a restart: the history remembers by which way.
                const auto row = store.message(id);
                if (row && (route.path == Path::none || route.path == row->message.path))
                    route = {0, row->message.path, row->message.path_reason};
            }
            // What goes by a link is marked before it leaves: this was put into the mailbox, and the answer was lost.
            if (route.path == Path::none) route = {0, Path::mailbox, "the relay's answer was lost"};
            const bool first = store.set_message_state(id, MessageState::delivered, route.path, route.reason, {});
            tell(first, {id, user, MessageState::delivered, route.path, route.reason, {}}, out);
        } else if (!recipient_may_have_it) {
            const std::string why(error_name(failure));
            if (store.set_message_state(id, MessageState::failed, Path::none, {}, why))
                out.push_back({id, user, MessageState::failed, Path::none, {}, why});
        }
    }
    if (all_settled) {
        store.remove_envelope(id);
        if (messages_ > 0) --messages_;
    }
}

} // namespace godwit::delivery

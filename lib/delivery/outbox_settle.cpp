// SPDX-License-Identifier: Apache-2.0
// What becomes of an envelope: answers and receipts come in, deliveries end, and with the last of them the envelope.
#include "lib/delivery/outbox.hpp"

#include <algorithm>

namespace godwit::delivery {

namespace {

using port::DeliveryState;

} // namespace

void Outbox::note_sent(port::Store& store, const MessageId& id, const ConversationId& conversation, const Entry& entry,
                       const Route& by, std::vector<Progress>& out)
{
    if (entry.user == own_user_) return;
    const bool first = store.set_message_state(conversation, id, MessageState::sent, by.path, by.reason, {});
    tell(first, {id, entry.user, MessageState::sent, by.path, by.reason, {}, true, conversation}, out);
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
                                      std::uint64_t link, bool quiet)
{
    std::vector<Progress> out;
    const auto at = devices_.find(device);
    if (at == devices_.end()) return out;
    for (const auto& id : ids) {
        Route by;
        by.link = link;
        settle(store, id, device, DeliveryState::delivered, by, ErrorCode::ok, out, quiet);
    }
    return out;
}

std::vector<Progress> Outbox::unopened(port::Store& store, const DeviceId& device, const std::vector<MessageId>& ids)
{
    std::vector<Progress> out;
    for (const auto& id : ids) {
        const auto at = devices_.find(device);
        if (at == devices_.end()) break;
        const auto row = store.open_delivery(id, device);
        if (!row) continue;
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
        const auto row = store.open_delivery(id, devices[i]);
        if (!row) continue;
        if (row->state == DeliveryState::queued) --entry.queued;
        store.set_delivery(id, devices[i], DeliveryState::stored, now.wall_ms);
        note_sent(store, id, row->conversation, entry, by, out);
        rescan_in_time(now);
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
    auto out = fail_device(store, device, reason, [](const ConversationId&) { return false; });
    devices_.erase(device);
    return out;
}

std::vector<Progress> Outbox::fail_device(port::Store& store, const DeviceId& device, ErrorCode reason,
                                          const GoesOn& goes_on)
{
    std::vector<Progress> out;
    std::uint64_t after = 0;
    for (;;) {
        const auto page = store.open_deliveries_to(device, after, scan_page);
        if (page.empty()) break;
        for (const auto& row : page)
            if (!goes_on(row.conversation)) settle(store, row.message, device, DeliveryState::failed, {}, reason, out);
        after = page.back().order;
    }
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
    const auto row = store.open_delivery(id, device);
    if (!row) return; // A second receipt, or one for something that was never ours.
    const auto& conversation = row->conversation;
    const bool stored = row->state == DeliveryState::stored;
    const auto user = entry.user;
    const bool fails = state == DeliveryState::failed && user != own_user_ && !quietly;
    const auto others = store.other_deliveries(id, device, own_user_, fails ? std::string_view(user) : "");

    auto route = state == DeliveryState::delivered ? route_of(entry, id, by.link, stored) : by;
    if (others.open) store.set_delivery(id, device, state, 0); // else its row goes with the envelope, below
    if (!stored && entry.queued > 0) --entry.queued;
    for (auto& used : entry.lanes)
        used.lane.settled(id);
    if (std::erase(entry.watched, id) > 0)
        settled_.push_back({device, id, state == DeliveryState::delivered ? ErrorCode::ok : failure});
    if (--entry.open == 0) devices_.erase(at);

    if (user != own_user_ && !quietly) {
        if (state == DeliveryState::delivered) {
            if (route.path == Path::none || route.reason.empty()) {
                // Offered before a restart: the history remembers by which way.
                const auto known = store.message_in(conversation, id);
                if (known && (route.path == Path::none || route.path == known->message.path))
                    route = {0, known->message.path, known->message.path_reason};
            }
            // What goes by a link is marked before it leaves: this was put into the mailbox, and the answer was lost.
            if (route.path == Path::none) route = {0, Path::mailbox, "the relay's answer was lost"};
            const bool first =
                store.set_message_state(conversation, id, MessageState::delivered, route.path, route.reason, {});
            tell(first, {id, user, MessageState::delivered, route.path, route.reason, {}, true, conversation}, out);
        } else {
            const std::string why(error_name(failure));
            const bool whole = !others.may_have &&
                               store.set_message_state(conversation, id, MessageState::failed, Path::none, {}, why);
            // None of theirs has it, or will.
            if (whole || !others.user_may_have)
                tell(whole, {id, user, MessageState::failed, Path::none, {}, why, true, conversation}, out);
        }
    }
    if (!others.open) {
        // Said to the own devices alone: it is where it belongs, also when one of them has gone meanwhile.
        if (user == own_user_ && !others.may_have &&
            store.set_message_state(conversation, id, MessageState::delivered, route.path, route.reason, {}))
            out.push_back({id, user, MessageState::delivered, route.path, route.reason, {}, true, conversation});
        store.remove_envelope(id);
        if (messages_ > 0) --messages_;
    }
}

} // namespace godwit::delivery

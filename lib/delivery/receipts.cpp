// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/receipts.hpp"

#include <algorithm>
#include <utility>

namespace godwit::delivery {

void Receipts::owe(const DeviceId& device, const MessageId& id, std::uint64_t sequence)
{
    add(device, id, sequence == 0 ? Came::by_link : Came::by_mailbox);
    if (sequence == 0) return;
    auto& sequences = owed_[device].sequences;
    sequences.push_back(sequence);
    if (sequences.size() > receipts_owed_max) sequences.erase(sequences.begin());
}

void Receipts::add(const DeviceId& device, const MessageId& id, Came came)
{
    auto& ids = owed_[device].ids;
    const bool known =
        std::any_of(ids.rbegin(), ids.rend(), [&](const Id& one) { return one.id == id && one.came == came; });
    if (!known) ids.push_back({id, came});
    if (ids.size() > receipts_owed_max) ids.pop_front();
}

std::vector<DeviceId> Receipts::devices() const
{
    std::vector<DeviceId> out;
    for (const auto& [device, owed] : owed_)
        out.push_back(device);
    return out;
}

Receipts::Parcel Receipts::take(const DeviceId& device, std::optional<Came> came)
{
    Parcel out;
    const auto at = owed_.find(device);
    if (at == owed_.end()) return out;
    auto& owed = at->second;
    bool mail_left = false;
    std::deque<Id> left;
    for (auto& one : owed.ids) {
        if ((!came || one.came == *came) && out.ids.size() < wire::receipt_ids_max) {
            out.ids.push_back(one.id);
            continue;
        }
        mail_left = mail_left || one.came == Came::by_mailbox;
        left.push_back(one);
    }
    owed.ids = std::move(left);
    // Rows of the mailbox go with the last receipt for any of them: none is deleted before its receipt is under way.
    if (!mail_left && came != Came::by_link) out.sequences = std::exchange(owed.sequences, {});
    if (owed.ids.empty() && owed.sequences.empty()) owed_.erase(at);
    return out;
}

void Receipts::give_back(const DeviceId& device, const Parcel& parcel)
{
    for (const auto& id : parcel.ids)
        add(device, id, Came::by_mailbox);
    auto& sequences = owed_[device].sequences;
    sequences.insert(sequences.end(), parcel.sequences.begin(), parcel.sequences.end());
}

void Receipts::sent_on_link(std::uint64_t link, const DeviceId& device, const std::vector<MessageId>& ids, Instant now)
{
    auto& on_link = links_[link];
    on_link.device = device;
    while (!on_link.sent.empty() &&
           (on_link.sent.front().at + receipt_doubt < now || on_link.sent.size() + ids.size() > receipts_owed_max))
        on_link.sent.pop_front();
    for (const auto& id : ids)
        on_link.sent.push_back({id, now});
}

void Receipts::link_lost(std::uint64_t link, Instant now)
{
    const auto at = links_.find(link);
    if (at == links_.end()) return;
    for (const auto& sent : at->second.sent)
        if (sent.at + receipt_doubt >= now) add(at->second.device, sent.id, Came::by_link);
    links_.erase(at);
}

bool Receipts::mailbox_ready(const DeviceId& device, Instant now) const
{
    const auto at = mailbox_after_.find(device);
    return at == mailbox_after_.end() || at->second <= now;
}

void Receipts::sent_by_mailbox(const DeviceId& device, Instant now)
{
    std::erase_if(mailbox_after_, [&](const auto& entry) { return entry.second <= now; });
    mailbox_after_[device] = now + receipt_mailbox_gap;
}

Instant Receipts::mailbox_deadline() const
{
    Instant out = never;
    for (const auto& [device, owed] : owed_) {
        const auto at = mailbox_after_.find(device);
        if (at != mailbox_after_.end()) out = earlier(out, at->second);
    }
    return out;
}

void Receipts::forget_sequences()
{
    for (auto& [device, owed] : owed_)
        owed.sequences.clear();
    std::erase_if(owed_, [](const auto& entry) { return entry.second.ids.empty(); });
}

} // namespace godwit::delivery

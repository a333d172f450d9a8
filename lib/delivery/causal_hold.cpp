// SPDX-License-Identifier: Apache-2.0
//   arrive ── all parents in the history? ── yes ──> ready ──> whoever waited for it, and so on
//                  │ no
//                  └──> held in the store ── parents come / time is over / too much is held ──> ready
#include "lib/delivery/causal_hold.hpp"

#include <algorithm>

namespace godwit::delivery {

namespace {

/// What a held message costs: its text and a row around it.
std::size_t cost_bytes(const port::StoredMessage& message)
{
    return message.message.text.size() + message.extra.size() + 256;
}

} // namespace

void CausalHold::load(port::Store& store, Moment now)
{
    conversations_.clear();
    for (const auto& conversation : store.conversations_with_held()) {
        auto& place = conversations_[conversation];
        auto rows = store.held(conversation);
        std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
            return a.held_since_ms != b.held_since_ms ? a.held_since_ms < b.held_since_ms
                                                      : a.message.message.id < b.message.message.id;
        });
        for (const auto& row : rows) {
            Entry entry;
            for (const auto& parent : row.parents)
                if (!store.has_message(conversation, parent)) entry.missing.insert(parent);
            const auto waited = std::chrono::milliseconds(
                std::clamp<std::int64_t>(now.wall_ms - row.held_since_ms, 0, 24LL * 3600 * 1000));
            entry.until = now.mono + std::max(Duration(0), limits_.wait_max - Duration(waited));
            entry.size_bytes = cost_bytes(row.message);
            keep(place, row.message.message.id, std::move(entry));
        }
    }
}

void CausalHold::keep(Conversation& place, const MessageId& id, Entry entry)
{
    entry.arrival = ++arrivals_;
    place.bytes += entry.size_bytes;
    place.held.emplace(id, std::move(entry));
}

std::vector<CausalHold::Ready> CausalHold::arrive(port::Store& store, port::StoredMessage message,
                                                  std::vector<MessageId> parents, bool missed_some, Moment now)
{
    std::vector<Ready> out;
    const auto conversation = message.message.conversation;
    const auto id = message.message.id;
    auto& place = conversations_[conversation];
    if (place.held.contains(id) || store.has_message(conversation, id)) return out;

    Entry entry;
    for (const auto& parent : parents)
        if (parent != id && std::find(place.given_up.begin(), place.given_up.end(), parent) == place.given_up.end() &&
            !store.has_message(conversation, parent))
            entry.missing.insert(parent);

    if (entry.missing.empty()) {
        out.push_back({std::move(message), std::move(parents)});
        cascade(store, conversation, place, out, 0);
    } else {
        entry.gap = !missed_some;
        entry.until = now.mono + (missed_some ? limits_.first_wait_max : limits_.wait_max);
        entry.size_bytes = cost_bytes(message);
        store.hold({std::move(message), std::move(parents), now.wall_ms});
        keep(place, id, std::move(entry));
        while (place.held.size() > limits_.messages_max || place.bytes > limits_.bytes_max)
            release(store, conversation, place, root_of(place, *oldest(place)), true, out);
    }
    if (place.held.empty() && place.given_up.empty()) conversations_.erase(conversation);
    return out;
}

std::vector<CausalHold::Ready> CausalHold::expire(port::Store& store, Instant now)
{
    std::vector<Ready> out;
    for (auto& [conversation, place] : conversations_)
        for (;;) {
            // Oldest first, so that the gap is shown where it is and what follows from it follows.
            const MessageId* due = nullptr;
            std::uint64_t first = 0;
            for (const auto& [id, entry] : place.held)
                if (entry.until <= now && (due == nullptr || entry.arrival < first)) {
                    due = &id;
                    first = entry.arrival;
                }
            if (due == nullptr) break;
            release(store, conversation, place, root_of(place, *due), true, out);
        }
    return out;
}

const MessageId* CausalHold::oldest(const Conversation& place)
{
    const auto at = std::min_element(place.held.begin(), place.held.end(),
                                     [](const auto& a, const auto& b) { return a.second.arrival < b.second.arrival; });
    return &at->first;
}

/// The held ancestor that stands in the way: a child never goes before a parent that is here. Parents come from outside
/// and may name each other in a ring, so the walk is bounded.
MessageId CausalHold::root_of(const Conversation& place, MessageId id)
{
    for (std::size_t steps = 0; steps < place.held.size(); ++steps) {
        const auto& missing = place.held.at(id).missing;
        const auto held = std::find_if(missing.begin(), missing.end(),
                                       [&](const MessageId& parent) { return place.held.contains(parent); });
        if (held == missing.end()) break;
        id = *held;
    }
    return id;
}

void CausalHold::release(port::Store& store, const ConversationId& conversation, Conversation& place,
                         const MessageId& id, bool give_up, std::vector<Ready>& out)
{
    const auto at = place.held.find(id);
    auto entry = std::move(at->second);
    place.bytes -= entry.size_bytes;
    place.held.erase(at);
    auto row = store.held_message(conversation, id);
    store.release(conversation, id);
    if (!row) return; // The transaction has failed; memory is thrown away with it.

    if (give_up) {
        row->message.message.gap_before = entry.gap;
        for (const auto& parent : entry.missing) {
            // A parent that is itself held is late, not lost.
            if (place.held.contains(parent)) continue;
            place.given_up.push_back(parent);
            if (place.given_up.size() > parents_given_up_max) place.given_up.pop_front();
        }
    }
    const auto from = out.size();
    out.push_back({std::move(row->message), std::move(row->parents)});
    cascade(store, conversation, place, out, from);
}

/// Releases whoever waited only for out[from..], which grows as it goes.
void CausalHold::cascade(port::Store& store, const ConversationId& conversation, Conversation& place,
                         std::vector<Ready>& out, std::size_t from)
{
    for (std::size_t next = from; next < out.size(); ++next) {
        const auto parent = out[next].message.message.id;
        std::vector<std::pair<std::uint64_t, MessageId>> free;
        for (auto& [id, entry] : place.held)
            if (entry.missing.erase(parent) > 0 && entry.missing.empty()) free.emplace_back(entry.arrival, id);
        std::sort(free.begin(), free.end());
        for (const auto& [arrival, id] : free) {
            const auto at = place.held.find(id);
            place.bytes -= at->second.size_bytes;
            place.held.erase(at);
            auto row = store.held_message(conversation, id);
            store.release(conversation, id);
            if (row) out.push_back({std::move(row->message), std::move(row->parents)});
        }
    }
}

Instant CausalHold::deadline() const
{
    Instant out = never;
    for (const auto& [conversation, place] : conversations_)
        for (const auto& [id, entry] : place.held)
            out = earlier(out, entry.until);
    return out;
}

std::size_t CausalHold::held_count(const ConversationId& conversation) const
{
    const auto at = conversations_.find(conversation);
    return at == conversations_.end() ? 0 : at->second.held.size();
}

} // namespace godwit::delivery

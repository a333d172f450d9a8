// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what peers sent directly in an epoch that this device has not entered yet. The commit that
// leads there comes by the relay and is usually slower than a direct link. And a Welcome whose tree is still asked for,
// with the mail behind it. In memory, and without a receipt or an acknowledgement: who sent it offers it again, and so
// does the relay at the next connection.
#pragma once

#include "lib/base/time.hpp"
#include "lib/wire/frames.hpp"

#include <deque>
#include <map>
#include <vector>

namespace godwit::engine {

/// How long the commit may be behind a direct message before that is worth saying.
inline constexpr Duration ahead_wait_max = std::chrono::seconds(10);
inline constexpr std::size_t ahead_messages_max = 256; ///< Per conversation.
inline constexpr std::size_t ahead_bytes_max = 4 * 1024 * 1024;

class Ahead {
public:
    struct Item {
        DeviceId from;
        std::uint64_t link = 0;
        wire::Envelope envelope;
        Instant since{};
        std::uint64_t sequence = 0; ///< Of the mailbox row, which is not acknowledged yet; 0: it came by a link.
    };

    /// False: no room, it is dropped.
    bool hold(const ConversationId& conversation, Item item)
    {
        auto& items = held_[conversation];
        const auto size = item.envelope.sealed.size();
        for (const auto& one : items)
            if (one.envelope.id == item.envelope.id && one.from == item.from) return true;
        if (items.size() >= ahead_messages_max || bytes_ + size > ahead_bytes_max) return false;
        bytes_ += size;
        items.push_back(std::move(item));
        return true;
    }
    /// All of a conversation, in order of arrival.
    [[nodiscard]] std::deque<Item> take(const ConversationId& conversation)
    {
        const auto at = held_.find(conversation);
        if (at == held_.end()) return {};
        auto out = std::move(at->second);
        held_.erase(at);
        for (const auto& one : out)
            bytes_ -= one.envelope.sealed.size();
        return out;
    }
    /// Conversations whose oldest has waited for ahead_wait_max.
    [[nodiscard]] std::vector<ConversationId> overdue(Instant now) const
    {
        std::vector<ConversationId> out;
        for (const auto& [conversation, items] : held_)
            if (!items.empty() && items.front().since + ahead_wait_max <= now) out.push_back(conversation);
        return out;
    }
    [[nodiscard]] Instant deadline() const
    {
        Instant out = never;
        for (const auto& [conversation, items] : held_)
            if (!items.empty()) out = earlier(out, items.front().since + ahead_wait_max);
        return out;
    }
    void clear()
    {
        held_.clear();
        bytes_ = 0;
    }

private:
    std::map<ConversationId, std::deque<Item>> held_;
    std::size_t bytes_ = 0;
};

} // namespace godwit::engine

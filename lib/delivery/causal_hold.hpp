// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/port/store.hpp"

#include <deque>
#include <map>
#include <set>
#include <vector>

namespace godwit::delivery {

/// Parents given up on, remembered per conversation so that the next message which names them does not wait again.
inline constexpr std::size_t parents_given_up_max = 256;

/// Incoming messages wait here for the messages that they answer to. Held is durable, hence receipted. A wait ends in
/// one of three ways: the parents come; the time is over (shown with a gap); too much is held (the oldest is shown with
/// a gap).
class CausalHold {
public:
    struct Limits {
        std::uint32_t messages_max = 1'000; ///< Per conversation.
        std::uint32_t bytes_max = 4 * 1024 * 1024;
        Duration wait_max = std::chrono::seconds(30);
        /// In a conversation that is older than this device and still empty here, the first messages name parents that
        /// were never sent to this device. Long enough for reordering between paths, short enough to be no annoyance;
        /// ends without a gap.
        Duration first_wait_max = std::chrono::seconds(2);
    };
    /// A message whose time has come; parents it names, and whether one is missing for good.
    struct Ready {
        port::StoredMessage message;
        std::vector<MessageId> parents;
    };

    explicit CausalHold(Limits limits) : limits_(limits) {}

    /// Takes up what was held when the store was written.
    void load(port::Store& store, Moment now);

    /// What is ready now because `message` came, parents before children: nothing (it waits, or is a duplicate),
    /// itself, or itself and others. The caller puts each into the history in this order, in this transaction.
    /// `missed_some`: this device was not there for all of the conversation, so a parent may never come.
    [[nodiscard]] std::vector<Ready> arrive(port::Store& store, port::StoredMessage message,
                                            std::vector<MessageId> parents, bool missed_some, Moment now);
    [[nodiscard]] std::vector<Ready> expire(port::Store& store, Instant now);
    [[nodiscard]] Instant deadline() const;
    [[nodiscard]] std::size_t held_count(const ConversationId& conversation) const;

private:
    struct Entry {
        std::set<MessageId> missing;
        Instant until{};
        bool gap = true;
        std::uint64_t arrival = 0;
        std::size_t size_bytes = 0;
    };
    struct Conversation {
        std::map<MessageId, Entry> held;
        std::size_t bytes = 0;
        std::deque<MessageId> given_up;
    };

    void keep(Conversation& place, const MessageId& id, Entry entry);
    void release(port::Store& store, const ConversationId& conversation, Conversation& place, const MessageId& id,
                 bool give_up, std::vector<Ready>& out);
    void cascade(port::Store& store, const ConversationId& conversation, Conversation& place, std::vector<Ready>& out,
                 std::size_t from);
    [[nodiscard]] static const MessageId* oldest(const Conversation& place);
    [[nodiscard]] static MessageId root_of(const Conversation& place, MessageId id);

    Limits limits_;
    std::map<ConversationId, Conversation> conversations_;
    std::uint64_t arrivals_ = 0;
};

} // namespace godwit::delivery

// SPDX-License-Identifier: Apache-2.0
// What stories check: all devices of one conversation, stores in memory, no churn. The simulator's oracle knows more.
#include "tests/sim/world.hpp"
#include "tests/support/conversation_at.hpp"

#include <algorithm>

namespace godwit::testing {

bool World::all_terminal(Client& client)
{
    return client.store.open_message_count() == 0;
}

std::optional<ConversationId> World::conversation_of(const Circle& circle)
{
    for (auto* one : circle)
        for (auto* other : circle)
            if (account(one->name) != account(other->name))
                if (const auto id = test::conversation_at(one->store, account(other->name))) return id;
    return std::nullopt;
}

std::string World::check_now(const Circle& circle)
{
    const auto conversation = conversation_of(circle);
    if (!conversation) return "no conversation";
    for (auto* one : circle) {
        for (const auto& row : one->store.sorted(*conversation)) {
            const auto& message = row.message;
            if (message.state == MessageState::failed) return "failed: " + message.text + ": " + message.failure;
            if (message.state != MessageState::delivered) continue;
            const bool there = std::any_of(circle.begin(), circle.end(), [&](Client* far) {
                return account(far->name) == message.with && (far->store.has_message(*conversation, message.id) ||
                                                              far->store.held_message(*conversation, message.id));
            });
            if (!there) return "counts as delivered and is not there: " + message.text;
        }
    }
    return {};
}

std::string World::check_conversation(const Circle& circle)
{
    if (auto wrong = check_now(circle); !wrong.empty()) return wrong;
    const auto conversation = conversation_of(circle);
    const auto rows = circle.front()->store.sorted(*conversation);
    std::map<MessageId, std::size_t> place;
    std::set<std::string> texts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        place[rows[i].message.id] = i;
        if (!texts.insert(rows[i].message.text).second) return "twice in a history: " + rows[i].message.text;
    }
    for (auto* one : circle) {
        const auto theirs = one->store.sorted(*conversation);
        if (theirs.size() != rows.size())
            return "histories differ in length: " + std::to_string(rows.size()) + " and " +
                   std::to_string(theirs.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto& x = rows[i].message;
            const auto& y = theirs[i].message;
            if (x.id != y.id || x.text != y.text)
                return "histories differ at " + std::to_string(i) + ": " + x.text + " | " + y.text;
            if (x.from != y.from) return "histories disagree about the author of " + x.text;
        }
    }
    for (const auto& [id, told] : told_) {
        if (told.conversation != *conversation) continue;
        if (!place.contains(id)) return "an application was told of a message that is not there";
        for (const auto& before : told.before)
            if (place.contains(before) && place.at(before) > place.at(id))
                return "an answer stands before what it answers to";
    }
    for (auto* one : circle) {
        std::set<MessageId> shown;
        bool gap = false;
        for (const auto& message : one->heard.received) {
            gap = gap || message.gap_before;
            // What this one answers to was shown before it, unless a gap was admitted.
            for (const auto& before : told_[message.id].before)
                if (const auto row = one->store.message(before);
                    !gap && row && row->message.state == MessageState::received && !shown.contains(before))
                    return one->name + " was shown " + message.text + " before " + row->message.text;
            shown.insert(message.id);
        }
        for (const auto& row : one->store.sorted(*conversation))
            if (row.message.state == MessageState::received && !shown.contains(row.message.id))
                return one->name + " was never shown " + row.message.text;
    }
    return {};
}

} // namespace godwit::testing

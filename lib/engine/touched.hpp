// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what a tick has changed of what an application may watch.
#pragma once

#include <godwit/event.hpp>

#include <set>
#include <string>

namespace godwit::engine {

struct Touched {
    std::set<ConversationId> conversations;
    std::set<MessageId> messages;
    std::set<std::string> contacts;

    [[nodiscard]] bool any() const { return !conversations.empty() || !messages.empty() || !contacts.empty(); }
    void message(const ConversationId& conversation, const MessageId& id)
    {
        conversations.insert(conversation);
        messages.insert(id);
    }
    /// What an event tells has changed.
    void note(const Event& event)
    {
        if (const auto* received = std::get_if<event::MessageReceived>(&event))
            message(received->message.conversation, received->message.id);
        else if (const auto* changed = std::get_if<event::MessageChanged>(&event))
            message(changed->message.conversation, changed->message.id);
        else if (const auto* state = std::get_if<event::MessageStateChanged>(&event))
            messages.insert(state->id);
        else if (const auto* read = std::get_if<event::ReadUpTo>(&event))
            conversations.insert(read->conversation);
        else if (const auto* about = std::get_if<event::ConversationChanged>(&event))
            conversations.insert(about->conversation.id);
        else if (const auto* presence = std::get_if<event::Presence>(&event))
            contacts.insert(presence->user);
        else if (const auto* request = std::get_if<event::ContactRequest>(&event))
            contacts.insert(request->user);
        else if (const auto* accepted = std::get_if<event::ContactAccepted>(&event))
            contacts.insert(accepted->user);
        else if (const auto* removed = std::get_if<event::ContactRemoved>(&event))
            contacts.insert(removed->user);
        else if (const auto* security = std::get_if<event::Security>(&event))
            contacts.insert(security->user);
        else if (const auto* path = std::get_if<event::PathChanged>(&event))
            contacts.insert(path->user);
    }
};

} // namespace godwit::engine

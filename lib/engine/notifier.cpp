// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/notifier.hpp"

#include "lib/conversation/conversation.hpp"

namespace godwit::engine {

void Notifier::load()
{
    untaken_ = 0;
    show_backlog();
}

void Notifier::arrived(const Message& message)
{
    if (backlog_ || untaken_ >= context_.config.events_untaken_max) {
        backlog_ = true;
        return;
    }
    ++untaken_;
    context_.event(event::MessageReceived{message});
}

void Notifier::taken(const ConversationId& conversation, const MessageId& id)
{
    context_.store.mark_notified(conversation, id);
    if (untaken_ > 0) --untaken_;
}

void Notifier::end_tick()
{
    if (untaken_ == 0 && backlog_) show_backlog();
}

/// Precondition: nothing is shown and not taken, so the store's first unmarked are the next.
void Notifier::show_backlog()
{
    auto rows = context_.store.unnotified(context_.config.events_untaken_max);
    backlog_ = rows.size() >= context_.config.events_untaken_max;
    for (auto& row : rows) {
        ++untaken_;
        context_.event(event::MessageReceived{conversation::present(context_.store, std::move(row))});
    }
}

} // namespace godwit::engine

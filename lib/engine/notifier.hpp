// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: received messages on their way to the application, at least once each and in order of arrival.
//
// Up to events_untaken_max are shown and not taken; what comes beyond waits in the store (it is there anyway, not yet
// marked) and is read when the application has caught up. So a sleeping application costs no memory.
#pragma once

#include "lib/engine/context.hpp"

namespace godwit::engine {

class Notifier {
public:
    explicit Notifier(Context& context) : context_(context) {}

    /// Shows what the application had not taken when the store was written.
    void load();
    /// A message is in the history now.
    void arrived(const Message& message);
    void taken(const ConversationId& conversation, const MessageId& id);
    /// Shows the next ones of the store when all that was shown is taken. What is over has gone from it before.
    void end_tick();

private:
    void show_backlog();

    Context& context_;
    std::uint32_t untaken_ = 0;
    bool backlog_ = false; ///< More wait in the store than are shown.
};

} // namespace godwit::engine

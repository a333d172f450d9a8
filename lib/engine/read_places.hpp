// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what a word of somebody who has read means for what is shown.
#pragma once

#include "lib/conversation/timeline.hpp"

#include <optional>

namespace godwit::engine {

/// Up to which message they have read everything: their place, or what stands before the first that came to them late.
/// nullopt: nothing.
[[nodiscard]] inline std::optional<MessageId> read_whole(port::Store& store, const ConversationId& conversation,
                                                         const conversation::ReadBy& by)
{
    std::optional<conversation::Place> first;
    for (const auto& id : by.late)
        if (const auto row = store.message_in(conversation, id)) {
            const conversation::Place place{row->hlc_ms, id};
            if (place <= by.place && (!first || place < *first)) first = place;
        }
    if (!first) {
        // What is not shown here any more nobody can point at.
        const auto row = store.message_in(conversation, by.place.id);
        if (!row || row->shown || row->hlc_ms == 0)
            return by.place.id; // Of what was gone before it came there is no place.
        first = by.place;
    }
    const auto before = store.history(conversation, 1, first->id);
    if (before.empty()) return std::nullopt;
    return before.front().message.id;
}

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
// Private to lib/conversation: who answers quotes some words, and these go when what was quoted goes, whichever came
// first.
#pragma once

#include "lib/conversation/conversation.hpp"

#include <vector>

namespace godwit::conversation {

/// It was taken back here, or has lived its time.
[[nodiscard]] bool is_gone(port::Store& store, const ConversationId& conversation, const MessageId& id);
/// A post is about to be filed: what it quotes is remembered, or goes at once.
void mind_quote(port::Store& store, port::StoredMessage& row);
/// The words of this post are gone: from whatever quotes them, too. Which posts did.
std::vector<MessageId> empty_quotes(port::Store& store, const ConversationId& conversation, const MessageId& id);

} // namespace godwit::conversation

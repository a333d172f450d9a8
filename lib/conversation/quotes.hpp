// SPDX-License-Identifier: Apache-2.0
// Private to lib/conversation: who answers quotes some words, and these go when what was quoted goes, whichever came
// first. Not every device has what is quoted (who came later has not), and nobody tells it when that has lived its
// time: so what goes by itself is quoted without words, and they are shown from the post itself where it is.
#pragma once

#include "lib/conversation/conversation.hpp"

#include <vector>

namespace godwit::conversation {

/// An own answer is made: what it quotes it quotes as that stands here now.
void compose_quote(port::Store& store, const ConversationId& conversation, content::Quote& quote, bool many);
/// What is shown of a quote. `many`: in a conversation of more than two, where admins take back as well.
void present_quote(port::Store& store, const ConversationId& conversation, content::Quote& quote, bool many);
/// A post is about to be filed: what it quotes is remembered, or goes at once.
void mind_quote(port::Store& store, port::StoredMessage& row);
/// The words of this post are gone: from whatever quotes them, too. Which posts did.
std::vector<MessageId> empty_quotes(port::Store& store, const ConversationId& conversation, const MessageId& id);
/// A post that is not here was taken back: likewise, where what quotes it names an author whose words these can be.
std::vector<MessageId> empty_quotes(port::Store& store, const port::Annotation& recall);

} // namespace godwit::conversation

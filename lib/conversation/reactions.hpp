// SPDX-License-Identifier: Apache-2.0
// Private to lib/conversation: reactions to one message, and how many there may be. Whatever order they come in, the
// same ones stand: of each author the latest reactions_kept_max emoji are known, each as it was said last (set or taken
// back), and of those that are set the latest reactions_per_author_max are shown.
#pragma once

#include "lib/port/store.hpp"

#include <string_view>

namespace godwit::conversation {

inline constexpr std::string_view reaction_prefix = "reaction/";
/// Shown of one author at one message.
inline constexpr std::size_t reactions_per_author_max = 8;
/// Known of one author at one message, taken back ones included.
inline constexpr std::size_t reactions_kept_max = 32;
/// Different ones that are shown at one message: those that were there first.
inline constexpr std::size_t reactions_max = 64;

/// False: it is known, or later ones stand in its place. Precondition: its name begins with reaction_prefix.
bool put_reaction(port::Store& store, const port::Annotation& reaction);
/// One more of this author's can be shown.
[[nodiscard]] bool may_react(port::Store& store, const ConversationId& conversation, const MessageId& target,
                             std::string_view author, std::string_view emoji);
/// What is shown, out of all annotations of one message.
[[nodiscard]] std::vector<Reactions> reactions_of(const std::vector<port::Annotation>& notes);

} // namespace godwit::conversation

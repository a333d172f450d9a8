// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what trace lines call a conversation. They carry no content, and a group's name is some.
#pragma once

#include "lib/engine/circles.hpp"

namespace godwit::engine {

[[nodiscard]] inline std::string traced(const Circles& circles, const ConversationId& conversation)
{
    const auto with = circles.with(conversation);
    return with.empty() ? "group " + to_hex(conversation.view().first(4)) : "group with " + with;
}

} // namespace godwit::engine

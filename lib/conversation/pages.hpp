// SPDX-License-Identifier: Apache-2.0
// Which part of a history an application asked for.
#pragma once

#include "lib/port/store.hpp"

#include <optional>
#include <vector>

namespace godwit::conversation {

/// At most one of the three; none: the newest page.
struct PageOf {
    std::uint32_t limit = 0; ///< 1…request::history_limit_max
    std::optional<MessageId> before{};
    std::optional<MessageId> after{};
    std::optional<MessageId> around{};
};

/// Rows, oldest first, as request::History says. Errors: invalid_argument (more than one of the three; no such message
/// in the conversation).
[[nodiscard]] Result<std::vector<port::StoredMessage>> page(port::Store& store, const ConversationId& conversation,
                                                            const PageOf& wanted);

} // namespace godwit::conversation

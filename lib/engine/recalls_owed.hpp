// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: recalls that whoever they are for does not get now, because nothing goes to them: this account
// has blocked them, or the contact has ended. Nothing can be sealed in that conversation, so the account's own devices
// have it by a register, and each of them gives it to the other side, as it was made, when they may talk again.
//
//   recall ── contact blocked or ended ── register ── own devices: gone there
//                                             └────── contact again ── outbox ── register emptied
#pragma once

#include "lib/port/store.hpp"

#include <optional>

namespace godwit::engine {

/// Of all conversations; beyond, a recall is refused, and one that was on its way has failed.
inline constexpr std::uint32_t recalls_owed_max = 256;

struct OwedRecall {
    ConversationId conversation;
    MessageId id;  ///< Of the recall.
    Bytes content; ///< Encoded.
};

/// Of a register. nullopt: another one, or one that was emptied.
[[nodiscard]] std::optional<OwedRecall> read_owed_recall(std::string_view name, BytesView value);

} // namespace godwit::engine

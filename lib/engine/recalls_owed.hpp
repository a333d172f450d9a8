// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: recalls that whoever they are for does not get now, because nothing goes to them: this account
// has blocked them, or the contact has ended. Nothing can be sealed in that conversation, so the account's own devices
// have it by a register, and each of them gives it to the other side, as it was made, when they may talk again.
//
//   recall ── contact blocked or ended ── register ── own devices: gone there
//                                             └────── contact again ── outbox ── register emptied
#pragma once

#include "lib/port/store.hpp"

namespace godwit::engine {

/// Of all conversations; beyond, a recall is refused.
inline constexpr std::uint32_t recalls_owed_max = 256;

struct OwedRecall {
    ConversationId conversation;
    MessageId id;  ///< Of the recall.
    Bytes content; ///< Encoded.
};

/// "recall/<32 hexadecimal digits>".
[[nodiscard]] std::string owed_recall_name(const MessageId& id);
/// conversation (16) ‖ content.
[[nodiscard]] Bytes owed_recall_value(const ConversationId& conversation, BytesView content);
/// nullopt: another register, or one that was emptied.
[[nodiscard]] std::optional<OwedRecall> read_owed_recall(std::string_view name, BytesView value);
[[nodiscard]] std::vector<OwedRecall> owed_recalls(port::Store& store);

} // namespace godwit::engine

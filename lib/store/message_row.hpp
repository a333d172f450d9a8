// SPDX-License-Identifier: Apache-2.0
// Private: the columns that `message` and `held` share, and a row of them as a StoredMessage.
#pragma once

#include "lib/port/store.hpp"
#include "lib/sqlite/statement.hpp"

namespace godwit::store {

#define GODWIT_MESSAGE_COLUMNS                                                                                         \
    "conversation, id, hlc_ms, kind, with_user, from_user, from_device, text, raw, sent_ms, received_ms, state, "      \
    "path, "                                                                                                           \
    "path_reason, failure, gap_before, send_key, notified"
#define GODWIT_MESSAGE_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18"

inline constexpr int message_columns = 18;

/// NULL instead of an empty key: NULLs may repeat in a unique index.
[[nodiscard]] inline std::optional<std::string_view> stored_send_key(const port::StoredMessage& message)
{
    if (message.send_key.empty()) return std::nullopt;
    return message.send_key;
}

/// nullopt when a value is none that we write.
[[nodiscard]] inline std::optional<port::StoredMessage> message_of(const sqlite::Statement& row)
{
    const auto conversation = row.fixed<ConversationId>(0);
    const auto id = row.fixed<MessageId>(1);
    const auto device = row.fixed<DeviceId>(6);
    const auto state = row.integer(11);
    const auto path = row.integer(12);
    if (!conversation || !id || !device || state < 0 || state > static_cast<int>(MessageState::failed) || path < 0 ||
        path > static_cast<int>(Path::mailbox))
        return std::nullopt;
    port::StoredMessage out;
    out.conversation = *conversation;
    out.message.id = *id;
    out.hlc_ms = row.integer(2);
    out.kind = static_cast<std::uint32_t>(row.integer(3));
    out.message.with = row.text(4);
    out.message.from = row.text(5);
    out.message.from_device = *device;
    out.message.text = row.text(7);
    out.raw = to_bytes(row.bytes(8));
    out.message.sent_ms = row.integer(9);
    out.message.received_ms = row.integer(10);
    out.message.state = static_cast<MessageState>(state);
    out.message.path = static_cast<Path>(path);
    out.message.path_reason = row.text(13);
    out.message.failure = row.text(14);
    out.message.gap_before = row.integer(15) != 0;
    out.send_key = row.text(16);
    out.notified = row.integer(17) != 0;
    return out;
}

} // namespace godwit::store

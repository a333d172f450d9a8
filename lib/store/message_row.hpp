// SPDX-License-Identifier: Apache-2.0
// Private: the columns that `message` and `held` share, and a row of them as a StoredMessage.
#pragma once

#include "lib/port/store.hpp"
#include "lib/sqlite/statement.hpp"

namespace godwit::store {

#define GODWIT_MESSAGE_COLUMNS                                                                                         \
    "conversation, id, hlc_ms, kind, with_user, from_user, from_device, role, text, extra, sent_ms, received_ms, "     \
    "state, path, path_reason, failure, gap_before, edited_ms, recalled_ms, recalled_by, expires_ms, burn_seconds, "   \
    "shown, annotated, send_key, notified"
#define GODWIT_MESSAGE_VALUES                                                                                          \
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, "  \
    "?25, ?26"

inline constexpr int message_columns = 26;

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
    const auto role = row.integer(7);
    const auto state = row.integer(12);
    const auto path = row.integer(13);
    if (!conversation || !id || !device || role < 0 || role > static_cast<int>(Role::owner) || state < 0 ||
        state > static_cast<int>(MessageState::failed) || path < 0 || path > static_cast<int>(Path::mailbox))
        return std::nullopt;
    port::StoredMessage out;
    out.message.conversation = *conversation;
    out.message.id = *id;
    out.hlc_ms = row.integer(2);
    out.kind = static_cast<std::uint32_t>(row.integer(3));
    out.message.with = row.text(4);
    out.message.from = row.text(5);
    out.message.from_device = *device;
    out.role = static_cast<Role>(role);
    out.message.text = row.text(8);
    out.extra = to_bytes(row.bytes(9));
    out.message.sent_ms = row.integer(10);
    out.message.received_ms = row.integer(11);
    out.message.state = static_cast<MessageState>(state);
    out.message.path = static_cast<Path>(path);
    out.message.path_reason = row.text(14);
    out.message.failure = row.text(15);
    out.message.gap_before = row.integer(16) != 0;
    out.message.edited_ms = row.integer(17);
    out.message.recalled_ms = row.integer(18);
    out.message.recalled_by = row.text(19);
    out.message.expires_ms = row.integer(20);
    out.burn_seconds = static_cast<std::uint32_t>(row.integer(21));
    out.shown = row.integer(22) != 0;
    out.annotated = row.integer(23) != 0;
    out.send_key = row.text(24);
    out.notified = row.integer(25) != 0;
    out.quiet = row.integer(25) == 2;
    return out;
}

/// Beside a bound of Timeline::hide_over: that row is not over by then. (No index knows BETWEEN so, which is right:
/// those of the history are the ones to be read by.)
#define GODWIT_NOT_OVER "expires_ms NOT BETWEEN 1 AND "

/// What is over by then is read as if it were emptied already.
inline void hide_if_over(port::StoredMessage& row, std::int64_t until_ms)
{
    if (row.message.expires_ms < 1 || row.message.expires_ms > until_ms) return;
    row.shown = false;
    row.annotated = false;
    row.message.text.clear();
    row.message.edited_ms = 0;
    row.extra.clear();
}

/// Calls `with` with all values of GODWIT_MESSAGE_VALUES, then `more`.
template <class With, class... More>
bool bind_message(const port::StoredMessage& row, With with, const More&... more)
{
    const Message& m = row.message;
    return with(m.conversation, m.id, row.hlc_ms, row.kind, m.with, m.from, m.from_device, row.role, m.text, row.extra,
                m.sent_ms, m.received_ms, m.state, m.path, m.path_reason, m.failure, m.gap_before, m.edited_ms,
                m.recalled_ms, m.recalled_by, m.expires_ms, row.burn_seconds, row.shown, row.annotated,
                stored_send_key(row),
                row.quiet      ? 2
                : row.notified ? 1
                               : 0,
                more...);
}

} // namespace godwit::store

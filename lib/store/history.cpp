// SPDX-License-Identifier: Apache-2.0
// The history: each message once, in the order (hlc_ms, id) of its conversation; states move forward only.
#include "lib/store/message_row.hpp"
#include "lib/store/search/words.hpp"
#include "lib/store/store.hpp"

#include <algorithm>

namespace godwit::store {
namespace {

constexpr std::size_t head_bytes = MessageId::size_bytes + 8;

/// The rule of set_message_state as one comparison: is `to` news for an outgoing message that stands at `from`?
bool moves_forward(MessageState from, Path from_path, MessageState to, Path to_path)
{
    if (from != MessageState::accepted && from != MessageState::sent) return false; // incoming, or at its end
    if (to == MessageState::received || to == MessageState::accepted) return false;
    if (to == MessageState::sent && from == MessageState::sent) return to_path != from_path; // over another path
    return true;
}

} // namespace

template <class... Values>
std::vector<port::StoredMessage> SqliteStore::read_messages(std::string_view sql, const Values&... values)
{
    std::vector<port::StoredMessage> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            auto message = message_of(row);
            if (!message) {
                fail_row("message");
                return false;
            }
            hide_if_over(*message, over_ms_);
            out.push_back(std::move(*message));
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

void SqliteStore::hide_over(std::int64_t until_ms)
{
    over_ms_ = until_ms;
}

bool SqliteStore::add_message(const port::StoredMessage& message)
{
    // Looked up by itself: an INSERT … SELECT that reads its own table goes through a temporary one.
    if (!ready_to_write() || has_message(message.message.conversation, message.message.id)) return false;
    const bool done = bind_message(message, [this](const auto&... values) {
        return write("INSERT INTO message(" GODWIT_MESSAGE_COLUMNS ") VALUES(" GODWIT_MESSAGE_VALUES ")", values...);
    });
    if (!done) return false;
    index_.arrived(database_.last_insert_rowid());
    return true;
}

void SqliteStore::update_post(const port::StoredMessage& message)
{
    const Message& m = message.message;
    std::optional<std::int64_t> arrival;
    bool was_found = false;
    std::string text;
    Bytes extra;
    read(
        "SELECT arrival, shown = 1 AND recalled_ms = 0, text, extra FROM message INDEXED BY message_id WHERE id = ?2 "
        "AND "
        "conversation = ?1",
        [&](sqlite::Statement& row) {
            arrival = row.integer(0);
            was_found = row.integer(1) != 0;
            text = row.text(2);
            extra = to_bytes(row.bytes(3));
            return true; // to the end, which tells whether there was memory for all of it
        },
        m.conversation, m.id);
    if (failed() || !arrival) return;
    if (!write("UPDATE message SET text = ?2, extra = ?3, burn_seconds = ?4, shown = ?5, annotated = ?6, "
               "edited_ms = ?7, recalled_ms = ?8, recalled_by = ?9, expires_ms = ?10 WHERE arrival = ?1",
               *arrival, m.text, message.extra, message.burn_seconds, message.shown, message.annotated, m.edited_ms,
               m.recalled_ms, m.recalled_by, m.expires_ms))
        return;
    note_changed(m.conversation, m.id);
    const bool is_found = message.shown && m.recalled_ms == 0;
    const bool says_the_same = text == m.text && extra == message.extra;
    if (!says_the_same) wipe_ = true;
    if (failed() || (says_the_same && was_found == is_found)) return;
    const auto done = index_.changed(*arrival, was_found ? search::words_of(text, extra) : std::string(),
                                     is_found ? search::words_of(m.text, message.extra) : std::string());
    if (!done) fail(done.error());
}

std::optional<port::StoredMessage> SqliteStore::message_in(const ConversationId& conversation, const MessageId& id)
{
    auto rows = read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message INDEXED BY message_id WHERE id = ?1 AND "
                              "conversation = ?2",
                              id, conversation);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

std::optional<port::StoredMessage> SqliteStore::newest(const ConversationId& conversation)
{
    auto rows = read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 AND shown = 1 "
                              "AND " GODWIT_NOT_OVER "?2 ORDER BY hlc_ms DESC, id DESC LIMIT 1",
                              conversation, over_ms_);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

std::uint32_t SqliteStore::count_received_after(const ConversationId& conversation, std::int64_t hlc_ms,
                                                const MessageId& id, std::uint32_t max)
{
    std::uint32_t out = 0;
    read(
        "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation = ?1 AND shown = 1 AND (hlc_ms, id) > (?2, ?3) "
        "AND state = 0 AND notified < 2 AND " GODWIT_NOT_OVER "?5 LIMIT ?4)",
        [&](sqlite::Statement& row) {
            out = static_cast<std::uint32_t>(row.integer(0));
            return false;
        },
        conversation, hlc_ms, id, max, over_ms_);
    return out;
}

std::vector<port::StoredMessage> SqliteStore::burning(const ConversationId& conversation, bool incoming,
                                                      std::int64_t hlc_ms, const MessageId& id, std::uint32_t limit)
{
    return read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 AND burn_seconds > 0 "
                         "AND (hlc_ms, id) <= (?2, ?3) AND (state = 0) = ?4 ORDER BY hlc_ms, id LIMIT ?5",
                         conversation, hlc_ms, id, incoming, limit);
}

std::vector<port::StoredMessage> SqliteStore::expiring(std::int64_t until_ms, std::uint32_t limit)
{
    const auto over_ms = std::exchange(over_ms_, 0); // To be emptied, they are read as they are.
    auto out = read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE expires_ms > 0 AND expires_ms <= ?1 "
                             "ORDER BY expires_ms LIMIT ?2",
                             until_ms, limit);
    over_ms_ = over_ms;
    return out;
}

std::optional<std::int64_t> SqliteStore::next_expiry()
{
    std::optional<std::int64_t> out;
    read("SELECT expires_ms FROM message WHERE expires_ms > 0 ORDER BY expires_ms LIMIT 1",
         [&](sqlite::Statement& row) {
             out = row.integer(0);
             return false;
         });
    return out;
}

std::optional<port::StoredMessage> SqliteStore::message(const MessageId& id)
{
    auto rows = messages(id, 1);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

std::vector<port::StoredMessage> SqliteStore::messages(const MessageId& id, std::uint32_t limit)
{
    return read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE id = ?1 ORDER BY arrival LIMIT ?2", id,
                         limit);
}

std::optional<port::StoredMessage> SqliteStore::first_unsent(const ConversationId& conversation,
                                                             std::int64_t after_hlc_ms, const MessageId& after_id,
                                                             std::int64_t hlc_ms, const MessageId& id)
{
    auto rows = read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 AND shown = 1 "
                              "AND (hlc_ms, id) > (?2, ?3) AND (hlc_ms, id) <= (?4, ?5) AND state = 1 "
                              "AND " GODWIT_NOT_OVER "?6 ORDER BY hlc_ms, id LIMIT 1",
                              conversation, after_hlc_ms, after_id, hlc_ms, id, over_ms_);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

bool SqliteStore::has_message(const ConversationId& conversation, const MessageId& id)
{
    return exists("SELECT 1 FROM message INDEXED BY message_id WHERE id = ?1 AND conversation = ?2", id, conversation);
}

std::optional<MessageId> SqliteStore::message_by_key(const ConversationId& conversation, std::string_view send_key)
{
    std::optional<MessageId> out;
    if (send_key.empty()) return out;
    read(
        "SELECT id FROM message WHERE conversation = ?1 AND send_key = ?2",
        [&](sqlite::Statement& row) {
            out = row.fixed<MessageId>(0);
            if (!out) fail_row("message");
            return false;
        },
        conversation, send_key);
    return out;
}

bool SqliteStore::set_message_state(const ConversationId& conversation, const MessageId& id, MessageState state,
                                    Path path, std::string_view path_reason, std::string_view failure)
{
    std::optional<std::int64_t> arrival;
    read(
        "SELECT arrival, state, path FROM message INDEXED BY message_id WHERE id = ?1 AND conversation = ?2",
        [&](sqlite::Statement& row) {
            const auto from = static_cast<MessageState>(row.integer(1));
            if (moves_forward(from, static_cast<Path>(row.integer(2)), state, path)) arrival = row.integer(0);
            return !arrival;
        },
        id, conversation);
    if (!arrival) return false;
    if (path == Path::none)
        return write("UPDATE message SET state = ?2, failure = ?3 WHERE arrival = ?1", *arrival, state, failure);
    return write("UPDATE message SET state = ?2, failure = ?3, path = ?4, path_reason = ?5 WHERE arrival = ?1",
                 *arrival, state, failure, path, path_reason);
}

std::optional<std::int64_t> SqliteStore::place_of(const ConversationId& conversation, const MessageId& id)
{
    std::optional<std::int64_t> out;
    read(
        "SELECT hlc_ms FROM message INDEXED BY message_id WHERE id = ?1 AND conversation = ?2",
        [&](sqlite::Statement& row) {
            out = row.integer(0);
            return false;
        },
        id, conversation);
    return out;
}

std::vector<port::StoredMessage> SqliteStore::history(const ConversationId& conversation, std::uint32_t limit,
                                                      const std::optional<MessageId>& before)
{
    const auto end_ms = before ? place_of(conversation, *before) : std::nullopt;
    auto rows = end_ms ? read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 "
                                       "AND shown = 1 AND (hlc_ms, id) < (?2, ?3) AND " GODWIT_NOT_OVER
                                       "?5 ORDER BY hlc_ms DESC, id DESC LIMIT ?4",
                                       conversation, *end_ms, *before, limit, over_ms_)
                       : read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 "
                                       "AND shown = 1 AND " GODWIT_NOT_OVER "?3 ORDER BY hlc_ms DESC, id DESC LIMIT ?2",
                                       conversation, limit, over_ms_);
    std::reverse(rows.begin(), rows.end());
    return rows;
}

std::vector<port::StoredMessage> SqliteStore::pinned(const ConversationId& conversation, std::uint32_t limit,
                                                     const std::optional<MessageId>& before)
{
    const auto end_ms = before ? place_of(conversation, *before) : std::nullopt;
    auto rows = read_messages(
        "SELECT " GODWIT_MESSAGE_COLUMNS " FROM message INDEXED BY message_id WHERE id IN (SELECT target FROM "
        "annotation INDEXED BY annotation_pin WHERE conversation = ?1 AND name = 'pin' AND length(value) > 0) "
        "AND conversation = ?1 AND shown = 1 AND recalled_ms = 0 AND (hlc_ms, id) < (?2, ?3) "
        "AND " GODWIT_NOT_OVER "?5 ORDER BY hlc_ms DESC, id DESC LIMIT ?4",
        conversation, end_ms.value_or(INT64_MAX), end_ms ? *before : MessageId{}, limit, over_ms_);
    std::reverse(rows.begin(), rows.end());
    return rows;
}

std::vector<port::StoredMessage> SqliteStore::history_after(const ConversationId& conversation, std::uint32_t limit,
                                                            const MessageId& after)
{
    const auto start_ms = place_of(conversation, after);
    if (!start_ms) return {};
    return read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE conversation = ?1 "
                         "AND shown = 1 AND (hlc_ms, id) > (?2, ?3) AND " GODWIT_NOT_OVER
                         "?5 ORDER BY hlc_ms, id LIMIT ?4",
                         conversation, *start_ms, after, limit, over_ms_);
}

std::vector<port::StoredMessage> SqliteStore::unnotified(std::uint32_t limit)
{
    return read_messages("SELECT " GODWIT_MESSAGE_COLUMNS " FROM message WHERE notified = 0 AND state = 0 "
                         "AND " GODWIT_NOT_OVER "?2 ORDER BY arrival LIMIT ?1",
                         limit, over_ms_);
}

void SqliteStore::mark_notified(const ConversationId& conversation, const MessageId& id)
{
    write("UPDATE message INDEXED BY message_id SET notified = 1 WHERE id = ?1 AND conversation = ?2 AND notified = 0",
          id, conversation);
}

std::vector<port::Store::Head> SqliteStore::heads(const ConversationId& conversation)
{
    std::vector<Head> out;
    if (failed()) return out;
    if (const auto* known = heads_.find(conversation)) return *known;
    read(
        "SELECT heads FROM head WHERE conversation = ?1",
        [&](sqlite::Statement& row) {
            const BytesView packed = row.bytes(0);
            if (packed.size() % head_bytes != 0) fail_row("head");
            for (std::size_t at = 0; at + head_bytes <= packed.size(); at += head_bytes) {
                Head head;
                head.id = *MessageId::from(packed.subspan(at, MessageId::size_bytes));
                std::uint64_t hlc = 0;
                for (const auto byte : packed.subspan(at + MessageId::size_bytes, 8))
                    hlc = (hlc << 8) | byte;
                head.hlc_ms = static_cast<std::int64_t>(hlc);
                out.push_back(head);
            }
            return false;
        },
        conversation);
    if (failed()) out.clear();
    if (!failed()) keep_heads(conversation, out, false);
    return out;
}

void SqliteStore::put_heads(const ConversationId& conversation, const std::vector<Head>& heads)
{
    if (heads.size() > ids_per_row_max) return fail({ErrorCode::internal, "more heads than a conversation can have"});
    if (!ready_to_write()) return;
    keep_heads(conversation, heads, true);
    dirty_ = true;
}

void SqliteStore::keep_heads(const ConversationId& conversation, const std::vector<Head>& heads, bool unwritten)
{
    if (heads_.full(conversation)) {
        write_remembered();
        heads_.clear();
    }
    heads_.keep(conversation, heads, unwritten);
}

void SqliteStore::write_heads(const ConversationId& conversation, const std::vector<Head>& heads)
{
    Bytes packed;
    packed.reserve(heads.size() * head_bytes);
    for (const Head& head : heads) {
        append(packed, head.id.view());
        for (int shift = 56; shift >= 0; shift -= 8)
            packed.push_back(static_cast<std::uint8_t>((static_cast<std::uint64_t>(head.hlc_ms) >> shift) & 255));
    }
    write("INSERT INTO head(conversation, heads) VALUES(?1, ?2) "
          "ON CONFLICT(conversation) DO UPDATE SET heads = excluded.heads",
          conversation, packed);
}

} // namespace godwit::store

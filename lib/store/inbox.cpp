// SPDX-License-Identifier: Apache-2.0
// What came in: content that waits for its parents, and the marks by which a second copy is known.
#include "lib/store/message_row.hpp"
#include "lib/store/store.hpp"

namespace godwit::store {

template <class... Values>
std::vector<port::HeldMessage> SqliteStore::read_held(std::string_view sql, const Values&... values)
{
    std::vector<port::HeldMessage> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            auto message = message_of(row);
            const BytesView parents = row.bytes(message_columns);
            if (!message || parents.size() % MessageId::size_bytes != 0) {
                fail_row("held");
                return false;
            }
            port::HeldMessage held{std::move(*message), {}, row.integer(message_columns + 1)};
            for (std::size_t at = 0; at < parents.size(); at += MessageId::size_bytes)
                held.parents.push_back(*MessageId::from(parents.subspan(at, MessageId::size_bytes)));
            out.push_back(std::move(held));
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

void SqliteStore::hold(const port::HeldMessage& held)
{
    if (held.parents.size() > ids_per_row_max)
        return fail({ErrorCode::internal, "more parents than a message can have"});
    Bytes parents;
    for (const auto& parent : held.parents)
        append(parents, parent.view());
    bind_message(
        held.message,
        [this](const auto&... values) {
            return write("REPLACE INTO held(" GODWIT_MESSAGE_COLUMNS
                         ", parents, held_since_ms) VALUES(" GODWIT_MESSAGE_VALUES ", ?27, ?28)",
                         values...);
        },
        parents, held.held_since_ms);
}

std::vector<port::HeldMessage> SqliteStore::held(const ConversationId& conversation)
{
    return read_held("SELECT " GODWIT_MESSAGE_COLUMNS ", parents, held_since_ms FROM held WHERE conversation = ?1 "
                     "ORDER BY id",
                     conversation);
}

std::optional<port::HeldMessage> SqliteStore::held_message(const ConversationId& conversation, const MessageId& id)
{
    auto rows = read_held("SELECT " GODWIT_MESSAGE_COLUMNS ", parents, held_since_ms FROM held "
                          "WHERE conversation = ?1 AND id = ?2",
                          conversation, id);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

std::vector<ConversationId> SqliteStore::conversations_with_held()
{
    std::vector<ConversationId> out;
    read("SELECT DISTINCT conversation FROM held ORDER BY conversation", [&](sqlite::Statement& row) {
        const auto id = row.fixed<ConversationId>(0);
        if (id) out.push_back(*id);
        if (!id) fail_row("held");
        return id.has_value();
    });
    if (failed()) out.clear();
    return out;
}

void SqliteStore::release(const ConversationId& conversation, const MessageId& id)
{
    write("DELETE FROM held WHERE conversation = ?1 AND id = ?2", conversation, id);
}

/// Senders are never taken out of their table, so a number stays what it is.
std::optional<std::int64_t> SqliteStore::number_of(const DeviceId& sender)
{
    if (failed()) return std::nullopt;
    if (const auto* known = senders_.find(sender)) return *known;
    std::optional<std::int64_t> out;
    read(
        "SELECT number FROM sender WHERE device = ?1",
        [&](sqlite::Statement& row) {
            out = row.integer(0);
            return false;
        },
        sender);
    if (failed() || !out) return std::nullopt;
    if (senders_.full(sender)) senders_.clear();
    senders_.keep(sender, *out);
    return out;
}

bool SqliteStore::seen(const DeviceId& from, const MessageId& id)
{
    const auto sender = number_of(from);
    return sender && exists("SELECT 1 FROM seen WHERE sender = ?1 AND id = ?2", *sender, id);
}

void SqliteStore::mark_seen(const DeviceId& from, const MessageId& id, std::int64_t now_ms)
{
    auto sender = number_of(from);
    if (!sender && write("INSERT INTO sender(device) VALUES(?1)", from)) sender = database_.last_insert_rowid();
    if (sender)
        write("INSERT INTO seen(sender, id, at_ms) VALUES(?1, ?2, ?3) ON CONFLICT(sender, id) DO UPDATE "
              "SET at_ms = excluded.at_ms",
              *sender, id, now_ms);
}

void SqliteStore::forget_seen_before(std::int64_t wall_ms)
{
    // Asked often, true rarely: a tick that forgets nothing should stay a tick without a write.
    if (exists("SELECT 1 FROM seen WHERE at_ms < ?1 LIMIT 1", wall_ms))
        write("DELETE FROM seen WHERE at_ms < ?1", wall_ms);
}

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
// What has come and what stands otherwise since, for archives.
#include "lib/store/message_row.hpp"
#include "lib/store/store.hpp"

namespace godwit::store {

void SqliteStore::note_changed(const ConversationId& conversation, const MessageId& target)
{
    write("INSERT OR REPLACE INTO changed(conversation, target) VALUES(?1, ?2)", conversation, target);
}

std::vector<SqliteStore::Arrived> SqliteStore::arrivals(std::int64_t after, std::uint32_t limit)
{
    std::vector<Arrived> out;
    read(
        "SELECT " GODWIT_MESSAGE_COLUMNS ", arrival FROM message WHERE arrival > ?1 ORDER BY arrival LIMIT ?2",
        [&](sqlite::Statement& row) {
            auto message = message_of(row);
            if (!message) {
                fail_row("message");
                return false;
            }
            hide_if_over(*message, over_ms_);
            out.push_back({row.integer(message_columns), *std::move(message)});
            return true;
        },
        after, limit);
    if (failed()) out.clear();
    return out;
}

std::optional<std::int64_t> SqliteStore::arrival_of(const ConversationId& conversation, const MessageId& id)
{
    std::optional<std::int64_t> out;
    read(
        "SELECT arrival FROM message INDEXED BY message_id WHERE id = ?2 AND conversation = ?1",
        [&](sqlite::Statement& row) {
            out = row.integer(0);
            return false;
        },
        conversation, id);
    return out;
}

std::vector<SqliteStore::ChangedTarget> SqliteStore::changes(std::int64_t after, std::uint32_t limit)
{
    std::vector<ChangedTarget> out;
    read(
        "SELECT number, conversation, target FROM changed WHERE number > ?1 ORDER BY number LIMIT ?2",
        [&](sqlite::Statement& row) {
            const auto conversation = row.fixed<ConversationId>(1);
            const auto target = row.fixed<MessageId>(2);
            if (!conversation || !target) {
                fail_row("changed");
                return false;
            }
            out.push_back({row.integer(0), *conversation, *target});
            return true;
        },
        after, limit);
    if (failed()) out.clear();
    return out;
}

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
// What is known about files, and which posts refer to them.
#include "lib/store/store.hpp"

namespace godwit::store {

#define GODWIT_FILE_COLUMNS                                                                                            \
    "id, size_bytes, name, media_type, key, state, slot_name, slot_key, pieces, added_ms, wanted_by, wanted_ms, turn"
#define GODWIT_GRANT_COLUMNS "file, conversation, post, author, mine, served, size_bytes, key, posted_ms, left_until_ms"

template <class... Values>
std::vector<port::StoredFile> SqliteStore::read_files(std::string_view sql, const Values&... values)
{
    std::vector<port::StoredFile> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            const auto id = row.fixed<FileId>(0);
            const auto key = row.fixed<FileKey>(4);
            const auto slot_name = row.fixed<port::SlotName>(6);
            const auto slot_key = row.fixed<port::SlotKey>(7);
            const auto state = row.integer(5);
            if (!id || !key || !slot_name || !slot_key || row.integer(1) < 0 || state < 1 || state > 4) {
                fail_row("file");
                return false;
            }
            out.push_back({*id,
                           static_cast<std::uint64_t>(row.integer(1)),
                           std::string(row.text(2)),
                           std::string(row.text(3)),
                           *key,
                           static_cast<FileState>(state),
                           {*slot_name, *slot_key},
                           to_bytes(row.bytes(8)),
                           row.integer(9),
                           std::string(row.text(10)),
                           row.integer(11),
                           row.integer(12)});
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

template <class... Values>
std::vector<port::FileGrant> SqliteStore::read_grants(std::string_view sql, const Values&... values)
{
    std::vector<port::FileGrant> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            const auto file = row.fixed<FileId>(0);
            const auto conversation = row.fixed<ConversationId>(1);
            const auto post = row.fixed<MessageId>(2);
            const auto key = row.fixed<FileKey>(7);
            if (!file || !conversation || !post || !key || row.integer(6) < 0) {
                fail_row("file_grant");
                return false;
            }
            out.push_back({*file, *conversation, *post, std::string(row.text(3)), row.integer(4) != 0,
                           row.integer(5) != 0, static_cast<std::uint64_t>(row.integer(6)), *key, row.integer(8),
                           row.integer(9)});
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

std::optional<port::StoredFile> SqliteStore::file(const FileId& id)
{
    auto rows = read_files("SELECT " GODWIT_FILE_COLUMNS " FROM file WHERE id = ?1", id);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

std::vector<port::StoredFile> SqliteStore::files(const FileId& after, std::uint32_t limit)
{
    return read_files("SELECT " GODWIT_FILE_COLUMNS " FROM file WHERE id > ?1 ORDER BY id LIMIT ?2", after, limit);
}

std::vector<port::StoredFile> SqliteStore::files_in(FileState state, std::uint32_t limit)
{
    return read_files("SELECT " GODWIT_FILE_COLUMNS " FROM file WHERE state = ?1 ORDER BY added_ms, id LIMIT ?2", state,
                      limit);
}

std::vector<port::StoredFile> SqliteStore::files_wanted(bool asked, std::uint32_t limit)
{
    return asked ? read_files("SELECT " GODWIT_FILE_COLUMNS " FROM file INDEXED BY file_asked WHERE state = 2 AND "
                              "wanted_by = '' ORDER BY turn, id LIMIT ?1",
                              limit)
                 : read_files("SELECT " GODWIT_FILE_COLUMNS " FROM file INDEXED BY file_automatic WHERE state = 2 AND "
                              "wanted_by != '' ORDER BY turn, id LIMIT ?1",
                              limit);
}

port::AutomaticFiles SqliteStore::automatic_files(std::string_view user)
{
    port::AutomaticFiles out;
    read(
        "SELECT sum(state = 2 AND wanted_by = ?1), sum(size_bytes) FROM file INDEXED BY file_wanted_by WHERE wanted_by "
        "!= ''",
        [&](sqlite::Statement& row) {
            out.waiting = static_cast<std::uint32_t>(row.integer(0));
            out.bytes_total = static_cast<std::uint64_t>(row.integer(1));
            return true;
        },
        user);
    return failed() ? port::AutomaticFiles{} : out;
}

bool SqliteStore::has_slot(const port::SlotName& name)
{
    return exists("SELECT 1 FROM file WHERE slot_name = ?1", name);
}

void SqliteStore::put_file(const port::StoredFile& f)
{
    write("INSERT INTO file(" GODWIT_FILE_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
          "ON CONFLICT(id) DO UPDATE SET size_bytes = ?2, name = ?3, media_type = ?4, key = ?5, state = ?6, "
          "slot_name = ?7, slot_key = ?8, pieces = ?9, added_ms = ?10, wanted_by = ?11, wanted_ms = ?12, "
          "turn = ?13",
          f.id, f.size_bytes, f.name, f.media_type, f.key, f.state, f.slot.name, f.slot.key, f.pieces, f.added_ms,
          f.wanted_by, f.wanted_ms, f.turn);
}

void SqliteStore::remove_file(const FileId& id)
{
    write("DELETE FROM file WHERE id = ?1", id);
    write("DELETE FROM file_had WHERE file = ?1", id);
    wipe_ = true; // Its name may have been nobody else's business.
}

void SqliteStore::put_file_grant(const port::FileGrant& grant)
{
    write("INSERT INTO file_grant(" GODWIT_GRANT_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
          "ON CONFLICT DO NOTHING",
          grant.file, grant.conversation, grant.post, grant.author, grant.mine, grant.served, grant.size_bytes,
          grant.key, grant.posted_ms, grant.left_until_ms);
}

std::vector<port::FileGrant> SqliteStore::file_grants(const FileId& file)
{
    return read_grants("SELECT " GODWIT_GRANT_COLUMNS " FROM file_grant WHERE file = ?1 ORDER BY conversation, post",
                       file);
}

std::vector<port::FileGrant> SqliteStore::unserved_grants(const FileId& after, std::int64_t now_ms, std::uint32_t limit)
{
    return read_grants("SELECT " GODWIT_GRANT_COLUMNS
                       " FROM file_grant WHERE mine = 1 AND served = 0 AND file > ?1 AND "
                       "left_until_ms <= ?2 ORDER BY file, conversation, post LIMIT ?3",
                       after, now_ms, limit);
}

void SqliteStore::set_grants_left(const FileId& file, const FileKey& key, std::int64_t until_ms)
{
    write("UPDATE file_grant SET left_until_ms = ?3 WHERE file = ?1 AND key = ?2 AND mine = 1", file, key, until_ms);
}

std::optional<std::int64_t> SqliteStore::next_left_until(std::int64_t now_ms)
{
    std::optional<std::int64_t> out;
    read(
        "SELECT left_until_ms FROM file_grant INDEXED BY file_grant_left WHERE mine = 1 AND served = 0 AND "
        "left_until_ms > ?1 ORDER BY left_until_ms LIMIT 1",
        [&](sqlite::Statement& row) {
            out = row.integer(0);
            return true;
        },
        now_ms);
    return out;
}

void SqliteStore::put_file_had(const FileId& file, std::string_view user)
{
    write("INSERT INTO file_had(file, user) VALUES(?1, ?2) ON CONFLICT DO NOTHING", file, user);
}

std::vector<std::string> SqliteStore::file_had(const FileId& file)
{
    std::vector<std::string> out;
    read(
        "SELECT user FROM file_had WHERE file = ?1 ORDER BY user",
        [&](sqlite::Statement& row) {
            out.emplace_back(row.text(0));
            return true;
        },
        file);
    if (failed()) out.clear();
    return out;
}

void SqliteStore::set_grants_served(const FileId& file, const ConversationId& conversation)
{
    write("UPDATE file_grant SET served = 1 WHERE file = ?1 AND conversation = ?2 AND served = 0", file, conversation);
}

std::vector<port::FileGrant> SqliteStore::remove_file_grants(const ConversationId& conversation, const MessageId& post)
{
    auto out = read_grants("SELECT " GODWIT_GRANT_COLUMNS
                           " FROM file_grant WHERE post = ?2 AND conversation = ?1 ORDER BY file",
                           conversation, post);
    if (!out.empty()) write("DELETE FROM file_grant WHERE post = ?2 AND conversation = ?1", conversation, post);
    return out;
}

} // namespace godwit::store

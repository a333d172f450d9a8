// SPDX-License-Identifier: Apache-2.0
// What is known about files, and which posts refer to them.
#include "lib/store/store.hpp"

namespace godwit::store {

#define GODWIT_FILE_COLUMNS "id, size_bytes, name, media_type, key, state, slot_name, slot_key, pieces, added_ms"

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
                           row.integer(9)});
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
            if (!file || !conversation || !post) {
                fail_row("file_grant");
                return false;
            }
            out.push_back(
                {*file, *conversation, *post, std::string(row.text(3)), row.integer(4) != 0, row.integer(5) != 0});
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

bool SqliteStore::has_slot(const port::SlotName& name)
{
    return exists("SELECT 1 FROM file WHERE slot_name = ?1", name);
}

void SqliteStore::put_file(const port::StoredFile& f)
{
    write("INSERT INTO file(" GODWIT_FILE_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
          "ON CONFLICT(id) DO UPDATE SET size_bytes = ?2, name = ?3, media_type = ?4, key = ?5, state = ?6, "
          "slot_name = ?7, slot_key = ?8, pieces = ?9, added_ms = ?10",
          f.id, f.size_bytes, f.name, f.media_type, f.key, f.state, f.slot.name, f.slot.key, f.pieces, f.added_ms);
}

void SqliteStore::remove_file(const FileId& id)
{
    write("DELETE FROM file WHERE id = ?1", id);
}

void SqliteStore::put_file_grant(const port::FileGrant& grant)
{
    write("INSERT INTO file_grant(file, conversation, post, author, mine, served) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
          "ON CONFLICT DO NOTHING",
          grant.file, grant.conversation, grant.post, grant.author, grant.mine, grant.served);
}

std::vector<port::FileGrant> SqliteStore::file_grants(const FileId& file)
{
    return read_grants("SELECT file, conversation, post, author, mine, served FROM file_grant WHERE file = ?1 "
                       "ORDER BY conversation, post",
                       file);
}

std::vector<port::FileGrant> SqliteStore::unserved_grants(const FileId& after, std::uint32_t limit)
{
    return read_grants("SELECT file, conversation, post, author, mine, served FROM file_grant WHERE mine = 1 AND "
                       "served = 0 AND file > ?1 ORDER BY file, conversation, post LIMIT ?2",
                       after, limit);
}

void SqliteStore::set_grants_served(const FileId& file, const ConversationId& conversation)
{
    write("UPDATE file_grant SET served = 1 WHERE file = ?1 AND conversation = ?2 AND served = 0", file, conversation);
}

std::vector<port::FileGrant> SqliteStore::remove_file_grants(const ConversationId& conversation, const MessageId& post)
{
    auto out = read_grants("SELECT file, conversation, post, author, mine, served FROM file_grant "
                           "WHERE post = ?2 AND conversation = ?1 ORDER BY file",
                           conversation, post);
    if (!out.empty()) write("DELETE FROM file_grant WHERE post = ?2 AND conversation = ?1", conversation, post);
    return out;
}

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
// What the operator of the relay has said.
#include "lib/store/store.hpp"

namespace godwit::store {

template <class... Values>
std::vector<port::StoredNotice> SqliteStore::read_notices(std::string_view sql, const Values&... values)
{
    std::vector<port::StoredNotice> out;
    read(
        sql,
        [&](sqlite::Statement& row) {
            const auto id = row.fixed<NoticeId>(0);
            if (!id) {
                fail_row("notice");
                return false;
            }
            out.push_back({*id, row.integer(1), row.integer(2), row.integer(3) != 0, to_bytes(row.bytes(4))});
            return true;
        },
        values...);
    if (failed()) out.clear();
    return out;
}

std::optional<port::StoredNotice> SqliteStore::notice(const NoticeId& id)
{
    auto rows = read_notices("SELECT id, created_ms, received_ms, withdrawn, encoded FROM notice WHERE id = ?1", id);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

void SqliteStore::put_notice(const port::StoredNotice& notice)
{
    write("INSERT INTO notice(id, created_ms, received_ms, withdrawn, encoded) VALUES(?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT(id) DO UPDATE SET created_ms = ?2, received_ms = ?3, withdrawn = ?4, encoded = ?5",
          notice.id, notice.created_ms, notice.received_ms, notice.withdrawn, notice.encoded);
}

std::vector<port::StoredNotice> SqliteStore::notices(std::int64_t before_ms, std::uint32_t limit)
{
    return read_notices("SELECT id, created_ms, received_ms, withdrawn, encoded FROM notice "
                        "WHERE created_ms < ?1 AND withdrawn = 0 ORDER BY created_ms DESC, id DESC LIMIT ?2",
                        before_ms, limit);
}

void SqliteStore::forget_notices(std::uint32_t keep)
{
    write("DELETE FROM notice WHERE id IN (SELECT id FROM notice ORDER BY created_ms DESC, id DESC LIMIT -1 OFFSET ?1)",
          keep);
}

} // namespace godwit::store

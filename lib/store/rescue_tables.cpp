// SPDX-License-Identifier: Apache-2.0
#include "lib/store/rescue_tables.hpp"

#include <array>

namespace godwit::store {
namespace {

using sqlite::Column;
using sqlite::Table;
using Is = Column::Is;

constexpr Column rowid{Is::rowid};
constexpr Column integer{Is::integer};
constexpr Column text{Is::text};
constexpr Column blob{Is::blob};
constexpr Column id{Is::blob, 16};
constexpr Column key{Is::blob, 32};

constexpr Column in_range(std::int64_t min, std::int64_t max)
{
    return {Is::integer, 0, false, min, max};
}
constexpr Column many(std::size_t bytes)
{
    return {Is::blob, bytes, true};
}

constexpr Column identity[] = {rowid, text, text, key, blob, key, blob, blob, blob, in_range(0, 1)};
constexpr Column value[] = {text, blob};
constexpr Column contact[] = {text, in_range(1, 4), key, key, blob, in_range(0, 1)};
// conversation, id, hlc_ms, kind, with, from, device, role, text, extra, sent, received, state, path, reason, failure,
// gap, edited, recalled, recalled by, expires, burns, shown, annotated, key, notified
#define GODWIT_MESSAGE                                                                                                 \
    id, id, integer, in_range(0, UINT32_MAX), text, text, key, in_range(0, 3), text, blob, integer, integer,           \
        in_range(0, 4), in_range(0, 3), text, text, in_range(0, 1), integer, integer, text, integer,                   \
        in_range(0, UINT32_MAX), in_range(0, 1), in_range(0, 1), {Is::text_or_null}, in_range(0, 2)
constexpr Column message[] = {rowid, GODWIT_MESSAGE};
constexpr Column head[] = {id, many(24)};
constexpr Column held[] = {GODWIT_MESSAGE, many(16), integer};
constexpr Column annotation[] = {id, id, text, text, integer, id, blob, in_range(0, 3)};
constexpr Column register_[] = {text, integer, blob};
constexpr Column conversation[] = {id, in_range(1, 5), text, integer};
constexpr Column changed[] = {rowid, id, id};
constexpr Column sender[] = {rowid, key};
constexpr Column seen[] = {integer, id, integer};
constexpr Column envelope[] = {id, id, integer, integer, integer, integer, blob, blob};
constexpr Column file[] = {
    key, in_range(0, INT64_MAX), text, text, key, in_range(1, 4), id, key, blob, integer, text, integer, integer};
constexpr Column file_grant[] = {key, id,      id,     text, in_range(0, 1), in_range(0, 1), in_range(0, INT64_MAX),
                                 key, integer, integer};
constexpr Column file_had[] = {key, text};
constexpr Column notice[] = {id, integer, integer, in_range(0, 1), blob};
constexpr Column delivery[] = {rowid, id, key, text, in_range(0, 3), integer, integer, integer, id, in_range(0, 1)};
constexpr Column due[] = {key, text, id};

constexpr std::array all{
    Table{"identity", "INSERT OR IGNORE INTO identity VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", identity},
    // The next archive is a whole one: what has changed since the last is not certain any more.
    Table{"value", "INSERT OR IGNORE INTO value SELECT ?1, ?2 WHERE ?1 != 'archive/mark'", value},
    Table{"contact", "INSERT OR IGNORE INTO contact VALUES(?1, ?2, ?3, ?4, ?5, ?6)", contact},
    Table{"message",
          "INSERT OR IGNORE INTO message SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
          "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27 WHERE NOT EXISTS(SELECT 1 FROM message INDEXED BY "
          "message_id WHERE id = ?3 AND conversation = "
          "?2)",
          message},
    Table{"head", "INSERT OR IGNORE INTO head VALUES(?1, ?2)", head},
    Table{"held",
          "INSERT OR IGNORE INTO held VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
          "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
          held},
    Table{"annotation", "INSERT OR IGNORE INTO annotation VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", annotation, true},
    Table{"register", "INSERT OR IGNORE INTO register VALUES(?1, ?2, ?3)", register_, true},
    Table{"conversation", "INSERT OR IGNORE INTO conversation VALUES(?1, ?2, ?3, ?4)", conversation, true},
    Table{"changed", "INSERT OR IGNORE INTO changed VALUES(?1, ?2, ?3)", changed},
    Table{"sender", "INSERT OR IGNORE INTO sender VALUES(?1, ?2)", sender},
    Table{"seen", "INSERT OR IGNORE INTO seen VALUES(?1, ?2, ?3)", seen, true},
    Table{"envelope", "INSERT OR IGNORE INTO envelope VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", envelope},
    Table{"delivery",
          "INSERT OR IGNORE INTO delivery SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS(SELECT 1 "
          "FROM delivery "
          "WHERE message = ?2 AND device = ?3)",
          delivery},
    Table{"due", "INSERT OR IGNORE INTO due VALUES(?1, ?2, ?3)", due, true},
    Table{"file", "INSERT OR IGNORE INTO file VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", file},
    Table{"notice", "INSERT OR IGNORE INTO notice VALUES(?1, ?2, ?3, ?4, ?5)", notice},
    Table{"file_grant", "INSERT OR IGNORE INTO file_grant VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", file_grant,
          true},
    Table{"file_had", "INSERT OR IGNORE INTO file_had VALUES(?1, ?2)", file_had, true},
};

} // namespace

std::span<const Table> tables()
{
    return all;
}

std::optional<std::int64_t> message_index_entry(const sqlite::Row& row)
{
    // conversation, hlc_ms, id, and the rowid that SQLite adds
    static constexpr Column entry[] = {id, integer, id, integer};
    if (!row.keyed || !row.whole || !sqlite::fits(entry, row)) return std::nullopt;
    return row.columns[3].integer;
}

} // namespace godwit::store

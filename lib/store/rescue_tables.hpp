// SPDX-License-Identifier: Apache-2.0
// Private: the tables of the newest schema as salvage knows them again: by the kinds and sizes of their columns, for
// the page that names them may be the lost one. No two are alike.
#pragma once

#include "lib/sqlite/row_scan.hpp"

#include <span>

namespace godwit::store {

struct Column {
    enum class Is : std::uint8_t {
        rowid,   ///< NULL in the record: the rowid stands for it.
        integer, ///< Within min … max.
        text,
        text_or_null,
        blob, ///< Of `bytes`; 0: any. With `many`: a multiple of `bytes`.
    } is = Is::integer;
    std::size_t bytes = 0;
    bool many = false;
    std::int64_t min = INT64_MIN;
    std::int64_t max = INT64_MAX;
};

struct Table {
    const char* name;
    const char* insert; ///< OR IGNORE: of two versions of a row the newer comes first.
    std::span<const Column> columns;
    bool keyed = false; ///< WITHOUT ROWID.
};

[[nodiscard]] std::span<const Table> tables();
/// nullptr: of none of them (an index entry, SQLite's own). Judges kinds and sizes, not values.
[[nodiscard]] const Table* table_of(const sqlite::Row& row);
/// The values of a whole row make sense.
[[nodiscard]] bool makes_sense(const Table& table, const sqlite::Row& row);
/// An entry of the index message_order, which has an entry for each message: its rowid.
[[nodiscard]] std::optional<std::int64_t> message_index_entry(const sqlite::Row& row);

} // namespace godwit::store

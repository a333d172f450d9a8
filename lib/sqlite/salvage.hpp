// SPDX-License-Identifier: Apache-2.0
// A database that is damaged: what is wrong with it, and what of it can be carried into a new one. Shared by the
// client's store and the relay's database, which say by a Catalogue what their tables look like and what must hold of
// their rows.
//
//   examine    Remains -> its damage in words -> SQLite's integrity check -> the catalogue's rules
//   Salvager   Remains -> every row that still reads -> which table is it of, does it make sense -> the new database
#pragma once

#include "lib/sqlite/database.hpp"
#include "lib/sqlite/row_scan.hpp"

#include <map>
#include <span>
#include <string>

namespace godwit::sqlite {

struct Column {
    enum class Is : std::uint8_t {
        rowid,   ///< NULL in the record: the rowid stands for it.
        integer, ///< Within min … max.
        text,
        text_or_null,
        blob, ///< Of `bytes`; 0: any. With `many`: a multiple of `bytes`.
        blob_or_null,
    } is = Is::integer;
    std::size_t bytes = 0;
    bool many = false;
    std::int64_t min = INT64_MIN;
    std::int64_t max = INT64_MAX;
};
[[nodiscard]] bool fits(std::span<const Column> columns, const Row& row);

/// A table of the newest schema as salvage knows it again: by the kinds and sizes of its columns, for the page that
/// names it may be the lost one.
struct Table {
    const char* name;
    const char* insert; ///< OR IGNORE: of two versions of a row the newer comes first.
    std::span<const Column> columns;
    bool keyed = false; ///< WITHOUT ROWID.
};

/// nullptr: of none of them (an index entry, SQLite's own). Judges kinds and sizes, not values.
[[nodiscard]] const Table* table_of(std::span<const Table> tables, const Row& row);
/// The values of a whole row make sense: numbers in their range, text in UTF-8.
[[nodiscard]] bool makes_sense(const Table& table, const Row& row);

/// A question whose answer is how many rows break a rule.
struct Rule {
    const char* sentence; ///< Behind the number.
    const char* count;
};

struct Catalogue {
    Schema schema;
    std::span<const Table> tables;
    std::span<const Rule> rules;
};

struct TableReport {
    std::string table;
    std::uint64_t rows = 0;       ///< Read, or saved.
    std::uint64_t rows_lost = 0;  ///< At least: rows of which a part is left, or an index entry.
    std::uint64_t pages_lost = 0; ///< That belonged to it. What they held beyond rows_lost cannot be known.
};

struct Findings {
    std::vector<std::string> sentences; ///< Empty: sound.
    std::vector<TableReport> tables;
};
/// Findings beyond this are counted in the last one.
inline constexpr int findings_max = 100;

/// Everything that can be wrong with a database. Reads all of it. Errors: storage_too_new.
[[nodiscard]] Result<Findings> examine(const Remains& remains, const Catalogue& catalogue);
/// The rules alone. A database of an older schema, which its next opening migrates, breaks none.
[[nodiscard]] Result<std::vector<std::string>> broken_rules(Database& database, const Catalogue& catalogue);

/// Carries rows from remains into a new, empty database of the same schema.
class Salvager {
public:
    Salvager(const Remains& remains, Database& into, std::span<const Table> tables);
    virtual ~Salvager() = default;
    Salvager(const Salvager&) = delete;
    Salvager& operator=(const Salvager&) = delete;

    Result<void> carry_rows();

protected:
    /// The table that a row is of; nullptr: of none, or it is not wanted. Sees every row.
    [[nodiscard]] virtual const Table* sort(const Row& row) { return table_of(tables_, row); }
    [[nodiscard]] virtual bool is_fit(const Table& table, const Row& row) const { return makes_sense(table, row); }
    virtual void carried(const Table&, const Row&) {}

    /// Something of it may be missing.
    [[nodiscard]] bool lost_from(const char* table) const;
    /// Rows that a statement changed.
    Result<std::uint64_t> change(std::string_view sql);
    /// Reports with the rows that are there now.
    Result<std::vector<TableReport>> reports();
    [[nodiscard]] TableReport& report(const char* table) { return reports_.at(table); }
    Result<std::uint64_t> ask(std::string_view sql);

    const Remains& remains_;
    Database& into_;
    std::uint64_t pages_unknown_ = 0; ///< Lost, and nobody says what they held.

private:
    void place_pages();
    void take(const Row& row);
    Result<void> insert(const Table& table, const Row& row);

    std::span<const Table> tables_;
    std::map<std::string, TableReport> reports_;
    std::uint64_t senseless_ = 0;
    std::uint64_t inserted_ = 0;
    std::optional<Error> error_;
};

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// Rows of a damaged database, read from its pages without its trees: a lost inner page, or the lost first page that
// names the tables, costs no row that stands elsewhere. Which table a row is of, its caller knows by its columns.
//
// Right because of how our databases are kept: freed pages and deleted rows are wiped (PRAGMA secure_delete), so every
// row in an authentic page is, or before frames were lost was, a row of a table. And a page of an overflow chain begins
// with the high byte of a page number, which no leaf's first byte (13, 10, 2) is in a file below 8 GiB.
//
//   page -> cells -> record: header (types), body (on the page, then along the overflow chain) -> Row
//   https://www.sqlite.org/fileformat2.html sections 1.6 and 2.1
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/sqlite/remains.hpp"

#include <functional>
#include <map>

namespace godwit::sqlite {

struct Value {
    enum class Kind : std::uint8_t { null, integer, real, text, blob };
    Kind kind = Kind::null;
    std::int64_t integer = 0;
    Bytes bytes;          ///< Of text and blob; empty when the row is not whole.
    std::size_t size = 0; ///< Of `bytes` as the row says.
};

struct Row {
    std::uint32_t page = 0; ///< Where it stands.
    bool keyed = false;     ///< Of an index or a table WITHOUT ROWID: no rowid.
    std::int64_t rowid = 0; ///< Its column of the record is NULL.
    std::vector<Value> columns;
    bool whole = true; ///< False: a part of it stood in a lost page; kinds and sizes are right.
};

/// Where a page belongs, or belonged when it is lost, as far as the pages that point to it are left.
struct LostPage {
    std::uint32_t number = 0;
    enum class Place : std::uint8_t { table, index, free, unknown } place = Place::unknown;
    std::string table; ///< Of a table or index.
};

/// Calls `row` for each row, those of pages that changed last first: of two versions of one row the first is the newer.
/// Cells that make no sense are counted. Total, whatever the pages hold. Rows are bounded by value_bytes_max.
/// Returns the number of cells that could not be read.
std::uint64_t scan_rows(const Remains& remains, const std::function<void(const Row&)>& row);

/// Pages and the trees that they belong to.
class Places {
public:
    explicit Places(const Remains& remains);
    ~Places();
    [[nodiscard]] LostPage of(std::uint32_t page) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

[[nodiscard]] std::vector<LostPage> place_lost_pages(const Remains& remains);
/// Pages that a tree points to and that are no page of any: in an authentic file there are none.
[[nodiscard]] std::vector<std::uint32_t> senseless_pages(const Remains& remains);

} // namespace godwit::sqlite

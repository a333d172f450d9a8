// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/row_scan.hpp"

#include "lib/sqlite/database.hpp"
#include "lib/sqlite/layout.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

enum PageKind : std::uint8_t { index_inner = 2, table_inner = 5, index_leaf = 10, table_leaf = 13 };

constexpr std::size_t columns_max = 100;

using Page = std::array<std::uint8_t, page_bytes>;

std::uint32_t load_be16(const std::uint8_t* p)
{
    return (std::uint32_t{p[0]} << 8) | p[1];
}

/// Reads within bounds; past the end everything is zero and `good` is false.
struct Cursor {
    const std::uint8_t* at;
    const std::uint8_t* end;
    bool good = true;

    std::uint64_t varint()
    {
        std::uint64_t out = 0;
        for (int i = 0; i < 9; ++i) {
            if (at == end) {
                good = false;
                return 0;
            }
            const std::uint8_t byte = *at++;
            if (i == 8) return (out << 8) | byte;
            out = (out << 7) | (byte & 127U);
            if ((byte & 128) == 0) return out;
        }
        return out;
    }
};

struct Header {
    std::uint8_t kind = 0;
    std::size_t start = 0;  ///< 100 on page 1, behind the database header.
    std::size_t usable = 0; ///< What a page offers to records, in bytes: all but what we keep for nonce and tag.
    std::size_t cells = 0;
    std::uint32_t right = 0; ///< Child behind the last cell of an inner page.
    [[nodiscard]] bool inner() const { return kind == table_inner || kind == index_inner; }
    [[nodiscard]] bool tree() const { return inner() || kind == table_leaf || kind == index_leaf; }
    [[nodiscard]] std::size_t pointers() const { return start + (inner() ? 12 : 8); }
};

Header header_of(const Remains& remains, const Page& page, std::uint32_t number)
{
    Header out;
    out.usable = remains.usable_bytes();
    out.start = number == 1 ? 100 : 0;
    out.kind = page[out.start];
    if (!out.tree()) return out;
    out.cells = load_be16(&page[out.start + 3]);
    if (out.inner()) out.right = load_be32(&page[out.start + 8]);
    out.cells = std::min(out.cells, (out.usable - out.pointers()) / 2);
    return out;
}

/// A cell, its numbers read, its payload where it lies.
struct Cell {
    bool good = false;
    std::uint32_t child = 0;
    std::int64_t rowid = 0;
    std::uint64_t payload = 0; ///< Bytes of the whole record.
    const std::uint8_t* local = nullptr;
    std::size_t local_bytes = 0;
    std::uint32_t overflow = 0; ///< First page of the chain; 0: none.
};

Cell cell_of(const Page& page, const Header& header, std::size_t index)
{
    Cell out;
    const std::uint64_t usable = header.usable;
    const std::size_t at = load_be16(&page[header.pointers() + 2 * index]);
    if (at < header.pointers() + 2 * header.cells || at >= usable) return out;
    Cursor cursor{page.data() + at, page.data() + usable};
    if (header.inner()) {
        if (cursor.end - cursor.at < 4) return out;
        out.child = load_be32(cursor.at);
        cursor.at += 4;
        if (header.kind == table_inner) {
            out.good = true;
            return out;
        }
    }
    out.payload = cursor.varint();
    const bool table = header.kind == table_leaf;
    if (table) out.rowid = static_cast<std::int64_t>(cursor.varint());
    if (!cursor.good || out.payload > static_cast<std::uint64_t>(value_bytes_max) * 2) return out;
    // How much stays on the page: section 1.6.
    const std::uint64_t most = table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
    std::uint64_t local = out.payload;
    if (local > most) {
        local = least + (out.payload - least) % (usable - 4);
        if (local > most) local = least;
    }
    const bool spills = local < out.payload;
    if (static_cast<std::uint64_t>(cursor.end - cursor.at) < local + (spills ? 4 : 0)) return out;
    out.local = cursor.at;
    out.local_bytes = static_cast<std::size_t>(local);
    if (spills) out.overflow = load_be32(cursor.at + local);
    out.good = true;
    return out;
}

/// Appends the rest of the record. False: a page of the chain is lost.
bool follow_chain(const Remains& remains, std::uint32_t next, std::uint64_t total, Bytes& out)
{
    Page page;
    const std::uint64_t usable = remains.usable_bytes();
    std::uint64_t pages = 0; // a chain that comes back to itself ends, too
    while (out.size() < total) {
        if (next == 0 || ++pages > remains.damage().pages || !remains.read_page(next, page.data())) return false;
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(total - out.size(), usable - 4));
        out.insert(out.end(), page.data() + 4, page.data() + 4 + part);
        next = load_be32(page.data());
    }
    return true;
}

std::int64_t integer_of(const std::uint8_t* p, std::size_t size)
{
    std::uint64_t out = size > 0 && (p[0] & 128) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < size; ++i)
        out = (out << 8) | p[i];
    return static_cast<std::int64_t>(out);
}

/// False: no record.
bool decode(const Bytes& record, bool whole, Row& out)
{
    Cursor header{record.data(), record.data() + record.size()};
    const std::uint64_t header_bytes = header.varint();
    if (!header.good || header_bytes > record.size() || header_bytes < 1) return false;
    header.end = record.data() + header_bytes;
    std::uint64_t at = header_bytes;
    out.columns.clear();
    while (header.at < header.end) {
        if (out.columns.size() == columns_max) return false;
        const std::uint64_t type = header.varint();
        if (!header.good || type == 10 || type == 11 || type > static_cast<std::uint64_t>(value_bytes_max) * 2 + 13)
            return false;
        static constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
        Value value;
        value.size = type < 10 ? sizes[type] : static_cast<std::size_t>((type - 12) / 2);
        value.kind = type == 0       ? Value::Kind::null
                     : type == 7     ? Value::Kind::real
                     : type < 10     ? Value::Kind::integer
                     : type % 2 != 0 ? Value::Kind::text
                                     : Value::Kind::blob;
        const bool here = at + value.size <= record.size();
        if (!here && whole) return false;
        if (here && value.kind == Value::Kind::integer)
            value.integer =
                type >= 8 ? static_cast<std::int64_t>(type - 8) : integer_of(record.data() + at, value.size);
        else if (here && type >= 12)
            value.bytes.assign(record.data() + at, record.data() + at + value.size);
        at += value.size;
        out.columns.push_back(std::move(value));
    }
    return !whole || at == record.size();
}

/// Page -> the page that points to it: parents in trees, and the page before in chains and in the list of free pages.
/// Roots point to themselves by way of `names`.
struct Pointers {
    std::map<std::uint32_t, std::uint32_t> from;
    std::map<std::uint32_t, LostPage> roots; ///< By number of the root page; `number` is unused.
    std::uint32_t free_list = 0;
};

void note_schema_row(const Row& row, Pointers& out)
{
    // type, name, tbl_name, rootpage, sql
    if (!row.whole || row.columns.size() != 5 || row.columns[3].kind != Value::Kind::integer) return;
    const auto root = row.columns[3].integer;
    if (root < 1 || root > 0xffffffffLL) return;
    const std::string type(as_text(row.columns[0].bytes));
    LostPage& entry = out.roots[static_cast<std::uint32_t>(root)];
    entry.table = std::string(as_text(row.columns[2].bytes));
    entry.place = type == "table" ? LostPage::Place::table : LostPage::Place::index;
}

bool is_schema_row(const Row& row)
{
    return !row.keyed && row.columns.size() == 5 && row.columns[0].kind == Value::Kind::text &&
           row.columns[1].kind == Value::Kind::text && row.columns[2].kind == Value::Kind::text &&
           row.columns[3].kind == Value::Kind::integer;
}

void note_free_pages(const Page& trunk, std::uint32_t number, std::size_t usable, Pointers& out)
{
    const std::uint32_t count = std::min(load_be32(trunk.data() + 4), static_cast<std::uint32_t>((usable - 8) / 4));
    for (std::uint32_t i = 0; i < count; ++i)
        out.from.emplace(load_be32(trunk.data() + 8 + 4 * i), number);
    if (const auto next = load_be32(trunk.data()); next != 0) out.from.emplace(next, number);
}

void note_chain(const Remains& remains, std::uint32_t from, std::uint32_t next, Pointers& out)
{
    Page page;
    while (next != 0 && next <= remains.damage().pages && out.from.emplace(next, from).second) {
        if (!remains.read_page(next, page.data())) return;
        from = next;
        next = load_be32(page.data());
    }
}

Pointers pointers_of(const Remains& remains)
{
    Pointers out;
    Page page;
    for (std::uint64_t n = 1; n <= remains.damage().pages; ++n) {
        const auto number = static_cast<std::uint32_t>(n);
        if (!remains.read_page(number, page.data())) continue;
        if (number == 1) out.free_list = load_be32(page.data() + 32);
        const Header header = header_of(remains, page, number);
        if (!header.tree()) continue;
        if (header.right != 0) out.from.emplace(header.right, number);
        for (std::size_t i = 0; i < header.cells; ++i) {
            const Cell cell = cell_of(page, header, i);
            if (!cell.good) continue;
            if (cell.child != 0) out.from.emplace(cell.child, number);
            if (cell.overflow != 0) note_chain(remains, number, cell.overflow, out);
        }
    }
    for (std::uint32_t trunk = out.free_list, n = 0; trunk != 0 && n < remains.damage().pages; ++n) {
        if (!remains.read_page(trunk, page.data())) break;
        note_free_pages(page, trunk, remains.usable_bytes(), out);
        trunk = load_be32(page.data());
    }
    sodium_memzero(page.data(), page.size());
    return out;
}

} // namespace

std::uint64_t scan_rows(const Remains& remains, const std::function<void(const Row&)>& row)
{
    std::uint64_t senseless = 0;
    Page page;
    for (const std::uint32_t number : remains.newest_first()) {
        if (!remains.read_page(number, page.data())) continue;
        const Header header = header_of(remains, page, number);
        if (!header.tree() || header.kind == table_inner) continue;
        for (std::size_t i = 0; i < header.cells; ++i) {
            const Cell cell = cell_of(page, header, i);
            Row out;
            out.page = number;
            Bytes record;
            if (cell.good) record.assign(cell.local, cell.local + cell.local_bytes);
            if (cell.good && cell.overflow != 0) out.whole = follow_chain(remains, cell.overflow, cell.payload, record);
            out.keyed = header.kind != table_leaf;
            out.rowid = cell.rowid;
            const bool good = cell.good && decode(record, out.whole, out);
            sodium_memzero(record.data(), record.size());
            if (good)
                row(out);
            else
                ++senseless;
        }
    }
    sodium_memzero(page.data(), page.size());
    return senseless;
}

struct Places::Impl {
    Pointers pointers;
    std::uint64_t pages = 0;
};

Places::Places(const Remains& remains) : impl_(std::make_unique<Impl>())
{
    impl_->pointers = pointers_of(remains);
    impl_->pages = remains.damage().pages;
    scan_rows(remains, [this](const Row& row) {
        if (is_schema_row(row)) note_schema_row(row, impl_->pointers);
    });
}
Places::~Places() = default;

LostPage Places::of(std::uint32_t page) const
{
    LostPage out;
    const Pointers& pointers = impl_->pointers;
    std::uint32_t at = page;
    for (std::uint64_t steps = 0; steps <= impl_->pages; ++steps) {
        if (const auto root = pointers.roots.find(at); root != pointers.roots.end()) {
            out = root->second;
            break;
        }
        if (at == 1) {
            out.table = "sqlite_schema";
            out.place = LostPage::Place::table;
            break;
        }
        if (at == pointers.free_list) {
            out.place = LostPage::Place::free;
            break;
        }
        const auto up = pointers.from.find(at);
        if (up == pointers.from.end()) break;
        at = up->second;
    }
    out.number = page;
    return out;
}

std::vector<LostPage> place_lost_pages(const Remains& remains)
{
    std::vector<LostPage> out;
    if (remains.damage().lost_pages.empty()) return out;
    const Places places(remains);
    for (const std::uint32_t lost : remains.damage().lost_pages)
        out.push_back(places.of(lost));
    return out;
}

std::vector<std::uint32_t> senseless_pages(const Remains& remains)
{
    std::vector<std::uint32_t> pointed_to;
    Page page;
    for (std::uint64_t n = 1; n <= remains.damage().pages; ++n) {
        const auto number = static_cast<std::uint32_t>(n);
        if (!remains.read_page(number, page.data())) continue;
        const Header header = header_of(remains, page, number);
        if (!header.inner()) continue;
        if (header.right != 0) pointed_to.push_back(header.right);
        for (std::size_t i = 0; i < header.cells; ++i)
            if (const Cell cell = cell_of(page, header, i); cell.good) pointed_to.push_back(cell.child);
    }
    Pointers names;
    scan_rows(remains, [&](const Row& row) {
        if (is_schema_row(row)) note_schema_row(row, names);
    });
    for (const auto& [root, unused] : names.roots)
        pointed_to.push_back(root);
    std::vector<std::uint32_t> out;
    for (const std::uint32_t number : pointed_to)
        if (remains.read_page(number, page.data()) && !header_of(remains, page, number).tree()) out.push_back(number);
    return out;
}

} // namespace godwit::sqlite

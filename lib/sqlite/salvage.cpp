// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/salvage.hpp"

#include <algorithm>
#include <optional>

namespace godwit::sqlite {
namespace {

using Is = Column::Is;
using Kind = Value::Kind;

/// Rows a transaction: what a commit costs is paid seldom, and the log stays short.
constexpr std::uint64_t rows_each = 1000;

bool fits_one(const Column& column, const Value& v)
{
    const bool blob = v.kind == Kind::blob;
    switch (column.is) {
    case Is::rowid: return v.kind == Kind::null;
    case Is::integer: return v.kind == Kind::integer;
    case Is::text: return v.kind == Kind::text;
    case Is::text_or_null: return v.kind == Kind::text || v.kind == Kind::null;
    case Is::blob_or_null:
        if (v.kind == Kind::null) return true;
        break;
    case Is::blob: break;
    }
    if (!blob || column.bytes == 0) return blob;
    return column.many ? v.size % column.bytes == 0 : v.size == column.bytes;
}

Result<std::int64_t> count(Database& database, std::string_view sql)
{
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    return *row ? statement->integer(0) : 0;
}

std::string damaged_page(const Remains& remains, const LostPage& page)
{
    using Place = LostPage::Place;
    std::string out = "page " + std::to_string(page.number) +
                      (remains.authenticates() ? " fails authentication" : " cannot be read, or makes no sense");
    switch (page.place) {
    case Place::table: return out + " (rows of " + page.table + ")";
    case Place::index: return out + " (an index of " + page.table + ": nothing is lost by it)";
    case Place::free: return out + " (an unused page: nothing is lost by it)";
    case Place::unknown: break;
    }
    return out;
}

void add(std::vector<std::string>& out, std::string sentence)
{
    if (out.size() < static_cast<std::size_t>(findings_max)) out.push_back(std::move(sentence));
}

void describe_damage(const Remains& remains, std::vector<std::string>& out)
{
    const Damage& damage = remains.damage();
    if (damage.superblocks > 0)
        add(out, "one of the two superblock copies is damaged: the next opening heals it from the other");
    if (damage.log_header) add(out, "the write-ahead log has lost its header");
    if (damage.length) add(out, "the first page is damaged, and with it how long the store should be");
    if (damage.log_frames_lost > 0)
        add(out, std::to_string(damage.log_frames_lost) +
                     " committed frame(s) of the write-ahead log are damaged or cut off");
    for (const auto& page : place_lost_pages(remains))
        add(out, damaged_page(remains, page));
    if (damage.lost_pages.size() > static_cast<std::size_t>(findings_max))
        out.back() = std::to_string(damage.lost_pages.size()) + " of " + std::to_string(damage.pages) + " pages " +
                     (remains.authenticates() ? "fail authentication" : "cannot be read, or make no sense");
}

} // namespace

bool fits(std::span<const Column> columns, const Row& row)
{
    return std::equal(columns.begin(), columns.end(), row.columns.begin(), row.columns.end(), fits_one);
}

const Table* table_of(std::span<const Table> tables, const Row& row)
{
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& table) {
        return table.keyed == row.keyed && fits(table.columns, row);
    });
    return found == tables.end() ? nullptr : &*found;
}

bool makes_sense(const Table& table, const Row& row)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        const Value& v = row.columns[i];
        if (column.is == Is::integer && (v.integer < column.min || v.integer > column.max)) return false;
        if (v.kind == Kind::text && !is_utf8(as_text(v.bytes))) return false;
    }
    return true;
}

// ---- what is wrong ----

Result<std::vector<std::string>> broken_rules(Database& database, const Catalogue& catalogue)
{
    std::vector<std::string> out;
    auto version = database.user_version();
    if (!version) return version.error();
    // A store that was just made, or that its next opening migrates, is judged by its structure alone.
    if (*version != static_cast<std::int64_t>(catalogue.schema.steps.size())) return out;
    // A page of the schema that is older than the number of its version: the rules speak of tables that are not there.
    for (const Table& table : catalogue.tables) {
        const auto there = count(database, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '" +
                                               std::string(table.name) + "'");
        if (there && *there == 0) out.push_back("the table " + std::string(table.name) + " is not there");
    }
    if (!out.empty()) return out;
    for (const Rule& rule : catalogue.rules) {
        auto found = count(database, rule.count);
        if (!found && found.error().code == ErrorCode::storage_corrupt) continue; // its pages are lost: told already
        if (!found) return found.error();
        if (*found > 0) out.push_back(std::to_string(*found) + " " + rule.sentence);
    }
    return out;
}

Result<Findings> examine(const Remains& remains, const Catalogue& catalogue)
{
    Findings out;
    describe_damage(remains, out.sentences);
    if (remains.damage().unborn) return out;
    auto database = Database::open_remains(remains, catalogue.schema);
    if (!database) {
        if (database.error().code == ErrorCode::storage_too_new) return database.error();
        if (out.sentences.empty()) out.sentences.push_back(database.error().detail);
        return out;
    }
    // SQLite stops at the first page that it cannot read; those are told above, by ourselves.
    auto structure = database->findings(findings_max);
    if (!structure && (structure.error().code != ErrorCode::storage_corrupt || out.sentences.empty()))
        add(out.sentences, structure.error().detail);
    if (structure)
        for (auto& sentence : *structure)
            add(out.sentences, "structure: " + std::move(sentence));
    auto broken = broken_rules(*database, catalogue);
    if (!broken) return broken.error();
    for (auto& sentence : *broken)
        add(out.sentences, std::move(sentence));
    for (const Table& table : catalogue.tables) {
        auto rows = count(*database, "SELECT count(*) FROM " + std::string(table.name));
        if (rows) out.tables.push_back({table.name, static_cast<std::uint64_t>(*rows), 0, 0});
    }
    return out;
}

// ---- what can be saved ----

Salvager::Salvager(const Remains& remains, Database& into, std::span<const Table> tables)
    : remains_(remains), into_(into), tables_(tables)
{
    for (const Table& table : tables_)
        reports_[table.name].table = table.name;
}

Result<void> Salvager::carry_rows()
{
    place_pages();
    if (auto begun = into_.begin(); !begun) return begun;
    senseless_ = scan_rows(remains_, [this](const Row& row) { take(row); });
    if (error_) return *error_;
    return into_.commit();
}

void Salvager::take(const Row& row)
{
    if (error_) return;
    const Table* const table = sort(row);
    if (table == nullptr) return;
    if (!row.whole || !is_fit(*table, row)) {
        ++reports_[table->name].rows_lost;
        return;
    }
    auto done = insert(*table, row);
    if (done && ++inserted_ % rows_each == 0) {
        done = into_.commit();
        if (done) done = into_.begin();
    }
    if (!done) error_ = done.error();
}

Result<void> Salvager::insert(const Table& table, const Row& row)
{
    auto statement = into_.prepare(table.insert);
    if (!statement) return statement.error();
    statement->bind();
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        const Value& v = row.columns[i];
        const int at = static_cast<int>(i) + 1;
        switch (v.kind) {
        case Kind::null:
            if (table.columns[i].is == Is::rowid) statement->bind_at(at, row.rowid);
            break;
        case Kind::integer: statement->bind_at(at, v.integer); break;
        case Kind::text: statement->bind_at(at, as_text(v.bytes)); break;
        case Kind::blob: statement->bind_at(at, BytesView(v.bytes)); break;
        case Kind::real: break; // in no table of ours
        }
    }
    if (auto done = statement->run(); !done) return done;
    carried(table, row);
    return {};
}

void Salvager::place_pages()
{
    using Place = LostPage::Place;
    for (const auto& page : place_lost_pages(remains_)) {
        if (page.place == Place::unknown) ++pages_unknown_;
        // A page that names tables names no rows; one of SQLite's own tables is made anew.
        const auto at = reports_.find(page.table);
        if (page.place == Place::table && at != reports_.end()) ++at->second.pages_lost;
    }
}

bool Salvager::lost_from(const char* table) const
{
    const TableReport& report = reports_.at(table);
    return remains_.damage().is_stale() || pages_unknown_ > 0 || report.pages_lost > 0 || report.rows_lost > 0 ||
           senseless_ > 0;
}

Result<std::uint64_t> Salvager::change(std::string_view sql)
{
    if (auto done = into_.run(sql); !done) return done.error();
    return static_cast<std::uint64_t>(into_.changes());
}

Result<std::uint64_t> Salvager::ask(std::string_view sql)
{
    auto out = count(into_, sql);
    if (!out) return out.error();
    return static_cast<std::uint64_t>(*out);
}

Result<std::vector<TableReport>> Salvager::reports()
{
    std::vector<TableReport> out;
    for (const Table& table : tables_) {
        auto rows = ask("SELECT count(*) FROM " + std::string(table.name));
        if (!rows) return rows.error();
        TableReport& one = reports_[table.name];
        one.rows = *rows;
        out.push_back(one);
    }
    return out;
}

} // namespace godwit::sqlite

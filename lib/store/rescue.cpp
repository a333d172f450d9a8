// SPDX-License-Identifier: Apache-2.0
#include "lib/store/rescue.hpp"

#include "lib/store/rescue_tables.hpp"
#include "lib/store/schema.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace godwit::store {
namespace {

/// Rows a transaction: what a commit costs is paid seldom, and the log stays short.
constexpr std::uint64_t rows_each = 1000;

class Carrier {
public:
    Carrier(const sqlite::Remains& remains, sqlite::Database& into) : remains_(remains), into_(into)
    {
        for (const Table& table : tables())
            reports_[table.name].table = table.name;
    }

    Result<void> carry_rows();
    Result<Salvage> put_in_order();

private:
    void take(const sqlite::Row& row);
    Result<void> insert(const Table& table, const sqlite::Row& row);
    Result<void> next_transaction();
    void place_pages();
    [[nodiscard]] bool lost_from(const char* table) const;
    Result<void> count_lost_messages();
    Result<void> close_outbox(Salvage& out);
    Result<void> settle_groups(Salvage& out);
    Result<std::uint64_t> change(std::string_view sql);
    Result<std::uint64_t> ask(std::string_view sql);

    const sqlite::Remains& remains_;
    sqlite::Database& into_;
    std::map<std::string, TableReport> reports_;
    std::set<std::int64_t> indexed_; ///< Messages that an index knows and no page has given yet.
    std::set<std::int64_t> found_;
    std::uint64_t unknown_pages_ = 0;
    std::uint64_t senseless_ = 0;
    std::uint64_t inserted_ = 0;
    std::optional<Error> error_;
};

Result<void> Carrier::carry_rows()
{
    place_pages();
    if (auto begun = into_.begin(); !begun) return begun;
    senseless_ = sqlite::scan_rows(remains_, [this](const sqlite::Row& row) { take(row); });
    if (error_) return *error_;
    return into_.commit();
}

void Carrier::take(const sqlite::Row& row)
{
    if (error_) return;
    if (const auto entry = message_index_entry(row)) {
        if (!remains_.damage().lost_pages.empty()) indexed_.insert(*entry);
        return;
    }
    const Table* const table = table_of(row);
    if (table == nullptr) return;
    TableReport& report = reports_[table->name];
    if (!row.whole || !makes_sense(*table, row)) {
        ++report.rows_lost;
        return;
    }
    auto done = insert(*table, row);
    if (done && ++inserted_ % rows_each == 0) done = next_transaction();
    if (!done) error_ = done.error();
}

Result<void> Carrier::insert(const Table& table, const sqlite::Row& row)
{
    auto statement = into_.prepare(table.insert);
    if (!statement) return statement.error();
    statement->bind();
    for (std::size_t i = 0; i < row.columns.size(); ++i) {
        const sqlite::Value& v = row.columns[i];
        const int at = static_cast<int>(i) + 1;
        switch (v.kind) {
        case sqlite::Value::Kind::null:
            if (table.columns[i].is == Column::Is::rowid) statement->bind_at(at, row.rowid);
            break;
        case sqlite::Value::Kind::integer: statement->bind_at(at, v.integer); break;
        case sqlite::Value::Kind::text: statement->bind_at(at, as_text(v.bytes)); break;
        case sqlite::Value::Kind::blob: statement->bind_at(at, BytesView(v.bytes)); break;
        case sqlite::Value::Kind::real: break; // in no table of ours
        }
    }
    if (auto done = statement->run(); !done) return done;
    if (std::string_view(table.name) == "message" && !remains_.damage().lost_pages.empty()) found_.insert(row.rowid);
    return {};
}

Result<void> Carrier::next_transaction()
{
    if (auto done = into_.commit(); !done) return done;
    return into_.begin();
}

void Carrier::place_pages()
{
    using Place = sqlite::LostPage::Place;
    for (const auto& page : sqlite::place_lost_pages(remains_)) {
        if (page.place == Place::unknown) ++unknown_pages_;
        if (page.place != Place::table) continue;
        // A page that names tables names no rows; one of SQLite's own tables is made anew.
        if (const auto at = reports_.find(page.table); at != reports_.end()) ++at->second.pages_lost;
    }
    // The pages of a table without rowid are those of its index, so to say.
    for (const auto& page : sqlite::place_lost_pages(remains_))
        if (page.place == Place::index && page.table == "seen") ++reports_["seen"].pages_lost;
}

bool Carrier::lost_from(const char* table) const
{
    const TableReport& report = reports_.at(table);
    return remains_.damage().is_stale() || unknown_pages_ > 0 || report.pages_lost > 0 || report.rows_lost > 0 ||
           senseless_ > 0;
}

Result<std::uint64_t> Carrier::change(std::string_view sql)
{
    if (auto done = into_.run(sql); !done) return done.error();
    return static_cast<std::uint64_t>(into_.changes());
}

Result<std::uint64_t> Carrier::ask(std::string_view sql)
{
    auto statement = into_.prepare(sql);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    return *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
}

/// Exact as far as the index is left: each of its entries is a message.
Result<void> Carrier::count_lost_messages()
{
    std::uint64_t known = 0;
    for (const auto rowid : indexed_)
        if (!found_.contains(rowid)) ++known;
    auto& lost = reports_["message"].rows_lost;
    lost = std::max(lost, known);
    return {};
}

/// Nothing waits for what is lost.
Result<void> Carrier::close_outbox(Salvage& out)
{
#define GODWIT_FAIL                                                                                                    \
    "UPDATE message SET state = 4, failure = 'the store was damaged, and what was to be sent is lost: send it again' " \
    "WHERE state IN (1, 2) AND "
    auto failed = change(GODWIT_FAIL "id IN (SELECT message FROM delivery WHERE state < 2 AND message NOT IN "
                                     "(SELECT message FROM envelope))");
    if (!failed) return failed.error();
    out.messages_failed += *failed;
    auto closed = change("DELETE FROM delivery WHERE message NOT IN (SELECT message FROM envelope)");
    if (!closed) return closed.error();
    if (lost_from("delivery") || lost_from("envelope")) {
        // Accepted here (copies from the account's other devices are not ours to send), and nobody is left who would
        // carry it.
        failed = change(GODWIT_FAIL "from_device = (SELECT device FROM identity) AND id NOT IN (SELECT message FROM "
                                    "delivery)");
        if (!failed) return failed.error();
        out.messages_failed += *failed;
        closed = change("DELETE FROM envelope WHERE message NOT IN (SELECT message FROM delivery)");
        if (!closed) return closed.error();
    }
#undef GODWIT_FAIL
    auto released = change("DELETE FROM held WHERE EXISTS(SELECT 1 FROM message INDEXED BY message_id WHERE "
                           "message.id = held.id AND message.conversation = held.conversation)");
    if (!released) return released.error();
    auto forgotten = change("DELETE FROM seen WHERE sender NOT IN (SELECT number FROM sender)");
    if (!forgotten) return forgotten.error();
    return {};
}

Result<void> Carrier::settle_groups(Salvage& out)
{
    out.groups = out.identity && !lost_from("value");
    if (out.groups) return {};
    // "about" has no keys: it says below which version no group is entered any more, and that may only be too low.
    auto done = change(out.identity ? "DELETE FROM value WHERE name GLOB 'mls/*' AND name NOT GLOB 'mls/*/about' AND "
                                      "name NOT IN ('mls/index')"
                                    : "DELETE FROM value WHERE name GLOB 'mls/*'");
    if (done) done = change("UPDATE envelope SET sealed = x'', incarnation = 0, epoch = 0");
    if (!done) return done.error();
    return {};
}

Result<Salvage> Carrier::put_in_order()
{
    Salvage out;
    out.stale = remains_.damage().is_stale();
    out.pages_lost_unknown = unknown_pages_;
    if (auto begun = into_.begin(); !begun) return begun.error();
    auto identities = ask("SELECT count(*) FROM identity");
    if (!identities) return identities.error();
    out.identity = *identities > 0 || !lost_from("identity");
    auto done = count_lost_messages();
    if (done) done = close_outbox(out);
    if (done) done = settle_groups(out);
    if (!done) return done.error();
    for (const Table& table : tables()) {
        auto rows = ask("SELECT count(*) FROM " + std::string(table.name));
        if (!rows) return rows.error();
        TableReport& report = reports_[table.name];
        report.rows = *rows;
        out.tables.push_back(report);
    }
    if (auto committed = into_.commit(); !committed) return committed.error();
    return out;
}

} // namespace

bool Salvage::complete() const
{
    return !stale && pages_lost_unknown == 0 && messages_failed == 0 &&
           std::all_of(tables.begin(), tables.end(),
                       [](const TableReport& table) { return table.rows_lost == 0 && table.pages_lost == 0; });
}

Result<Salvage> salvage(const sqlite::Remains& remains, const std::string& path, const sqlite::Key& key,
                        const char* vfs_name)
{
    sqlite::OpenOptions options;
    options.path = path;
    options.key = &key;
    options.schema = schema();
    options.vfs_name = vfs_name;
    auto database = sqlite::Database::open(options);
    if (!database) return database.error();
    Carrier carrier(remains, *database);
    if (auto done = carrier.carry_rows(); !done) return done.error();
    auto out = carrier.put_in_order();
    if (!out) return out.error();
    // All of it in one file, so that one name is all that has to change.
    if (auto folded = database->checkpoint(); !folded) return folded.error();
    if (auto sound = database->check(); !sound) return sound.error();
    return out;
}

} // namespace godwit::store

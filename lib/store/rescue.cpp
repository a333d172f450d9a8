// SPDX-License-Identifier: Apache-2.0
#include "lib/store/rescue.hpp"

#include "lib/store/rescue_tables.hpp"
#include "lib/store/schema.hpp"

#include <algorithm>
#include <set>

namespace godwit::store {
namespace {

class Carrier final : public sqlite::Salvager {
public:
    Carrier(const sqlite::Remains& remains, sqlite::Database& into) : Salvager(remains, into, tables()) {}

    Result<Salvage> put_in_order();

private:
    [[nodiscard]] const sqlite::Table* sort(const sqlite::Row& row) override
    {
        const auto entry = message_index_entry(row);
        if (entry && !remains_.damage().lost_pages.empty()) indexed_.insert(*entry);
        return entry ? nullptr : Salvager::sort(row);
    }
    [[nodiscard]] bool is_fit(const sqlite::Table& table, const sqlite::Row& row) const override
    {
        return (std::string_view(table.name) != "identity" || row.rowid == 1) && Salvager::is_fit(table, row);
    }
    void carried(const sqlite::Table& table, const sqlite::Row& row) override
    {
        if (std::string_view(table.name) == "message" && !remains_.damage().lost_pages.empty())
            found_.insert(row.rowid);
    }
    void count_lost_messages();
    Result<void> close_outbox(Salvage& out);
    Result<void> settle_groups(Salvage& out);

    std::set<std::int64_t> indexed_; ///< Messages that an index knows and no page has given yet.
    std::set<std::int64_t> found_;
};

/// Exact as far as the index is left: each of its entries is a message.
void Carrier::count_lost_messages()
{
    std::uint64_t known = 0;
    for (const auto rowid : indexed_)
        if (!found_.contains(rowid)) ++known;
    auto& lost = report("message").rows_lost;
    lost = std::max(lost, known);
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
    out.pages_lost_unknown = pages_unknown_;
    if (auto begun = into_.begin(); !begun) return begun.error();
    auto identities = ask("SELECT count(*) FROM identity");
    if (!identities) return identities.error();
    out.identity = *identities > 0 || !lost_from("identity");
    count_lost_messages();
    auto done = close_outbox(out);
    if (done) done = settle_groups(out);
    if (!done) return done.error();
    auto counted = this->reports();
    if (!counted) return counted.error();
    out.tables = *std::move(counted);
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

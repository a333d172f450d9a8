// SPDX-License-Identifier: Apache-2.0
// What must hold of the rows of a sound store, as questions whose answer is how many rows break the rule.
#include "lib/store/rescue.hpp"
#include "lib/store/rescue_tables.hpp"
#include "lib/store/schema.hpp"

#include "lib/sqlite/row_scan.hpp"

namespace godwit::store {
namespace {

struct Rule {
    const char* sentence; ///< Behind the number.
    const char* count;
};

#define GODWIT_BAD_MESSAGE                                                                                             \
    "length(id) != 16 OR length(conversation) != 16 OR length(from_device) != 32 OR state NOT BETWEEN 0 AND 4 OR "     \
    "path NOT BETWEEN 0 AND 3"

constexpr Rule rules[] = {
    {"identity that makes no sense", "SELECT count(*) FROM identity WHERE length(account_key) != 32 OR "
                                     "length(device) != 32 OR length(device_seed) NOT IN (0, 32) OR "
                                     "length(account_seed) NOT IN (0, 32)"},
    {"contact(s) that make no sense", "SELECT count(*) FROM contact WHERE state NOT BETWEEN 1 AND 4 OR "
                                      "length(account_key) != 32 OR length(shown_account_key) != 32"},
    {"message(s) that make no sense", "SELECT count(*) FROM message WHERE " GODWIT_BAD_MESSAGE},
    {"message(s) more than once in a conversation",
     "SELECT count(*) FROM (SELECT 1 FROM message GROUP BY id, conversation HAVING count(*) > 1)"},
    {"held message(s) that make no sense",
     "SELECT count(*) FROM held WHERE length(parents) % 16 != 0 OR " GODWIT_BAD_MESSAGE},
    {"held message(s) that are in the history already",
     "SELECT count(*) FROM held WHERE EXISTS(SELECT 1 FROM message INDEXED BY message_id WHERE message.id = held.id "
     "AND message.conversation = held.conversation)"},
    {"list(s) of newest messages that make no sense",
     "SELECT count(*) FROM head WHERE length(conversation) != 16 OR length(heads) % 24 != 0"},
    {"mark(s) of a message seen, from nobody", "SELECT count(*) FROM seen WHERE sender NOT IN (SELECT number FROM "
                                               "sender)"},
    {"envelope(s) that make no sense", "SELECT count(*) FROM envelope WHERE length(message) != 16 OR "
                                       "length(conversation) != 16"},
    {"delivery(ies) that make no sense", "SELECT count(*) FROM delivery WHERE length(message) != 16 OR "
                                         "length(device) != 32 OR state NOT BETWEEN 0 AND 3"},
    {"open delivery(ies) without an envelope",
     "SELECT count(*) FROM delivery WHERE state < 2 AND message NOT IN (SELECT message FROM envelope)"},
    {"group(s) of which a part is missing",
     "SELECT count(*) FROM value WHERE (name GLOB 'mls/*/epoch' AND NOT EXISTS(SELECT 1 FROM value AS v WHERE v.name = "
     "replace(value.name, '/epoch', '/ratchets'))) OR (name GLOB 'mls/*/ratchets' AND NOT EXISTS(SELECT 1 FROM value "
     "AS v WHERE v.name = replace(value.name, '/ratchets', '/epoch')))"},
};

Result<std::int64_t> count(sqlite::Database& database, std::string_view sql)
{
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    return *row ? statement->integer(0) : 0;
}

std::string damaged_page(const sqlite::LostPage& page)
{
    using Place = sqlite::LostPage::Place;
    std::string out = "page " + std::to_string(page.number) + " fails authentication";
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

void describe_damage(const sqlite::Remains& remains, std::vector<std::string>& out)
{
    const sqlite::Damage& damage = remains.damage();
    if (damage.superblocks > 0)
        add(out, "one of the two superblock copies is damaged: the next opening heals it from the other");
    if (damage.log_header) add(out, "the write-ahead log has lost its header");
    if (damage.length) add(out, "the first page is damaged, and with it how long the store should be");
    if (damage.log_frames_lost > 0)
        add(out, std::to_string(damage.log_frames_lost) +
                     " committed frame(s) of the write-ahead log are damaged or cut off");
    for (const auto& page : sqlite::place_lost_pages(remains))
        add(out, damaged_page(page));
    if (damage.lost_pages.size() > static_cast<std::size_t>(findings_max))
        out.back() = std::to_string(damage.lost_pages.size()) + " of " + std::to_string(damage.pages) +
                     " pages fail authentication";
}

} // namespace

Result<std::vector<std::string>> broken_rules(sqlite::Database& database)
{
    std::vector<std::string> out;
    auto version = database.user_version();
    if (!version) return version.error();
    // A store that was just made, or that its next opening migrates, is judged by its structure alone.
    if (*version != static_cast<std::int64_t>(schema().steps.size())) return out;
    for (const Rule& rule : rules) {
        auto found = count(database, rule.count);
        if (!found && found.error().code == ErrorCode::storage_corrupt) continue; // its pages are lost: told already
        if (!found) return found.error();
        if (*found > 0) out.push_back(std::to_string(*found) + " " + rule.sentence);
    }
    return out;
}

Result<Findings> examine(const sqlite::Remains& remains)
{
    Findings out;
    describe_damage(remains, out.sentences);
    if (remains.damage().unborn) return out;
    auto database = sqlite::Database::open_remains(remains, schema());
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
    auto broken = broken_rules(*database);
    if (!broken) return broken.error();
    for (auto& sentence : *broken)
        add(out.sentences, std::move(sentence));
    for (const Table& table : tables()) {
        auto rows = count(*database, "SELECT count(*) FROM " + std::string(table.name));
        if (rows) out.tables.push_back({table.name, static_cast<std::uint64_t>(*rows), 0, 0});
    }
    return out;
}

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
// What must hold of the rows of a sound store, as questions whose answer is how many rows break the rule.
#include "lib/store/rescue.hpp"
#include "lib/store/rescue_tables.hpp"
#include "lib/store/schema.hpp"
#include "lib/store/search/index.hpp"

namespace godwit::store {
namespace {

#define GODWIT_BAD_MESSAGE                                                                                             \
    "length(id) != 16 OR length(conversation) != 16 OR length(from_device) != 32 OR state NOT BETWEEN 0 AND 4 OR "     \
    "path NOT BETWEEN 0 AND 3"

constexpr sqlite::Rule rules[] = {
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
     "SELECT count(*) FROM held WHERE EXISTS(SELECT 1 FROM message WHERE message.id = held.id "
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
    {"notice(s) that make no sense", "SELECT count(*) FROM notice WHERE length(id) != 16"},
    {"group(s) of which a part is missing",
     "SELECT count(*) FROM value WHERE (name GLOB 'mls/*/epoch' AND NOT EXISTS(SELECT 1 FROM value AS v WHERE v.name = "
     "replace(value.name, '/epoch', '/ratchets'))) OR (name GLOB 'mls/*/ratchets' AND NOT EXISTS(SELECT 1 FROM value "
     "AS v WHERE v.name = replace(value.name, '/ratchets', '/epoch')))"},
};

/// A sentence, when there is something to say. The index is as good as its rows: a pure function of them.
Result<std::optional<std::string>> broken_index(sqlite::Database& database)
{
    const auto version = database.user_version();
    if (!version) return version.error();
    if (*version != static_cast<std::int64_t>(schema().steps.size())) return std::optional<std::string>();
    const auto blocks = search::Index(database).broken_blocks();
    if (!blocks) return blocks.error();
    if (*blocks == 0) return std::optional<std::string>();
    return std::optional(std::to_string(*blocks) + " block(s) of the search index that are not what the history says");
}

} // namespace

sqlite::Catalogue catalogue()
{
    return {schema(), tables(), rules};
}

Result<std::vector<std::string>> broken_rules(sqlite::Database& database)
{
    auto out = sqlite::broken_rules(database, catalogue());
    if (!out) return out;
    auto broken = broken_index(database);
    if (!broken) return broken.error();
    if (*broken) out->push_back(**std::move(broken));
    return out;
}

Result<Findings> examine(const sqlite::Remains& remains)
{
    auto out = sqlite::examine(remains, catalogue());
    if (!out || remains.damage().unborn) return out;
    // What is damaged is told, and the index is made anew with the rest.
    if (!out->sentences.empty()) return out;
    auto database = sqlite::Database::open_remains(remains, schema());
    if (!database) return database.error();
    auto broken = broken_index(*database);
    if (!broken) return broken.error();
    if (*broken) out->sentences.push_back(**std::move(broken));
    return out;
}

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
#include "relay/store/rescue.hpp"

#include "relay/store/schema.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay {
namespace {

using sqlite::Column;
using sqlite::LostPage;
using sqlite::Table;
using Is = Column::Is;

constexpr Column rowid{Is::rowid};
constexpr Column integer{Is::integer};
constexpr Column text{Is::text};
constexpr Column blob{Is::blob};
constexpr Column id{Is::blob, 16};
constexpr Column key{Is::blob, 32};
constexpr Column count{Is::integer, 0, false, 0, INT64_MAX};
constexpr Column flag{Is::integer, 0, false, 0, 1};

constexpr Column accounts[] = {rowid, text, key, key, key, blob, blob, integer, count};
constexpr Column departed_accounts[] = {rowid, integer, text, key, blob};
constexpr Column departed_contacts[] = {count, count};
constexpr Column devices[] = {rowid, count, key, text, text, integer, integer, count};
constexpr Column contacts[] = {count, count, {Is::integer, 0, false, 1, 4}, integer};
constexpr Column envelopes[] = {rowid, key, count, flag, id, integer, count, blob, flag};
constexpr Column mailbox[] = {count, count, count};
constexpr Column key_packages[] = {rowid, count, key, {Is::blob_or_null}, integer};
constexpr Column last_resorts[] = {rowid, blob, integer};
constexpr Column groups[] = {rowid, id, count, count, count, count, integer, count};
constexpr Column group_commits[] = {
    rowid, count, count, count, key, id, id, flag, {Is::blob_or_null}, count, integer, {Is::blob_or_null}, count};
constexpr Column group_members[] = {rowid, count, count, flag, count, integer, blob};
constexpr Column member_changes[] = {count, count, count, flag, flag, blob};
constexpr Column group_joins[] = {rowid, count, count, integer, {Is::integer, 0, false, 0, 2}, blob};
constexpr Column group_trees[] = {rowid, count, id, key, count, flag, integer};
constexpr Column group_tree_pieces[] = {rowid, count, count, blob};
constexpr Column commit_voters[] = {count, count, count, {Is::integer, 0, false, 0, 4}};
constexpr Column removed_devices[] = {rowid, count, key};
constexpr Column notices[] = {
    rowid, id,    flag, {Is::integer, 0, false, 1, 255}, integer, integer, flag, text, text, text, flag, count,
    count, count, count};
constexpr Column notice_accounts[] = {count, count};
constexpr Column notice_cursors[] = {rowid, count};
constexpr Column admin_tokens[] = {rowid, text, {Is::integer, 0, false, 1, 255}, key, integer, integer, count};
constexpr Column audit[] = {rowid, integer, text, {Is::integer, 0, false, 0, 255}, text, text, text, key};
constexpr Column account_policies[] = {rowid, integer, text, integer, integer, integer};
constexpr Column bans[] = {
    rowid, {Is::integer, 0, false, 1, 2}, text, blob, {Is::integer, 0, false, 0, 128}, text, integer, integer};
constexpr Column invitations[] = {rowid, text, blob, integer, integer};
constexpr Column reports[] = {rowid, text, text, text, text, integer, integer, text, text, blob, flag};
constexpr Column report_messages[] = {rowid, count, id, text, integer, flag, text};
constexpr Column apps[] = {rowid,   text,    text,    integer, integer, flag,   flag,
                           integer, integer, integer, integer, integer, integer};
constexpr Column hook_events[] = {rowid, integer, text, text, text};
constexpr Column notice_apps[] = {count, count};
constexpr Column uptime[] = {rowid, {Is::integer, 0, false, 0, 3600}, count};
constexpr Column webhook_cursors[] = {rowid, text, count};
constexpr Column departments[] = {rowid, count, text, integer, count};
constexpr Column directory_members[] = {rowid, count, text, text, text, text, count};
constexpr Column blobs[] = {rowid, key, count, count, count, integer};
constexpr Column blob_pieces[] = {rowid, count, count, count, blob};

constexpr std::array tables{
    Table{"accounts", "INSERT OR IGNORE INTO accounts VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", accounts},
    Table{"departed_accounts", "INSERT OR IGNORE INTO departed_accounts VALUES(?1, ?2, ?3, ?4, ?5)", departed_accounts},
    Table{"departed_contacts", "INSERT OR IGNORE INTO departed_contacts VALUES(?1, ?2)", departed_contacts, true},
    Table{"devices", "INSERT OR IGNORE INTO devices VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", devices},
    Table{"contacts", "INSERT OR IGNORE INTO contacts VALUES(?1, ?2, ?3, ?4)", contacts, true},
    Table{"envelopes", "INSERT OR IGNORE INTO envelopes VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", envelopes},
    Table{"mailbox", "INSERT OR IGNORE INTO mailbox VALUES(?1, ?2, ?3)", mailbox, true},
    Table{"key_packages", "INSERT OR IGNORE INTO key_packages VALUES(?1, ?2, ?3, ?4, ?5)", key_packages},
    Table{"last_resorts", "INSERT OR IGNORE INTO last_resorts VALUES(?1, ?2, ?3)", last_resorts},
    Table{"groups", "INSERT OR IGNORE INTO groups VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", groups},
    Table{"group_commits",
          "INSERT OR IGNORE INTO group_commits VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
          group_commits},
    Table{"group_members", "INSERT OR IGNORE INTO group_members VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", group_members},
    Table{"member_changes", "INSERT OR IGNORE INTO member_changes VALUES(?1, ?2, ?3, ?4, ?5, ?6)", member_changes,
          true},
    Table{"group_joins", "INSERT OR IGNORE INTO group_joins VALUES(?1, ?2, ?3, ?4, ?5, ?6)", group_joins},
    Table{"group_trees", "INSERT OR IGNORE INTO group_trees VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", group_trees},
    Table{"group_tree_pieces", "INSERT OR IGNORE INTO group_tree_pieces VALUES(?1, ?2, ?3, ?4)", group_tree_pieces},
    Table{"commit_voters", "INSERT OR IGNORE INTO commit_voters VALUES(?1, ?2, ?3, ?4)", commit_voters, true},
    Table{"removed_devices", "INSERT OR IGNORE INTO removed_devices VALUES(?1, ?2, ?3)", removed_devices},
    Table{"blobs", "INSERT OR IGNORE INTO blobs VALUES(?1, ?2, ?3, ?4, ?5, ?6)", blobs},
    Table{"blob_pieces", "INSERT OR IGNORE INTO blob_pieces VALUES(?1, ?2, ?3, ?4, ?5)", blob_pieces},
    Table{"notices",
          "INSERT OR IGNORE INTO notices VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
          notices},
    Table{"notice_accounts", "INSERT OR IGNORE INTO notice_accounts VALUES(?1, ?2)", notice_accounts, true},
    Table{"notice_cursors", "INSERT OR IGNORE INTO notice_cursors VALUES(?1, ?2)", notice_cursors},
    Table{"admin_tokens", "INSERT OR IGNORE INTO admin_tokens VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", admin_tokens},
    Table{"account_policies", "INSERT OR IGNORE INTO account_policies VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
          account_policies},
    Table{"bans", "INSERT OR IGNORE INTO bans VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", bans},
    Table{"invitations", "INSERT OR IGNORE INTO invitations VALUES(?1, ?2, ?3, ?4, ?5)", invitations},
    Table{"reports", "INSERT OR IGNORE INTO reports VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", reports},
    Table{"report_messages", "INSERT OR IGNORE INTO report_messages VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          report_messages},
    Table{"apps", "INSERT OR IGNORE INTO apps VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", apps},
    Table{"hook_events", "INSERT OR IGNORE INTO hook_events VALUES(?1, ?2, ?3, ?4, ?5)", hook_events},
    Table{"notice_apps", "INSERT OR IGNORE INTO notice_apps VALUES(?1, ?2)", notice_apps, true},
    Table{"uptime", "INSERT OR IGNORE INTO uptime VALUES(?1, ?2, ?3)", uptime},
    Table{"webhook_cursors", "INSERT OR IGNORE INTO webhook_cursors VALUES(?1, ?2, ?3)", webhook_cursors},
    Table{"departments", "INSERT OR IGNORE INTO departments VALUES(?1, ?2, ?3, ?4, ?5)", departments},
    Table{"directory_members", "INSERT OR IGNORE INTO directory_members VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          directory_members},
    Table{"audit", "INSERT OR IGNORE INTO audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", audit},
};

/// Rows that refer to what is not there, in the order in which they go: what is dropped may leave others behind.
struct Reference {
    const char* sentence;
    const char* table;
    const char* broken;
};
constexpr std::array references{
    Reference{"device(s) of no account", "devices", "account NOT IN (SELECT id FROM accounts)"},
    Reference{"contact(s) of or with nobody", "contacts",
              "owner NOT IN (SELECT id FROM accounts) OR other NOT IN (SELECT id FROM accounts)"},
    Reference{"contact(s) of nobody with an account that was removed", "departed_contacts",
              "owner NOT IN (SELECT id FROM accounts) OR account NOT IN (SELECT id FROM departed_accounts)"},
    Reference{"mail of which the envelope is missing, or the device", "mailbox",
              "envelope NOT IN (SELECT id FROM envelopes) OR device NOT IN (SELECT id FROM devices)"},
    Reference{"envelope(s) that nobody waits for", "envelopes", "id NOT IN (SELECT envelope FROM mailbox)"},
    Reference{"key package(s) of no device", "key_packages", "device NOT IN (SELECT id FROM devices)"},
    Reference{"last resort(s) of no device", "last_resorts", "device NOT IN (SELECT id FROM devices)"},
    Reference{"group(s) of nobody", "groups",
              "other <> 0 AND (one NOT IN (SELECT id FROM accounts) OR other NOT IN (SELECT id FROM accounts))"},
    Reference{"member(s) of no group, or of no account", "group_members",
              "of_group NOT IN (SELECT id FROM groups) OR account NOT IN (SELECT id FROM accounts)"},
    Reference{"request(s) to join no group, or of no account", "group_joins",
              "of_group NOT IN (SELECT id FROM groups) OR account NOT IN (SELECT id FROM accounts)"},
    Reference{"piece(s) of no tree", "group_tree_pieces", "tree NOT IN (SELECT id FROM group_trees)"},
    Reference{"commit(s) of no group", "group_commits", "of_group NOT IN (SELECT id FROM groups)"},
    Reference{"vote(s) on no commit", "commit_voters", "of_commit NOT IN (SELECT id FROM group_commits)"},
    Reference{"change(s) of members by no commit", "member_changes",
              "of_commit NOT IN (SELECT id FROM group_commits) OR account NOT IN (SELECT id FROM accounts)"},
    Reference{"policy(s) of no account", "account_policies", "account NOT IN (SELECT id FROM accounts)"},
    Reference{"blob(s) of nobody", "blobs", "account <> 0 AND account NOT IN (SELECT id FROM accounts)"},
    Reference{"piece(s) of no blob", "blob_pieces", "blob NOT IN (SELECT id FROM blobs)"},
    Reference{"recipient(s) of no notice", "notice_accounts",
              "notice NOT IN (SELECT id FROM notices) OR account NOT IN (SELECT id FROM accounts)"},
    Reference{"notice(s) for nobody", "notices",
              "to_all = 0 AND settled = 0 AND id NOT IN (SELECT notice FROM notice_accounts)"},
    Reference{"cursor(s) of no device", "notice_cursors", "device NOT IN (SELECT id FROM devices)"},
    Reference{"application(s) of no notice", "notice_apps", "notice NOT IN (SELECT id FROM notices)"},
    Reference{"message(s) of no report", "report_messages", "report NOT IN (SELECT id FROM reports)"},
    Reference{"blob(s) without a piece", "blobs", "id NOT IN (SELECT blob FROM blob_pieces)"},
};

#define GODWIT_COUNT(table, broken) "SELECT count(*) FROM " table " WHERE " broken
constexpr sqlite::Rule own_rules[] = {
    {"account(s) that make no sense",
     GODWIT_COUNT("accounts", "length(account_key) != 32 OR length(salt) != 32 OR length(login_hash) != 32")},
    {"device(s) that make no sense", GODWIT_COUNT("devices", "length(key) != 32")},
    {"envelope(s) that make no sense",
     GODWIT_COUNT("envelopes", "length(from_device) != 32 OR length(envelope_id) != 16 OR size != length(sealed)")},
    {"mail numbered above what was reserved for its device",
     GODWIT_COUNT("mailbox", "sequence >= (SELECT sequence_floor FROM devices WHERE devices.id = mailbox.device)")},
    {"account(s) of no application", GODWIT_COUNT("accounts", "app <> 0 AND app NOT IN (SELECT id FROM apps)")},
    {"group(s) that make no sense", GODWIT_COUNT("groups", "length(conversation) != 16")},
    {"commit(s) that make no sense",
     GODWIT_COUNT("group_commits", "length(from_device) != 32 OR length(envelope_id) != 16")},
    {"notice(s) that make no sense", GODWIT_COUNT("notices", "length(name) != 16")},
    {"ban(s) that make no sense",
     GODWIT_COUNT("bans",
                  "kind NOT IN (1, 2) OR (kind = 1 AND (length(prefix) NOT IN (4, 16) OR bits > 8 * length(prefix)))")},
    {"department(s) within no department",
     GODWIT_COUNT("departments", "parent <> 0 AND parent NOT IN (SELECT id FROM departments)")},
    {"member(s) of no department",
     GODWIT_COUNT("directory_members", "department <> 0 AND department NOT IN (SELECT id FROM departments)")},
    {"administrator's token(s) that make no sense", GODWIT_COUNT("admin_tokens", "length(hash) != 32")},
    {"record(s) of the audit log that make no sense", GODWIT_COUNT("audit", "length(link) != 32")},
    {"blob(s) that make no sense",
     GODWIT_COUNT("blobs",
                  "length(name) != 32 OR bytes != (SELECT sum(counted) FROM blob_pieces WHERE blob = blobs.id)")},
};
#undef GODWIT_COUNT

/// Numbers that may have been given and are lost with the newest changes: far more than between two folds of the log.
constexpr const char* sequences_skipped = "1000000";

class Carrier final : public sqlite::Salvager {
public:
    Carrier(const sqlite::Remains& remains, sqlite::Database& into) : Salvager(remains, into, tables), places_(remains)
    {
    }

    Result<Salvage> put_in_order();

private:
    /// Tables without rowid are all numbers here, and so are their indexes: the tree says which is which. Rows whose
    /// tree is lost are not guessed at.
    [[nodiscard]] const Table* sort(const sqlite::Row& row) override
    {
        if (!row.keyed) return Salvager::sort(row);
        if (row.page != place_.number) place_ = places_.of(row.page);
        if (place_.place != LostPage::Place::table) return nullptr;
        const auto found = std::find_if(tables.begin(), tables.end(),
                                        [&](const Table& table) { return table.keyed && place_.table == table.name; });
        return found == tables.end() || !sqlite::fits(found->columns, row) ? nullptr : &*found;
    }

    sqlite::Places places_;
    LostPage place_; ///< Of the page that is being read.
};

Result<Salvage> Carrier::put_in_order()
{
    Salvage out;
    out.stale = remains_.damage().is_stale();
    out.pages_lost_unknown = pages_unknown_;
    // Without its line in the schema a table without rowid is a tree of numbers that nobody can name.
    for (const auto& page : sqlite::place_lost_pages(remains_))
        if (page.table == "sqlite_schema") ++out.pages_lost_unknown;
    if (auto begun = into_.begin(); !begun) return begun.error();
    for (const Reference& one : references) {
        auto dropped = change("DELETE FROM " + std::string(one.table) + " WHERE " + one.broken);
        if (!dropped) return dropped.error();
        out.rows_dropped += *dropped;
    }
    auto done = change("UPDATE envelopes SET size = length(sealed) WHERE size != length(sealed)");
    if (done)
        done = change("UPDATE devices SET sequence_floor = max(sequence_floor, coalesce((SELECT max(sequence) + 1 FROM "
                      "mailbox WHERE device = devices.id), 1)) + " +
                      std::string(lost_from("devices") || lost_from("mailbox") ? sequences_skipped : "0"));
    // Numbers above are given again: who has a lost notice must not miss the one that gets its number.
    if (done)
        done = change("UPDATE notice_cursors SET up_to = (SELECT coalesce(max(id), 0) FROM notices) WHERE up_to > "
                      "(SELECT coalesce(max(id), 0) FROM notices)");
    // What a removed account has left names it by its number, which no other one is given.
    if (done)
        done = change("INSERT INTO sqlite_sequence(name, seq) SELECT 'accounts', 0 WHERE NOT EXISTS (SELECT 1 FROM "
                      "sqlite_sequence WHERE name = 'accounts')");
    if (done)
        done = change("UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(id), 0) FROM departed_accounts), "
                      "(SELECT coalesce(max(sender), 0) FROM envelopes), (SELECT coalesce(max(account), 0) FROM "
                      "group_commits)) WHERE name = 'accounts'");
    // An application that is lost and has accounts comes back under another name, closed: they go on being served.
    if (done)
        done = change("INSERT INTO apps SELECT app, 'lost-' || app, lower(hex(randomblob(12))), 0, 0, 0, 0, -1, -1, "
                      "-1, -1, -1, -1"
                      " FROM (SELECT DISTINCT app FROM accounts WHERE app <> 0 AND app NOT IN (SELECT id FROM apps))");
    // Who was in what is lost is in nothing: nobody is dropped for it.
    if (done)
        done = change("UPDATE departments SET parent = 0, name = substr(name, 1, 40) || ' #' || id WHERE parent <> 0 "
                      "AND parent NOT IN (SELECT id FROM departments)");
    if (done)
        done = change("UPDATE directory_members SET department = 0 WHERE department <> 0 AND department NOT IN (SELECT "
                      "id FROM departments)");
    if (done) done = change("UPDATE blobs SET bytes = (SELECT sum(counted) FROM blob_pieces WHERE blob = blobs.id)");
    if (!done) return done.error();
    auto counted = reports();
    if (!counted) return counted.error();
    out.tables = *std::move(counted);
    if (auto committed = into_.commit(); !committed) return committed.error();
    return out;
}

/// The references as questions. Texts live as long as the program: a Rule borrows them.
const std::vector<sqlite::Rule>& rules()
{
    static const std::vector<std::string> questions = [] {
        std::vector<std::string> out;
        for (const Reference& one : references)
            out.push_back("SELECT count(*) FROM " + std::string(one.table) + " WHERE " + one.broken);
        return out;
    }();
    static const std::vector<sqlite::Rule> all = [] {
        std::vector<sqlite::Rule> out(std::begin(own_rules), std::end(own_rules));
        for (std::size_t i = 0; i < references.size(); ++i)
            out.push_back({references[i].sentence, questions[i].c_str()});
        return out;
    }();
    return all;
}

} // namespace

sqlite::Catalogue catalogue()
{
    return {schema(), tables, rules()};
}

bool Salvage::complete() const
{
    return !stale && pages_lost_unknown == 0 && rows_dropped == 0 &&
           std::all_of(tables.begin(), tables.end(),
                       [](const sqlite::TableReport& table) { return table.rows_lost == 0 && table.pages_lost == 0; });
}

Result<Salvage> salvage(const sqlite::Remains& remains, const std::string& path, const char* vfs_name)
{
    sqlite::OpenOptions options;
    options.path = path;
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

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/store/schema.hpp"

#include <vector>

namespace godwit::relay {
namespace {

// Steps are append-only: never edit one that was released.

// admin_tokens: only hashes of them. audit: append-only; link is a hash over the record and the link of the one before.
constexpr const char* audit_step = R"(
CREATE TABLE admin_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    role INTEGER NOT NULL,
    verb TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    link BLOB NOT NULL
) STRICT;
)";

// account_policies: what an account may where that is not the default (-1); disabled_ms 0: it is not. bans: prefix and
// bits of an address, kind 1; a name, kind 2. invitations: account_key empty: whose soever. reports: closed_ms 0: open.
constexpr const char* gate_step = R"(
CREATE TABLE account_policies (
    account INTEGER PRIMARY KEY,
    disabled_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    mailbox_messages INTEGER NOT NULL,
    mailbox_bytes INTEGER NOT NULL,
    blob_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE bans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    subject TEXT NOT NULL,
    prefix BLOB NOT NULL,
    bits INTEGER NOT NULL,
    reason TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    UNIQUE (kind, subject)
) STRICT;
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL UNIQUE,
    account_key BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reporter TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL,
    closed_by TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX reports_open ON reports(id) WHERE closed_ms = 0;
CREATE TABLE uptime (
    hour INTEGER PRIMARY KEY,
    seconds INTEGER NOT NULL,
    sessions_max INTEGER NOT NULL
) STRICT;
)";

// departments: parent 0 is the organisation itself. directory_members: department 0: of none.
constexpr const char* directory_step = R"(
CREATE TABLE departments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (parent, name)
) STRICT;
CREATE TABLE directory_members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    department INTEGER NOT NULL,
    user TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    title TEXT NOT NULL,
    email TEXT NOT NULL
) STRICT;
CREATE INDEX directory_members_by_department ON directory_members(department);
)";

// webhook_cursors: up to which record of the audit log each has been told.
constexpr const char* webhooks_step = R"(
CREATE TABLE webhook_cursors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    up_to INTEGER NOT NULL
) STRICT;
)";

// apps: tenants; limits of -1 are none. accounts, departments and directory_members belong to one, 0: the default one.
// notice_apps: notices to all that are to the accounts of one application. report_messages: what a client showed of
// messages that it reported; shown 0: not what they say. hook_events: the newest of what accounts have done.
constexpr const char* apps_step = R"(
CREATE TABLE apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    disabled_ms INTEGER NOT NULL,
    registration_open INTEGER NOT NULL,
    directory_shown INTEGER NOT NULL,
    accounts_max INTEGER NOT NULL,
    sessions_max INTEGER NOT NULL,
    mailbox_messages INTEGER NOT NULL,
    mailbox_bytes INTEGER NOT NULL,
    blob_bytes INTEGER NOT NULL,
    blob_bytes_all INTEGER NOT NULL
) STRICT;
CREATE TABLE accounts_13 (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    account_key BLOB NOT NULL,
    salt BLOB NOT NULL,
    login_hash BLOB NOT NULL,
    vault BLOB NOT NULL,
    device_list BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    app INTEGER NOT NULL,
    UNIQUE (app, user)
) STRICT;
INSERT INTO accounts_13 SELECT id, user, account_key, salt, login_hash, vault, device_list, created_ms, 0 FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_13 RENAME TO accounts;
CREATE INDEX accounts_by_key ON accounts(account_key);
CREATE TABLE departments_13 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    app INTEGER NOT NULL,
    UNIQUE (app, parent, name)
) STRICT;
INSERT INTO departments_13 SELECT id, parent, name, created_ms, 0 FROM departments;
DROP TABLE departments;
ALTER TABLE departments_13 RENAME TO departments;
CREATE TABLE directory_members_13 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    department INTEGER NOT NULL,
    user TEXT NOT NULL,
    full_name TEXT NOT NULL,
    title TEXT NOT NULL,
    email TEXT NOT NULL,
    app INTEGER NOT NULL,
    UNIQUE (app, user)
) STRICT;
INSERT INTO directory_members_13 SELECT id, department, user, full_name, title, email, 0 FROM directory_members;
DROP TABLE directory_members;
ALTER TABLE directory_members_13 RENAME TO directory_members;
CREATE INDEX directory_members_by_department ON directory_members(department);
CREATE INDEX directory_members_by_name ON directory_members(app, full_name COLLATE NOCASE);
CREATE TABLE notice_apps (
    notice INTEGER PRIMARY KEY,
    app INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE reports_13 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reporter TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL,
    closed_by TEXT NOT NULL,
    outcome TEXT NOT NULL,
    conversation BLOB NOT NULL,
    by_client INTEGER NOT NULL
) STRICT;
INSERT INTO reports_13 SELECT id, reporter, subject, reason, text, created_ms, closed_ms, closed_by, outcome, x'', 0
    FROM reports;
DROP TABLE reports;
ALTER TABLE reports_13 RENAME TO reports;
CREATE INDEX reports_open ON reports(id) WHERE closed_ms = 0;
CREATE INDEX reports_open_by_reporter ON reports(reporter) WHERE closed_ms = 0;
CREATE TABLE report_messages (
    id INTEGER PRIMARY KEY,
    report INTEGER NOT NULL,
    message BLOB NOT NULL,
    author TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX report_messages_by_report ON report_messages(report);
CREATE TABLE hook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
)";

// commit_voters, in the place of commit_recipients: of every commit that may still be taken back, whom it was put for
// (vote 0), who has said that it is not valid (1; beyond the device's pace 3), and who else is in the group by it (2).
// member_changes: what such a commit has changed in group_members, and what was there before; in the place of the
// columns for the newest one. Their keys come first, as SQLite stores them (lib/sqlite/salvage). put_ms: when a commit
// was accepted; rules: digest of the GroupContext's extensions.
constexpr const char* votes_step = R"(
ALTER TABLE group_commits ADD COLUMN put_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE group_commits ADD COLUMN rules BLOB;
CREATE TABLE commit_voters (
    of_commit INTEGER NOT NULL,
    device INTEGER NOT NULL,
    of_group INTEGER NOT NULL,
    vote INTEGER NOT NULL,
    PRIMARY KEY (of_commit, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX commit_voters_by_group ON commit_voters(of_group, device);
INSERT INTO commit_voters SELECT c.id, r.device, r.of_group, r.rejected FROM commit_recipients r
    JOIN groups g ON g.id = r.of_group
    JOIN group_commits c ON c.id = (SELECT n.id FROM group_commits n WHERE n.of_group = g.id
        AND n.incarnation = g.incarnation AND n.epoch = g.epoch - 1 AND n.rejected = 0 ORDER BY n.id DESC LIMIT 1);
DROP TABLE commit_recipients;
CREATE TABLE member_changes (
    of_commit INTEGER NOT NULL,
    account INTEGER NOT NULL,
    of_group INTEGER NOT NULL,
    state INTEGER NOT NULL,
    state_before INTEGER NOT NULL,
    secret_before BLOB NOT NULL,
    PRIMARY KEY (of_commit, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_changes_by_group ON member_changes(of_group);
INSERT INTO member_changes SELECT changed_by, account, of_group, state, state_before, secret_before
    FROM group_members WHERE changed_by <> 0;
ALTER TABLE group_members DROP COLUMN changed_by;
ALTER TABLE group_members DROP COLUMN state_before;
ALTER TABLE group_members DROP COLUMN secret_before;
)";

// admin_tokens: of one application; 0: of the whole relay. Rows are written anew, so that each has all columns: repair
// reads them without their table.
constexpr const char* app_tokens_step = R"(
CREATE TABLE admin_tokens_14 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    app INTEGER NOT NULL
) STRICT;
INSERT INTO admin_tokens_14 SELECT id, name, role, hash, created_ms, expires_ms, 0 FROM admin_tokens;
DROP TABLE admin_tokens;
ALTER TABLE admin_tokens_14 RENAME TO admin_tokens;
)";

// group_commits: `account` of who made it, which counts also when the device is gone; 0: not known any more.
constexpr const char* committers_step = R"(
CREATE TABLE group_commits_15 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    of_group INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    from_device BLOB NOT NULL,
    envelope_id BLOB NOT NULL,
    welcome_id BLOB NOT NULL,
    rejected INTEGER NOT NULL DEFAULT 0,
    group_info BLOB,
    tree INTEGER NOT NULL DEFAULT 0,
    put_ms INTEGER NOT NULL DEFAULT 0,
    rules BLOB,
    account INTEGER NOT NULL
) STRICT;
INSERT INTO group_commits_15 SELECT id, of_group, incarnation, epoch, from_device, envelope_id, welcome_id, rejected,
    group_info, tree, put_ms, rules, coalesce((SELECT d.account FROM devices d WHERE d.key = from_device), 0)
    FROM group_commits;
DROP TABLE group_commits;
ALTER TABLE group_commits_15 RENAME TO group_commits;
CREATE INDEX group_commits_by_group ON group_commits(of_group);
)";

// accounts: the key of a row is given once, because what a removed account has sent names it. departed_accounts: those
// that were removed while mail of theirs waited, under the rows that they had; departed_contacts: for whom.
constexpr const char* departed_step = R"(
CREATE TABLE accounts_17 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,
    account_key BLOB NOT NULL,
    salt BLOB NOT NULL,
    login_hash BLOB NOT NULL,
    vault BLOB NOT NULL,
    device_list BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    app INTEGER NOT NULL,
    UNIQUE (app, user)
) STRICT;
INSERT INTO accounts_17 SELECT id, user, account_key, salt, login_hash, vault, device_list, created_ms, app
    FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_17 RENAME TO accounts;
CREATE INDEX accounts_by_key ON accounts(account_key);
INSERT INTO sqlite_sequence(name, seq) SELECT 'accounts', 0
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'accounts');
UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(sender), 0) FROM envelopes),
    (SELECT coalesce(max(account), 0) FROM group_commits), (SELECT coalesce(max(account), 0) FROM member_changes))
    WHERE name = 'accounts';
CREATE TABLE departed_accounts (
    id INTEGER PRIMARY KEY,
    left_ms INTEGER NOT NULL,
    user TEXT NOT NULL,
    account_key BLOB NOT NULL,
    device_list BLOB NOT NULL
) STRICT;
CREATE TABLE departed_contacts (
    owner INTEGER NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (owner, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX departed_contacts_by_account ON departed_contacts(account);
)";

constexpr const char* later_steps[] = {audit_step, gate_step,       directory_step,  webhooks_step, apps_step,
                                       votes_step, app_tokens_step, committers_step, departed_step};

} // namespace

sqlite::Schema schema()
{
    static const std::vector<sqlite::Migration> steps = [] {
        std::vector<sqlite::Migration> out;
        for (const auto* const step : first_steps())
            out.push_back({step});
        for (const auto* const step : later_steps)
            out.push_back({step});
        return out;
    }();
    return {0x67647772, steps}; // "gdwr"
}

} // namespace godwit::relay

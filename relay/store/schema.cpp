// SPDX-License-Identifier: Apache-2.0
#include "relay/store/schema.hpp"

namespace godwit::relay {
namespace {

// Steps are append-only: never edit one that was released.
//
// envelopes: the sealed bytes once, however many devices wait for them; the last mailbox row takes them along.
// mailbox: UNIQUE(device, envelope) is "the same envelope id to the same device is stored once".
// key_packages: a package of NULL has been handed out; its digest stays a while, so that it never is again.
// group_commits: the accepted commits of each group, newest last; group_info only of those that may be gone back to.
constexpr const char* first_step = R"(
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL UNIQUE,
    account_key BLOB NOT NULL,
    salt BLOB NOT NULL,
    login_hash BLOB NOT NULL,
    vault BLOB NOT NULL,
    device_list BLOB NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    key BLOB NOT NULL UNIQUE,
    client_version TEXT NOT NULL,
    platform TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    sequence_floor INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX devices_by_account ON devices(account);
CREATE TABLE contacts (
    owner INTEGER NOT NULL,
    other INTEGER NOT NULL,
    state INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, other)
) STRICT, WITHOUT ROWID;
CREATE TABLE envelopes (
    id INTEGER PRIMARY KEY,
    from_device BLOB NOT NULL,
    sender INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    stored_ms INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (from_device, envelope_id)
) STRICT;
CREATE INDEX envelopes_by_age ON envelopes(stored_ms);
CREATE TABLE mailbox (
    device INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    envelope INTEGER NOT NULL,
    PRIMARY KEY (device, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_by_envelope ON mailbox(envelope, device);
CREATE TABLE key_packages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device INTEGER NOT NULL,
    digest BLOB NOT NULL,
    package BLOB,
    UNIQUE (device, digest)
) STRICT;
CREATE TABLE last_resorts (
    device INTEGER PRIMARY KEY,
    package BLOB NOT NULL
) STRICT;
CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation BLOB NOT NULL UNIQUE,
    one INTEGER NOT NULL,
    other INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX groups_by_one ON groups(one);
CREATE INDEX groups_by_other ON groups(other);
CREATE TABLE group_commits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    of_group INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    from_device BLOB NOT NULL,
    envelope_id BLOB NOT NULL,
    welcome_id BLOB NOT NULL,
    rejected INTEGER NOT NULL DEFAULT 0,
    group_info BLOB
) STRICT;
CREATE INDEX group_commits_by_group ON group_commits(of_group);
)";

// commit_recipients: whom the newest commit of a group was put for (rejected 0), who has said that it is not valid (1),
// and who else is in a conversation of two (2).
constexpr const char* second_step = R"(
CREATE TABLE commit_recipients (
    of_group INTEGER NOT NULL,
    device INTEGER NOT NULL,
    rejected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (of_group, device)
) STRICT, WITHOUT ROWID;
)";

// received_ms: KeyPackages have an end (RFC 9420 section 7.2). Those of unknown age count as old; a last resort as
// coming from when its device was last seen, because it may be away and have nothing else here.
constexpr const char* third_step = R"(
ALTER TABLE key_packages ADD COLUMN received_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX key_packages_by_age ON key_packages(received_ms) WHERE package IS NOT NULL;
ALTER TABLE last_resorts ADD COLUMN received_ms INTEGER NOT NULL DEFAULT 0;
UPDATE last_resorts SET received_ms = coalesce((SELECT seen_ms FROM devices WHERE id = device), 0);
CREATE INDEX last_resorts_by_age ON last_resorts(received_ms);
)";

// superseded: sealed bytes that were replaced, kept for those whom the new ones may not reach. Of an id there is one
// row that is not superseded.
constexpr const char* fourth_step = R"(
CREATE TABLE envelopes_4 (
    id INTEGER PRIMARY KEY,
    from_device BLOB NOT NULL,
    sender INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    envelope_id BLOB NOT NULL,
    stored_ms INTEGER NOT NULL,
    size INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    superseded INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO envelopes_4 SELECT id, from_device, sender, kind, envelope_id, stored_ms, size, sealed, 0 FROM envelopes;
DROP TABLE envelopes;
ALTER TABLE envelopes_4 RENAME TO envelopes;
CREATE INDEX envelopes_by_age ON envelopes(stored_ms);
CREATE UNIQUE INDEX envelopes_by_name ON envelopes(from_device, envelope_id) WHERE superseded = 0;
)";

// removed_devices: that once were in the list of this account, and never come into it again; its newest ones.
constexpr const char* fifth_step = R"(
CREATE TABLE removed_devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    key BLOB NOT NULL,
    UNIQUE (account, key)
) STRICT;
CREATE INDEX accounts_by_key ON accounts(account_key);
)";

// blob_pieces: counted is what a piece takes of its account's quota. A blob of created_ms 0 goes before its time.
constexpr const char* sixth_step = R"(
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE,
    account INTEGER NOT NULL,
    pieces INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX blobs_by_age ON blobs(created_ms);
CREATE TABLE blob_pieces (
    id INTEGER PRIMARY KEY,
    blob INTEGER NOT NULL,
    piece INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (blob, piece)
) STRICT;
)";

// groups of many accounts: `other` is 0 and `one` whoever created it. roster_version counts what changes in
// group_members. group_members: who is in (state 1), and who was (0; for a while, so that they are told). state_before,
// secret_before: what the newest commit changed, by which it is taken back; changed_by is that commit. group_trees:
// ratchet trees that do not fit their GroupInfo; `used` once a commit has named it.
constexpr const char* groups_of_many_step = R"(
ALTER TABLE groups ADD COLUMN roster_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE group_commits ADD COLUMN tree INTEGER NOT NULL DEFAULT 0;
CREATE TABLE group_members (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    of_group INTEGER NOT NULL,
    account INTEGER NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    secret BLOB NOT NULL,
    changed_by INTEGER NOT NULL,
    state_before INTEGER NOT NULL,
    secret_before BLOB NOT NULL,
    UNIQUE (of_group, account)
) STRICT;
CREATE INDEX group_members_by_account ON group_members(account, state);
CREATE INDEX group_members_by_version ON group_members(of_group, version);
CREATE TABLE group_joins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    of_group INTEGER NOT NULL,
    account INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (of_group, account)
) STRICT;
CREATE INDEX group_joins_by_account ON group_joins(account);
CREATE TABLE group_trees (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    conversation BLOB NOT NULL,
    name BLOB NOT NULL,
    pieces INTEGER NOT NULL,
    used INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (account, conversation, name)
) STRICT;
CREATE INDEX group_trees_by_conversation ON group_trees(conversation);
CREATE TABLE group_tree_pieces (
    id INTEGER PRIMARY KEY,
    tree INTEGER NOT NULL,
    piece INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (tree, piece)
) STRICT;
)";

// notices: what the operator has said, to all or to those in notice_accounts; id is the sequence in which devices get
// it. notice_cursors: up to which one a device has all that is for it. So a notice to all is one row, and each device
// has one, which is written when it acknowledges. Of those that are over the last four columns say how far they came.
constexpr const char* notices_step = R"(
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name BLOB NOT NULL UNIQUE,
    to_all INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    link TEXT NOT NULL,
    settled INTEGER NOT NULL,
    accounts INTEGER NOT NULL,
    accounts_reached INTEGER NOT NULL,
    devices INTEGER NOT NULL,
    devices_reached INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_to_all ON notices(to_all);
CREATE INDEX notices_open ON notices(expires_ms) WHERE settled = 0;
CREATE TABLE notice_accounts (
    account INTEGER NOT NULL,
    notice INTEGER NOT NULL,
    PRIMARY KEY (account, notice)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_accounts_by_notice ON notice_accounts(notice);
CREATE TABLE notice_cursors (
    device INTEGER PRIMARY KEY,
    up_to INTEGER NOT NULL
) STRICT;
)";

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

constexpr sqlite::Migration steps[] = {{first_step}, {second_step}, {third_step},          {fourth_step},
                                       {fifth_step}, {sixth_step},  {groups_of_many_step}, {notices_step},
                                       {audit_step}, {gate_step},   {directory_step},      {webhooks_step},
                                       {apps_step},  {votes_step},  {app_tokens_step},     {committers_step}};
} // namespace

sqlite::Schema schema()
{
    return {0x67647772, steps}; // "gdwr"
}

} // namespace godwit::relay

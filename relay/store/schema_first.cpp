// SPDX-License-Identifier: Apache-2.0
// The first eight steps of the schema: accounts, mail, groups, files, notices.
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

constexpr const char* steps[] = {first_step, second_step, third_step,          fourth_step,
                                 fifth_step, sixth_step,  groups_of_many_step, notices_step};

} // namespace

std::span<const char* const> first_steps()
{
    return steps;
}

} // namespace godwit::relay

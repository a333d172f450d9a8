// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

std::uint64_t number(const sqlite::Statement& s, int column)
{
    return static_cast<std::uint64_t>(s.integer(column));
}

StoredCommit commit_from(const sqlite::Statement& s)
{
    StoredCommit out;
    out.row = s.integer(0);
    out.incarnation = number(s, 1);
    out.epoch = number(s, 2);
    out.from = s.fixed<DeviceId>(3).value_or(DeviceId{});
    out.id = s.fixed<MessageId>(4).value_or(MessageId{});
    out.welcome = s.fixed<MessageId>(5).value_or(MessageId{});
    out.rejected = s.integer(6) != 0;
    out.tree = s.integer(7);
    return out;
}

} // namespace

StoredGroup Store::group(const ConversationId& conversation)
{
    StoredGroup out;
    read(
        "SELECT id, incarnation, epoch, other FROM groups WHERE conversation = ?1",
        [&](const sqlite::Statement& s) {
            out.row = s.integer(0);
            out.incarnation = number(s, 1);
            out.epoch = number(s, 2);
            out.of_many = s.integer(3) == 0;
            return false;
        },
        conversation);
    if (out.epoch > 0)
        if (const auto newest = group_commit(out, out.epoch - 1)) out.commit = newest->id;
    return out;
}

GroupRow Store::add_group(const ConversationId& conversation, AccountRow one, AccountRow other, WallMs now_ms)
{
    write("INSERT INTO groups(conversation, one, other, incarnation, epoch, changed_ms) VALUES(?1, ?2, ?3, 0, 0, ?4)",
          conversation, one, other, now_ms);
    return failed() ? 0 : database_.last_insert_rowid();
}

bool Store::is_of_two_with(GroupRow row, AccountRow account)
{
    return read_integer("SELECT 1 FROM groups WHERE id = ?1 AND other <> 0 AND (one = ?2 OR other = ?2)", row, account)
        .has_value();
}

void Store::set_group(GroupRow row, std::uint64_t incarnation, std::uint64_t epoch, WallMs now_ms)
{
    write("UPDATE groups SET incarnation = ?2, epoch = ?3, changed_ms = ?4 WHERE id = ?1", row, incarnation, epoch,
          now_ms);
}

void Store::remove_group(GroupRow row)
{
    write("DELETE FROM group_commits WHERE of_group = ?1", row);
    write("DELETE FROM commit_recipients WHERE of_group = ?1", row);
    write("DELETE FROM group_members WHERE of_group = ?1", row);
    write("DELETE FROM group_joins WHERE of_group = ?1", row);
    write("DELETE FROM groups WHERE id = ?1", row);
}

std::uint64_t Store::group_count(AccountRow account)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM groups WHERE (one = ?1 OR other = ?1) AND other <> 0", account).value_or(0));
}

GroupRow Store::forgettable_group(AccountRow account)
{
    return read_integer("SELECT g.id FROM groups g"
                        " LEFT JOIN contacts a ON a.owner = g.one AND a.other = g.other"
                        " LEFT JOIN contacts b ON b.owner = g.other AND b.other = g.one"
                        " WHERE (g.one = ?1 OR g.other = ?1) AND g.one <> g.other AND g.other <> 0"
                        " AND (coalesce(a.state, 0) <> ?2 OR coalesce(b.state, 0) <> ?2)"
                        " ORDER BY g.changed_ms LIMIT 1",
                        account, RosterState::accepted)
        .value_or(0);
}

std::optional<StoredCommit> Store::group_commit(GroupRow group, const MessageId& id)
{
    std::optional<StoredCommit> out;
    read(
        "SELECT id, incarnation, epoch, from_device, envelope_id, welcome_id, rejected, tree FROM group_commits"
        " WHERE of_group = ?1 AND envelope_id = ?2 ORDER BY id DESC LIMIT 1",
        [&](const sqlite::Statement& s) {
            out = commit_from(s);
            return false;
        },
        group, id);
    return out;
}

std::optional<StoredCommit> Store::group_commit(const StoredGroup& group, std::uint64_t epoch)
{
    std::optional<StoredCommit> out;
    read(
        "SELECT id, incarnation, epoch, from_device, envelope_id, welcome_id, rejected, tree FROM group_commits"
        " WHERE of_group = ?1 AND incarnation = ?2 AND epoch = ?3 AND rejected = 0 ORDER BY id DESC LIMIT 1",
        [&](const sqlite::Statement& s) {
            out = commit_from(s);
            return false;
        },
        group.row, group.incarnation, epoch);
    return out;
}

Bytes Store::group_info(std::int64_t commit)
{
    Bytes out;
    read(
        "SELECT group_info FROM group_commits WHERE id = ?1",
        [&](const sqlite::Statement& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        commit);
    return out;
}

std::int64_t Store::add_group_commit(GroupRow group, const StoredCommit& commit, const Bytes& group_info)
{
    write("INSERT INTO group_commits(of_group, incarnation, epoch, from_device, envelope_id, welcome_id, group_info, "
          "tree)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          group, commit.incarnation, commit.epoch, commit.from, commit.id, commit.welcome, group_info, commit.tree);
    return failed() ? 0 : database_.last_insert_rowid();
}

void Store::reject_group_commit(std::int64_t commit)
{
    write("UPDATE group_commits SET rejected = 1, group_info = NULL WHERE id = ?1", commit);
}

// commit_recipients.rejected: 0 asked, 1 has rejected, 2 in the group without a vote on its newest commit.
void Store::set_commit_recipients(GroupRow group, const std::vector<DeviceRow>& devices,
                                  const std::vector<DeviceRow>& others)
{
    write("DELETE FROM commit_recipients WHERE of_group = ?1", group);
    for (const auto device : devices)
        write("INSERT INTO commit_recipients(of_group, device) VALUES(?1, ?2)", group, device);
    for (const auto device : others)
        write("INSERT INTO commit_recipients(of_group, device, rejected) VALUES(?1, ?2, 2)"
              " ON CONFLICT(of_group, device) DO NOTHING",
              group, device);
}

void Store::close_commit_votes(GroupRow group)
{
    write("UPDATE commit_recipients SET rejected = 2 WHERE of_group = ?1", group);
}

std::vector<std::pair<DeviceRow, AccountRow>> Store::commit_party(GroupRow group)
{
    std::vector<std::pair<DeviceRow, AccountRow>> out;
    read(
        "SELECT d.id, d.account FROM commit_recipients r JOIN devices d ON d.id = r.device WHERE r.of_group = ?1"
        " ORDER BY d.id",
        [&](const sqlite::Statement& s) {
            out.emplace_back(s.integer(0), s.integer(1));
            return true;
        },
        group);
    return out;
}

std::optional<bool> Store::commit_rejected_by(GroupRow group, DeviceRow device)
{
    const auto got = read_integer(
        "SELECT rejected FROM commit_recipients WHERE of_group = ?1 AND device = ?2 AND rejected < 2", group, device);
    if (!got) return std::nullopt;
    return *got != 0;
}

void Store::set_commit_rejected_by(GroupRow group, DeviceRow device)
{
    write("UPDATE commit_recipients SET rejected = 1 WHERE of_group = ?1 AND device = ?2", group, device);
}

bool Store::commit_rejected_by_account(GroupRow group, AccountRow account)
{
    return read_integer("SELECT 1 FROM commit_recipients r JOIN devices d ON d.id = r.device"
                        " WHERE r.of_group = ?1 AND r.rejected = 1 AND d.account = ?2 LIMIT 1",
                        group, account)
        .has_value();
}

bool Store::commit_puts_out(GroupRow group, std::int64_t commit)
{
    return read_integer("SELECT 1 FROM group_members WHERE of_group = ?1 AND changed_by = ?2 AND state = 0"
                        " AND state_before = 1 LIMIT 1",
                        group, commit)
        .has_value();
}

CommitVotes Store::commit_votes(GroupRow group)
{
    CommitVotes out;
    read(
        "SELECT count(*), coalesce(sum(r.rejected), 0) FROM commit_recipients r JOIN devices d ON d.id = r.device"
        " WHERE r.of_group = ?1 AND r.rejected < 2",
        [&](const sqlite::Statement& s) {
            out.recipients = static_cast<std::size_t>(s.integer(0));
            out.rejected = static_cast<std::size_t>(s.integer(1));
            return false;
        },
        group);
    return out;
}

CommitVotes Store::commit_votes_of_accounts(GroupRow group, EnvelopeRow envelope)
{
    CommitVotes out;
    read(
        "SELECT count(DISTINCT d.account), count(DISTINCT CASE WHEN r.rejected THEN d.account END),"
        " count(DISTINCT CASE WHEN r.rejected OR NOT EXISTS"
        " (SELECT 1 FROM mailbox m WHERE m.envelope = ?2 AND m.device = r.device) THEN d.account END)"
        " FROM commit_recipients r JOIN devices d ON d.id = r.device WHERE r.of_group = ?1 AND r.rejected < 2",
        [&](const sqlite::Statement& s) {
            out.recipients = static_cast<std::size_t>(s.integer(0));
            out.rejected = static_cast<std::size_t>(s.integer(1));
            out.seen = static_cast<std::size_t>(s.integer(2));
            return false;
        },
        group, envelope);
    return out;
}

void Store::prune_group_commits(GroupRow group, std::uint64_t incarnation, std::size_t infos, std::size_t ids)
{
    write("UPDATE group_commits SET group_info = NULL WHERE of_group = ?1 AND group_info IS NOT NULL AND id NOT IN"
          " (SELECT id FROM group_commits WHERE of_group = ?1 AND incarnation = ?2 AND group_info IS NOT NULL"
          " ORDER BY id DESC LIMIT ?3)",
          group, incarnation, infos);
    write("DELETE FROM group_commits WHERE of_group = ?1 AND id <="
          " (SELECT id FROM group_commits WHERE of_group = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
          group, ids);
}

} // namespace godwit::relay

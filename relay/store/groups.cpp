// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

std::uint64_t number(const Row& s, int column)
{
    return static_cast<std::uint64_t>(s.integer(column));
}

StoredCommit commit_from(const Row& s)
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
    out.put_ms = s.integer(8);
    out.rules = to_bytes(s.bytes(9));
    out.account = s.integer(10);
    out.has_info = s.integer(11) != 0;
    return out;
}

constexpr std::string_view commit_columns =
    "SELECT id, incarnation, epoch, from_device, envelope_id, welcome_id, rejected, tree, put_ms, rules, account,"
    " group_info IS NOT NULL FROM group_commits WHERE of_group = ?1 AND ";

std::string commits_where(std::string_view what)
{
    return std::string(commit_columns) + std::string(what);
}

} // namespace

StoredGroup Store::group(const ConversationId& conversation)
{
    StoredGroup out;
    read(
        "SELECT id, incarnation, epoch, other FROM groups WHERE conversation = ?1",
        [&](const Row& s) {
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
    return inserted();
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
    write("DELETE FROM commit_voters WHERE of_group = ?1", row);
    write("DELETE FROM member_changes WHERE of_group = ?1", row);
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
    return read_one(commits_where("envelope_id = ?2 ORDER BY id DESC LIMIT 1"), commit_from, group, id);
}

std::optional<StoredCommit> Store::group_commit(const StoredGroup& group, std::uint64_t epoch)
{
    return read_one(commits_where("incarnation = ?2 AND epoch = ?3 AND rejected = 0 ORDER BY id DESC LIMIT 1"),
                    commit_from, group.row, group.incarnation, epoch);
}

bool Store::welcome_waits(GroupRow group, DeviceRow device)
{
    return read_integer("SELECT 1 FROM group_commits c"
                        " CROSS JOIN envelopes e ON e.from_device = c.from_device AND e.envelope_id = c.welcome_id"
                        " AND e.superseded = 0 AND e.kind = ?3"
                        " CROSS JOIN mailbox m ON m.envelope = e.id AND m.device = ?2"
                        " WHERE c.of_group = ?1 AND c.rejected = 0 LIMIT 1",
                        group, device, static_cast<std::int64_t>(EnvelopeKind::handshake))
        .has_value();
}

std::vector<StoredCommit> Store::standing_commits(const StoredGroup& group, std::size_t limit)
{
    return read_all(commits_where("incarnation = ?2 AND rejected = 0 ORDER BY id DESC LIMIT ?3"), commit_from,
                    group.row, group.incarnation, static_cast<std::int64_t>(limit));
}

Bytes Store::group_info(std::int64_t commit)
{
    Bytes out;
    read(
        "SELECT group_info FROM group_commits WHERE id = ?1",
        [&](const Row& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        commit);
    return out;
}

std::int64_t Store::add_group_commit(GroupRow group, const StoredCommit& commit, const Bytes& group_info)
{
    write("INSERT INTO group_commits(of_group, incarnation, epoch, from_device, envelope_id, welcome_id, group_info,"
          " tree, put_ms, rules, account) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
          group, commit.incarnation, commit.epoch, commit.from, commit.id, commit.welcome, group_info, commit.tree,
          commit.put_ms, commit.rules, commit.account);
    return inserted();
}

void Store::reject_group_commit(std::int64_t commit)
{
    write("UPDATE group_commits SET rejected = 1, group_info = NULL WHERE id = ?1", commit);
    write("DELETE FROM commit_voters WHERE of_commit = ?1", commit);
}

void Store::set_commit_voters(GroupRow group, std::int64_t commit, const std::vector<DeviceRow>& devices,
                              const std::vector<DeviceRow>& skipped, const std::vector<DeviceRow>& others)
{
    const auto add = [&](DeviceRow device, CommitVote vote) {
        write("INSERT INTO commit_voters(of_group, of_commit, device, vote) VALUES(?1, ?2, ?3, ?4)"
              " ON CONFLICT(of_commit, device) DO NOTHING",
              group, commit, device, static_cast<std::int64_t>(vote));
    };
    for (const auto device : devices)
        add(device, CommitVote::asked);
    for (const auto device : skipped)
        add(device, CommitVote::skipped);
    for (const auto device : others)
        add(device, CommitVote::none);
}

std::vector<std::pair<DeviceRow, AccountRow>> Store::commit_party(std::int64_t commit)
{
    return read_all(
        "SELECT d.id, d.account FROM commit_voters v JOIN devices d ON d.id = v.device WHERE v.of_commit = ?1"
        " ORDER BY d.id",
        [](const Row& s) { return std::pair<DeviceRow, AccountRow>(s.integer(0), s.integer(1)); }, commit);
}

std::optional<CommitVote> Store::commit_vote(std::int64_t commit, DeviceRow device)
{
    const auto got =
        read_integer("SELECT vote FROM commit_voters WHERE of_commit = ?1 AND device = ?2", commit, device);
    if (!got || *got < 0 || *got > 4 || static_cast<CommitVote>(*got) == CommitVote::none) return std::nullopt;
    return static_cast<CommitVote>(*got);
}

void Store::set_commit_vote(std::int64_t commit, DeviceRow device, CommitVote vote)
{
    write("UPDATE commit_voters SET vote = ?3 WHERE of_commit = ?1 AND device = ?2", commit, device,
          static_cast<std::int64_t>(vote));
}

void Store::withdraw_commit_votes(GroupRow group, DeviceRow device)
{
    write("UPDATE commit_voters SET vote = 0 WHERE of_group = ?1 AND device = ?2 AND vote IN (1, 3)", group, device);
}

bool Store::commit_rejected_by_account(std::int64_t commit, AccountRow account)
{
    return read_integer("SELECT 1 FROM commit_voters v JOIN devices d ON d.id = v.device"
                        " WHERE v.of_commit = ?1 AND v.vote = 1 AND d.account = ?2 LIMIT 1",
                        commit, account)
        .has_value();
}

bool Store::is_contested(std::int64_t commit)
{
    // Its own account's devices say so of what they have made themselves: it is not what is to be waited for.
    return read_integer("SELECT 1 FROM commit_voters v JOIN devices d ON d.id = v.device"
                        " JOIN group_commits c ON c.id = v.of_commit"
                        " WHERE v.of_commit = ?1 AND v.vote IN (1, 3) AND d.account <> c.account LIMIT 1",
                        commit)
        .has_value();
}

bool Store::commit_puts_out(std::int64_t commit)
{
    return read_integer("SELECT 1 FROM member_changes WHERE of_commit = ?1 AND state = 0 AND state_before = 1 LIMIT 1",
                        commit)
        .has_value();
}

namespace {

// v: a device that has a vote on ?1. It has seen the commit (?2: its envelope) when it does not wait any more; whom it
// could not be put for (4: CommitVote in relay/core/groups.cpp) has not, until it says no.
constexpr std::string_view voters = " FROM commit_voters v JOIN devices d ON d.id = v.device"
                                    " WHERE v.of_commit = ?1 AND v.vote <> 2";
constexpr std::string_view waits = "EXISTS (SELECT 1 FROM mailbox m WHERE m.envelope = ?2 AND m.device = v.device)";
// Refuses it, or one before it (?3: of this group), and so does not vouch for it by having taken it out.
constexpr std::string_view refuses = "EXISTS (SELECT 1 FROM commit_voters e WHERE e.of_group = ?3 AND"
                                     " e.device = v.device AND e.of_commit <= ?1 AND e.vote IN (1, 3))";
constexpr auto votes_from = [](const Row& s) {
    const auto count = [&](int column) { return static_cast<std::size_t>(s.integer(column)); };
    return CommitVotes{count(0), count(1), count(2), count(3)};
};

std::string sql(std::initializer_list<std::string_view> parts)
{
    std::string out;
    for (const auto part : parts)
        out += part;
    return out;
}

} // namespace

CommitVotes Store::commit_votes(GroupRow group, const StoredCommit& commit, EnvelopeRow envelope)
{
    const auto statement =
        sql({"SELECT count(*), coalesce(sum(v.vote = 1), 0), coalesce(sum(v.vote IN (1, 3) OR v.vote = 0 AND NOT ",
             waits, "), 0), coalesce(sum(v.vote = 0 AND NOT ", waits, " AND NOT ", refuses, "), 0)", voters});
    return read_one(statement, votes_from, commit.row, envelope, group).value_or(CommitVotes{});
}

CommitVotes Store::commit_votes_of_accounts(GroupRow group, const StoredCommit& commit, EnvelopeRow envelope)
{
    // An account of which one device refuses does not vouch for it by another one.
    const auto statement = sql({"WITH one AS (SELECT d.account AS account, max(v.vote = 1) AS rejected,"
                                " max(v.vote IN (1, 3) OR v.vote = 0 AND NOT ",
                                waits, ") AS seen, max(v.vote = 0 AND NOT ", waits,
                                ") AS taken,"
                                " max(",
                                refuses, ") AS refuses", voters,
                                " GROUP BY d.account)"
                                " SELECT count(*), coalesce(sum(rejected), 0), coalesce(sum(seen), 0),"
                                " coalesce(sum(taken AND NOT refuses AND account <> ?4), 0) FROM one"});
    return read_one(statement, votes_from, commit.row, envelope, group, commit.account).value_or(CommitVotes{});
}

void Store::forget_commits_before(GroupRow group, std::int64_t commit, std::size_t ids)
{
    write("UPDATE group_commits SET group_info = NULL WHERE of_group = ?1 AND id < ?2 AND group_info IS NOT NULL",
          group, commit);
    write("DELETE FROM commit_voters WHERE of_group = ?1 AND of_commit < ?2", group, commit);
    write("DELETE FROM member_changes WHERE of_group = ?1 AND of_commit < ?2", group, commit);
    write("DELETE FROM group_commits WHERE of_group = ?1 AND (rejected = 1 OR id < ?2) AND tree = 0 AND id <="
          " (SELECT id FROM group_commits WHERE of_group = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
          group, commit, static_cast<std::int64_t>(ids));
}

} // namespace godwit::relay

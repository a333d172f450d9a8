// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {

std::optional<bool> Store::membership(GroupRow group, AccountRow account)
{
    const auto state =
        read_integer("SELECT state FROM group_members WHERE of_group = ?1 AND account = ?2", group, account);
    if (!state) return std::nullopt;
    return *state == 1;
}

std::map<std::string, AccountRow> Store::member_names(GroupRow group)
{
    std::map<std::string, AccountRow> out;
    read(
        "SELECT a.user, a.id FROM group_members m JOIN accounts a ON a.id = m.account"
        " WHERE m.of_group = ?1 AND m.state = 1",
        [&](const Row& s) {
            out.emplace(s.text(0), s.integer(1));
            return true;
        },
        group);
    return out;
}

std::vector<AccountRow> Store::members(GroupRow group)
{
    return read_all("SELECT account FROM group_members WHERE of_group = ?1 AND state = 1", first_integer, group);
}

bool Store::has_members(GroupRow group)
{
    return read_integer("SELECT 1 FROM group_members WHERE of_group = ?1 AND state = 1 LIMIT 1", group).has_value();
}

AppRow Store::group_app(GroupRow group)
{
    return read_integer("SELECT a.app FROM group_members m JOIN accounts a ON a.id = m.account"
                        " WHERE m.of_group = ?1 AND m.state = 1 LIMIT 1",
                        group)
        .value_or(no_app);
}

std::vector<MemberDevice> Store::member_devices(GroupRow group)
{
    return read_all(
        "SELECT d.id, d.key, d.account FROM group_members m JOIN devices d ON d.account = m.account"
        " WHERE m.of_group = ?1 AND m.state = 1 ORDER BY d.id",
        [](const Row& s) {
            return MemberDevice{s.integer(0), s.fixed<DeviceId>(1).value_or(DeviceId{}), s.integer(2)};
        },
        group);
}

std::uint64_t Store::membership_count(AccountRow account)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM group_members WHERE account = ?1 AND state = 1", account).value_or(0));
}

std::vector<std::pair<ConversationId, bool>> Store::memberships(AccountRow account, WallMs gone_since_ms)
{
    std::vector<std::pair<ConversationId, bool>> out;
    read(
        "SELECT g.conversation, m.state FROM group_members m JOIN groups g ON g.id = m.of_group"
        " WHERE m.account = ?1 AND (m.state = 1 OR m.changed_ms >= ?2) ORDER BY g.id",
        [&](const Row& s) {
            if (const auto conversation = s.fixed<ConversationId>(0))
                out.emplace_back(*conversation, s.integer(1) == 1);
            return true;
        },
        account, gone_since_ms);
    return out;
}

void Store::set_member(GroupRow group, AccountRow account, bool member, const Bytes* secret, std::int64_t commit,
                       WallMs now_ms)
{
    const std::int64_t state = member ? 1 : 0;
    const Bytes none;
    note_member_change(group, account, state, commit);
    raise_roster_version(group);
    write("INSERT INTO group_members(of_group, account, state, version, changed_ms, secret)"
          " VALUES(?1, ?2, ?3, (SELECT roster_version FROM groups WHERE id = ?1), ?4, ?5)"
          " ON CONFLICT(of_group, account) DO UPDATE SET state = excluded.state, version = excluded.version,"
          " changed_ms = excluded.changed_ms",
          group, account, state, now_ms, secret == nullptr ? none : *secret);
    if (secret != nullptr)
        write("UPDATE group_members SET secret = ?3 WHERE of_group = ?1 AND account = ?2", group, account, *secret);
}

void Store::set_secret(GroupRow group, AccountRow account, const Bytes& secret, std::int64_t commit)
{
    note_member_change(group, account, 1, commit);
    write("UPDATE group_members SET secret = ?3 WHERE of_group = ?1 AND account = ?2", group, account, secret);
}

/// What was before it, so that it can be taken back, with those after it.
void Store::note_member_change(GroupRow group, AccountRow account, std::int64_t state, std::int64_t commit)
{
    if (commit == 0) return;
    const Bytes none;
    write("INSERT INTO member_changes(of_group, of_commit, account, state, state_before, secret_before)"
          " VALUES(?1, ?2, ?3, ?4,"
          " coalesce((SELECT state FROM group_members WHERE of_group = ?1 AND account = ?3), 0),"
          " coalesce((SELECT secret FROM group_members WHERE of_group = ?1 AND account = ?3), ?5))"
          " ON CONFLICT(of_commit, account) DO UPDATE SET state = excluded.state",
          group, commit, account, state, none);
}

void Store::raise_roster_version(GroupRow group)
{
    write("UPDATE groups SET roster_version = roster_version + 1 WHERE id = ?1", group);
}

std::vector<AccountRow> Store::take_back_members(GroupRow group, std::int64_t commit, WallMs now_ms)
{
    const auto out = read_all("SELECT account FROM member_changes WHERE of_commit = ?1", first_integer, commit);
    // Of who stays it was the secret, which is nobody else's.
    write("UPDATE group_members SET secret = (SELECT secret_before FROM member_changes c WHERE c.of_commit = ?2"
          " AND c.account = group_members.account) WHERE of_group = ?1"
          " AND account IN (SELECT account FROM member_changes WHERE of_commit = ?2)",
          group, commit);
    raise_roster_version(group);
    const auto moved = read_all("SELECT account FROM member_changes WHERE of_commit = ?1 AND state <> state_before",
                                first_integer, commit);
    for (const auto account : moved) { // each in a version of its own: a page of the roster ends between two
        raise_roster_version(group);
        write("UPDATE group_members SET changed_ms = ?3, version = (SELECT roster_version FROM groups WHERE id = ?1),"
              " state = (SELECT state_before FROM member_changes WHERE of_commit = ?4 AND account = ?2)"
              " WHERE of_group = ?1 AND account = ?2",
              group, account, now_ms, commit);
    }
    write("DELETE FROM member_changes WHERE of_commit = ?1", commit);
    return out;
}

std::uint64_t Store::roster_version(GroupRow group)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT roster_version FROM groups WHERE id = ?1", group).value_or(0));
}

namespace {

constexpr auto stored_member = [](const Row& s) {
    StoredMember one;
    one.account = s.integer(0);
    one.user = s.text(1);
    one.member = s.integer(2) == 1;
    one.version = static_cast<std::uint64_t>(s.integer(3));
    one.secret = to_bytes(s.bytes(4));
    one.account_key = s.fixed<PublicKey>(5).value_or(PublicKey{});
    one.device_list = to_bytes(s.bytes(6));
    return one;
};

} // namespace

std::vector<StoredMember> Store::roster(GroupRow group, std::uint64_t after, std::size_t limit)
{
    return read_all("SELECT m.account, a.user, m.state, m.version, m.secret, a.account_key, a.device_list"
                    " FROM group_members m JOIN accounts a ON a.id = m.account"
                    " WHERE m.of_group = ?1 AND m.version > ?2 ORDER BY m.version LIMIT ?3",
                    stored_member, group, after, static_cast<std::int64_t>(limit));
}

std::optional<StoredMember> Store::member(GroupRow group, AccountRow account)
{
    auto rows = read_all("SELECT m.account, a.user, m.state, m.version, m.secret, a.account_key, a.device_list"
                         " FROM group_members m JOIN accounts a ON a.id = m.account"
                         " WHERE m.of_group = ?1 AND m.account = ?2 AND m.state = 1",
                         stored_member, group, account);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

void Store::touch_memberships(AccountRow account)
{
    const auto groups =
        read_all("SELECT of_group FROM group_members WHERE account = ?1 AND state = 1", first_integer, account);
    for (const auto group : groups) {
        raise_roster_version(group);
        write("UPDATE group_members SET version = (SELECT roster_version FROM groups WHERE id = ?1)"
              " WHERE of_group = ?1 AND account = ?2",
              group, account);
    }
}

bool Store::share_group(AccountRow a, AccountRow b)
{
    return read_integer("SELECT 1 FROM group_members x JOIN group_members y ON y.of_group = x.of_group"
                        " WHERE x.account = ?1 AND x.state = 1 AND y.account = ?2 AND y.state = 1 LIMIT 1",
                        a, b)
        .has_value();
}

std::uint64_t Store::expire_members(WallMs before_ms, std::uint32_t limit)
{
    std::vector<std::int64_t> gone, empty;
    read(
        "SELECT id FROM group_members WHERE state = 0 AND changed_ms < ?1 LIMIT ?2",
        [&](const Row& s) {
            gone.push_back(s.integer(0));
            return true;
        },
        before_ms, limit);
    for (const auto row : gone)
        write("DELETE FROM group_members WHERE id = ?1", row);
    read(
        "SELECT id FROM groups WHERE other = 0 AND changed_ms < ?1"
        " AND NOT EXISTS (SELECT 1 FROM group_members WHERE of_group = groups.id) LIMIT ?2",
        [&](const Row& s) {
            empty.push_back(s.integer(0));
            return true;
        },
        before_ms, limit);
    for (const auto row : empty)
        remove_group(row);
    return gone.size() + empty.size();
}

} // namespace godwit::relay

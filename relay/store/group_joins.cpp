// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

StoredJoin join_from(const Row& s)
{
    StoredJoin out;
    out.account = s.integer(0);
    out.user = s.text(1);
    out.account_key = s.fixed<PublicKey>(2).value_or(PublicKey{});
    out.device_list = to_bytes(s.bytes(3));
    out.sealed = to_bytes(s.bytes(4));
    out.asked_ms = s.integer(5);
    out.state = static_cast<StoredJoin::State>(s.integer(6));
    return out;
}

} // namespace

std::optional<StoredJoin> Store::join(GroupRow group, AccountRow account)
{
    return read_one("SELECT j.account, a.user, a.account_key, a.device_list, j.sealed, j.asked_ms, j.refused"
                    " FROM group_joins j JOIN accounts a ON a.id = j.account WHERE j.of_group = ?1 AND j.account = ?2",
                    join_from, group, account);
}

void Store::set_join(GroupRow group, AccountRow account, const Bytes& sealed, WallMs now_ms)
{
    write("INSERT INTO group_joins(of_group, account, asked_ms, refused, sealed) VALUES(?1, ?2, ?3, 0, ?4)"
          " ON CONFLICT(of_group, account) DO UPDATE SET asked_ms = excluded.asked_ms, refused = 0,"
          " sealed = excluded.sealed",
          group, account, now_ms, sealed);
}

void Store::refuse_join(GroupRow group, AccountRow account, StoredJoin::State why)
{
    write("UPDATE group_joins SET refused = ?3 WHERE of_group = ?1 AND account = ?2", group, account,
          static_cast<std::int64_t>(why));
}

void Store::remove_stale_joins(AccountRow account)
{
    write("DELETE FROM group_joins WHERE account = ?1 AND refused = ?2", account, StoredJoin::State::stale_link);
}

void Store::remove_join(GroupRow group, AccountRow account)
{
    write("DELETE FROM group_joins WHERE of_group = ?1 AND account = ?2", group, account);
}

std::vector<StoredJoin> Store::joins(GroupRow group, std::size_t limit)
{
    return read_all("SELECT j.account, a.user, a.account_key, a.device_list, j.sealed, j.asked_ms, j.refused"
                    " FROM group_joins j JOIN accounts a ON a.id = j.account"
                    " WHERE j.of_group = ?1 AND j.refused = 0 ORDER BY j.asked_ms, j.id LIMIT ?2",
                    join_from, group, static_cast<std::int64_t>(limit));
}

std::uint64_t Store::join_count(GroupRow group)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM group_joins WHERE of_group = ?1 AND refused = 0", group).value_or(0));
}

std::uint64_t Store::joins_of(AccountRow account)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM group_joins WHERE account = ?1", account).value_or(0));
}

std::vector<Store::RefusedJoin> Store::refused_joins(AccountRow account)
{
    std::vector<RefusedJoin> out;
    read(
        "SELECT g.conversation, j.refused FROM group_joins j JOIN groups g ON g.id = j.of_group"
        " WHERE j.account = ?1 AND j.refused <> 0",
        [&](const Row& s) {
            if (const auto conversation = s.fixed<ConversationId>(0))
                out.push_back({*conversation, static_cast<StoredJoin::State>(s.integer(1))});
            return true;
        },
        account);
    return out;
}

bool Store::waits_for_group_of(AccountRow asker, AccountRow member)
{
    return read_integer("SELECT 1 FROM group_joins j JOIN group_members m ON m.of_group = j.of_group"
                        " WHERE j.account = ?1 AND j.refused = 0 AND m.account = ?2 AND m.state = 1 LIMIT 1",
                        asker, member)
        .has_value();
}

std::vector<ConversationId> Store::expire_joins(WallMs before_ms, std::uint32_t limit)
{
    std::vector<std::int64_t> rows;
    std::vector<ConversationId> out;
    read(
        "SELECT j.id, g.conversation FROM group_joins j JOIN groups g ON g.id = j.of_group WHERE j.asked_ms < ?1 LIMIT "
        "?2",
        [&](const Row& s) {
            rows.push_back(s.integer(0));
            if (const auto conversation = s.fixed<ConversationId>(1)) out.push_back(*conversation);
            return true;
        },
        before_ms, limit);
    for (const auto row : rows)
        write("DELETE FROM group_joins WHERE id = ?1", row);
    return out;
}

} // namespace godwit::relay

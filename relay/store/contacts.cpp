// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

RosterState state_from(std::int64_t number)
{
    return number >= 0 && number <= static_cast<std::int64_t>(RosterState::blocked) ? static_cast<RosterState>(number)
                                                                                    : RosterState::none;
}

std::optional<StoredContact> contact_from(const Row& s)
{
    StoredContact out;
    out.other = s.integer(0);
    out.user = s.text(1);
    const auto key = s.fixed<PublicKey>(2);
    if (!key) return std::nullopt;
    out.account_key = *key;
    out.mine = state_from(s.integer(3));
    out.theirs = state_from(s.integer(4));
    if (out.mine == RosterState::accepted) out.device_list = to_bytes(s.bytes(5));
    return out;
}

} // namespace

RosterState Store::contact(AccountRow owner, AccountRow other)
{
    return state_from(
        read_integer("SELECT state FROM contacts WHERE owner = ?1 AND other = ?2", owner, other).value_or(0));
}

void Store::set_contact(AccountRow owner, AccountRow other, RosterState state, WallMs now_ms)
{
    if (state == RosterState::none) return write("DELETE FROM contacts WHERE owner = ?1 AND other = ?2", owner, other);
    write("INSERT INTO contacts(owner, other, state, since_ms) VALUES(?1, ?2, ?3, ?4)"
          " ON CONFLICT(owner, other) DO UPDATE SET state = ?3, since_ms = ?4",
          owner, other, state, now_ms);
}

std::optional<StoredContact> Store::contact_of(AccountRow owner, AccountRow other)
{
    std::optional<StoredContact> out;
    read(
        "SELECT a.id, a.user, a.account_key, coalesce(mine.state, 0), coalesce(theirs.state, 0), a.device_list"
        " FROM accounts a"
        " LEFT JOIN contacts mine ON mine.owner = ?1 AND mine.other = a.id"
        " LEFT JOIN contacts theirs ON theirs.owner = a.id AND theirs.other = ?1 WHERE a.id = ?2",
        [&](const Row& s) {
            out = contact_from(s);
            return false;
        },
        owner, other);
    return out;
}

std::vector<StoredContact> Store::contacts(AccountRow owner, std::string_view after, std::size_t limit)
{
    std::vector<StoredContact> out;
    read(
        "SELECT a.id, a.user, a.account_key, mine.state, coalesce(theirs.state, 0), a.device_list FROM contacts mine"
        " JOIN accounts a ON a.id = mine.other"
        " LEFT JOIN contacts theirs ON theirs.owner = mine.other AND theirs.other = mine.owner"
        " WHERE mine.owner = ?1 AND a.user > ?2 ORDER BY a.user LIMIT ?3",
        [&](const Row& s) {
            if (auto contact = contact_from(s)) out.push_back(*std::move(contact));
            return true;
        },
        owner, after, limit);
    return out;
}

std::uint64_t Store::contact_count(AccountRow owner)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM contacts WHERE owner = ?1", owner).value_or(0));
}

std::uint64_t Store::contact_count(AccountRow owner, RosterState state)
{
    return static_cast<std::uint64_t>(
        read_integer("SELECT count(*) FROM contacts WHERE owner = ?1 AND state = ?2", owner, state).value_or(0));
}

std::vector<AccountRow> Store::contact_rows(AccountRow owner)
{
    return read_all("SELECT other FROM contacts WHERE owner = ?1", first_integer, owner);
}

std::vector<AccountRow> Store::mutual_contacts(AccountRow owner)
{
    std::vector<AccountRow> out;
    read(
        "SELECT mine.other FROM contacts mine JOIN contacts theirs ON theirs.owner = mine.other AND theirs.other = ?1"
        " WHERE mine.owner = ?1 AND mine.state = ?2 AND theirs.state = ?2",
        [&](const Row& s) {
            out.push_back(s.integer(0));
            return true;
        },
        owner, RosterState::accepted);
    return out;
}

} // namespace godwit::relay

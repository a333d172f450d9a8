// SPDX-License-Identifier: Apache-2.0
#include "relay/store/departed_table.hpp"

namespace godwit::relay {

bool DepartedTable::mail_waits(AccountRow owner, AccountRow from)
{
    return ledger_
        .read_integer("SELECT 1 FROM devices d JOIN mailbox m ON m.device = d.id JOIN envelopes e ON e.id = m.envelope"
                      " WHERE d.account = ?1 AND e.sender = ?2 LIMIT 1",
                      owner, from)
        .has_value();
}

bool DepartedTable::mail_waits_for(DeviceRow device, AccountRow from)
{
    return ledger_
        .read_integer("SELECT 1 FROM mailbox m JOIN envelopes e ON e.id = m.envelope WHERE m.device = ?1"
                      " AND e.sender = ?2 LIMIT 1",
                      device, from)
        .has_value();
}

void DepartedTable::add(const StoredAccount& account, const std::vector<AccountRow>& owners, WallMs now_ms)
{
    ledger_.write("INSERT INTO departed_accounts VALUES(?1, ?2, ?3, ?4, ?5)", account.row, now_ms, account.user,
                  account.account_key, account.device_list);
    for (const auto owner : owners)
        ledger_.write("INSERT INTO departed_contacts VALUES(?1, ?2)", owner, account.row);
}

std::vector<DepartedAccount> DepartedTable::of(AccountRow owner)
{
    std::vector<DepartedAccount> out;
    ledger_.read(
        "SELECT a.id, a.user, a.account_key, a.device_list FROM departed_contacts c JOIN departed_accounts a"
        " ON a.id = c.account WHERE c.owner = ?1 ORDER BY a.user, a.id",
        [&](const Row& s) {
            const auto key = s.fixed<PublicKey>(2);
            if (key) out.push_back({s.integer(0), std::string(s.text(1)), *key, to_bytes(s.bytes(3))});
            return true;
        },
        owner);
    return out;
}

void DepartedTable::remove(AccountRow owner, AccountRow account)
{
    ledger_.write("DELETE FROM departed_contacts WHERE owner = ?1 AND account = ?2", owner, account);
    ledger_.write("DELETE FROM departed_accounts WHERE id = ?1"
                  " AND NOT EXISTS (SELECT 1 FROM departed_contacts WHERE account = ?1)",
                  account);
}

void DepartedTable::remove_owner(AccountRow owner)
{
    for (const auto& one : of(owner))
        remove(owner, one.row);
}

std::uint64_t DepartedTable::expire(WallMs before_ms, std::uint32_t limit)
{
    std::vector<AccountRow> old;
    ledger_.read(
        "SELECT id FROM departed_accounts WHERE left_ms < ?1 ORDER BY left_ms LIMIT ?2",
        [&](const Row& s) {
            old.push_back(s.integer(0));
            return true;
        },
        before_ms, limit);
    for (const auto row : old) {
        ledger_.write("DELETE FROM departed_contacts WHERE account = ?1", row);
        ledger_.write("DELETE FROM departed_accounts WHERE id = ?1", row);
    }
    return old.size();
}

} // namespace godwit::relay

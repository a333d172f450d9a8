// SPDX-License-Identifier: Apache-2.0
// Accounts that were removed while mail of theirs waited: a contact's device needs their keys to read it, and knows
// them until it has it.
#pragma once

#include "relay/store/store.hpp"

namespace godwit::relay {

/// Under the row that it had, which no other account is given.
struct DepartedAccount {
    AccountRow row = 0;
    std::string user;
    PublicKey account_key;
    Bytes device_list;
};

class DepartedTable {
public:
    explicit DepartedTable(Ledger& ledger) : ledger_(ledger) {}

    /// Any device of `owner` has mail of this account.
    [[nodiscard]] bool mail_waits(AccountRow owner, AccountRow from);
    [[nodiscard]] bool mail_waits_for(DeviceRow device, AccountRow from);
    /// `owners`: one at least.
    void add(const StoredAccount& account, const std::vector<AccountRow>& owners, WallMs now_ms);
    /// By user name; two that had one name one after the other: by row.
    [[nodiscard]] std::vector<DepartedAccount> of(AccountRow owner);
    void remove(AccountRow owner, AccountRow account);
    /// All of an owner, who goes too.
    void remove_owner(AccountRow owner);
    /// Up to `limit` that left before; returns how many.
    std::uint64_t expire(WallMs before_ms, std::uint32_t limit);

private:
    Ledger& ledger_;
};

} // namespace godwit::relay

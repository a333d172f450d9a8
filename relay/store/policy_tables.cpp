// SPDX-License-Identifier: Apache-2.0
#include "relay/store/policy_tables.hpp"

namespace godwit::relay {
namespace {

std::uint64_t number(const Row& s, int column)
{
    return static_cast<std::uint64_t>(s.integer(column));
}

std::optional<std::uint64_t> limit_of(const Row& s, int column)
{
    if (s.is_null(column) || s.integer(column) < 0) return std::nullopt;
    return number(s, column);
}

std::int64_t stored(const std::optional<std::uint64_t>& limit)
{
    return limit ? static_cast<std::int64_t>(*limit) : -1;
}

/// From this column on: disabled_ms, reason, mailbox_messages, mailbox_bytes, blob_bytes; NULL: no row.
AccountPolicy policy_from(const Row& s, int first)
{
    AccountPolicy out;
    out.disabled_ms = s.is_null(first) ? 0 : s.integer(first);
    out.reason = s.text(first + 1);
    out.quotas = {limit_of(s, first + 2), limit_of(s, first + 3), limit_of(s, first + 4)};
    return out;
}

} // namespace

AccountPolicy PolicyTable::find(AccountRow account)
{
    AccountPolicy out;
    ledger_.read(
        "SELECT disabled_ms, reason, mailbox_messages, mailbox_bytes, blob_bytes FROM account_policies"
        " WHERE account = ?1",
        [&](const Row& s) {
            out = policy_from(s, 0);
            return false;
        },
        account);
    return out;
}

void PolicyTable::set(AccountRow account, const AccountPolicy& policy)
{
    const auto& q = policy.quotas;
    if (policy.disabled_ms == 0 && q == Quotas{})
        return ledger_.write("DELETE FROM account_policies WHERE account = ?1", account);
    ledger_.write("INSERT OR REPLACE INTO account_policies(account, disabled_ms, reason, mailbox_messages,"
                  " mailbox_bytes, blob_bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                  account, policy.disabled_ms, policy.reason, stored(q.mailbox_messages), stored(q.mailbox_bytes),
                  stored(q.blob_bytes));
}

std::optional<bool> PolicyTable::is_disabled(AppRow app, std::string_view user)
{
    return ledger_.read_one(
        "SELECT coalesce(p.disabled_ms, 0) > 0 FROM accounts a LEFT JOIN account_policies p ON p.account = a.id"
        " WHERE a.app = ?1 AND a.user = ?2",
        [](const Row& s) { return s.integer(0) != 0; }, app, user);
}

std::vector<AccountSummary> PolicyTable::accounts(AppRow app, std::string_view prefix, std::string_view after,
                                                  std::size_t limit)
{
    std::vector<AccountSummary> out;
    const auto prefix_end = std::string(prefix) + "\x7f"; // names are ASCII below it
    ledger_.read(
        "SELECT a.id, a.user, a.account_key, a.created_ms, (SELECT count(*) FROM devices d WHERE d.account = a.id),"
        " (SELECT max(seen_ms) FROM devices d WHERE d.account = a.id), p.disabled_ms, p.reason, p.mailbox_messages,"
        " p.mailbox_bytes, p.blob_bytes FROM accounts a LEFT JOIN account_policies p ON p.account = a.id"
        " WHERE a.app = ?5 AND a.user >= ?1 AND a.user < ?2 AND a.user > ?3 ORDER BY a.user LIMIT ?4",
        [&](const Row& s) {
            AccountSummary one;
            one.row = s.integer(0);
            one.app = app;
            one.user = s.text(1);
            one.account_key = s.fixed<PublicKey>(2).value_or(PublicKey{});
            one.created_ms = s.integer(3);
            one.devices = number(s, 4);
            one.seen_ms = s.is_null(5) ? 0 : s.integer(5);
            one.policy = policy_from(s, 6);
            out.push_back(std::move(one));
            return true;
        },
        prefix, prefix_end, after, limit, app);
    return out;
}

PolicyTable::Totals PolicyTable::totals()
{
    Totals out;
    ledger_.read(
        "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM account_policies WHERE disabled_ms > 0),"
        " (SELECT count(*) FROM devices), (SELECT count(*) FROM groups WHERE other = 0),"
        " (SELECT count(*) FROM reports WHERE closed_ms = 0)",
        [&](const Row& s) {
            out = {number(s, 0), number(s, 1), number(s, 2), number(s, 3), number(s, 4)};
            return false;
        });
    return out;
}

std::vector<PolicyTable::Clients> PolicyTable::clients(std::size_t limit)
{
    std::vector<Clients> out;
    ledger_.read(
        "SELECT client_version, platform, count(*) FROM devices GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT ?1",
        [&](const Row& s) {
            out.push_back({std::string(s.text(0)), std::string(s.text(1)), number(s, 2)});
            return true;
        },
        limit);
    return out;
}

PolicyTable::Usage PolicyTable::usage(AccountRow account)
{
    Usage out;
    ledger_.read(
        "SELECT count(*), coalesce(sum(e.size), 0) FROM devices d JOIN mailbox m ON m.device = d.id"
        " JOIN envelopes e ON e.id = m.envelope WHERE d.account = ?1",
        [&](const Row& s) {
            out.mail_messages = number(s, 0);
            out.mail_bytes = number(s, 1);
            return false;
        },
        account);
    out.blob_bytes = static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT coalesce(sum(bytes), 0) FROM blobs WHERE account = ?1", account).value_or(0));
    return out;
}

std::vector<PolicyTable::Group> PolicyTable::groups(GroupRow after, std::size_t limit)
{
    std::vector<Group> out;
    ledger_.read(
        "SELECT g.id, g.conversation, (SELECT count(*) FROM group_members m WHERE m.of_group = g.id AND m.state = 1),"
        " g.epoch, g.changed_ms FROM groups g WHERE g.other = 0 AND g.id > ?1 ORDER BY g.id LIMIT ?2",
        [&](const Row& s) {
            out.push_back({s.integer(0), s.fixed<ConversationId>(1).value_or(ConversationId{}), number(s, 2),
                           number(s, 3), s.integer(4)});
            return true;
        },
        after, limit);
    return out;
}

void PolicyTable::remove_account(Store& store, AccountRow account)
{
    for (const auto& device : store.devices(account))
        store.remove_device(device.row);
    std::vector<GroupRow> of_two;
    ledger_.read(
        "SELECT id FROM groups WHERE (one = ?1 OR other = ?1) AND other <> 0",
        [&](const Row& s) {
            of_two.push_back(s.integer(0));
            return true;
        },
        account);
    for (const auto row : of_two)
        store.remove_group(row);
    ledger_.write("DELETE FROM group_members WHERE account = ?1", account);
    ledger_.write("DELETE FROM group_joins WHERE account = ?1", account);
    ledger_.write("DELETE FROM group_tree_pieces WHERE tree IN (SELECT id FROM group_trees WHERE account = ?1 AND used"
                  " = 0)",
                  account);
    ledger_.write("DELETE FROM group_trees WHERE account = ?1 AND used = 0", account);
    ledger_.write("DELETE FROM contacts WHERE owner = ?1 OR other = ?1", account);
    ledger_.write("DELETE FROM member_changes WHERE account = ?1", account);
    ledger_.write("DELETE FROM removed_devices WHERE account = ?1", account);
    ledger_.write("DELETE FROM notice_accounts WHERE account = ?1", account);
    ledger_.write("UPDATE blobs SET account = 0, created_ms = 0 WHERE account = ?1", account);
    ledger_.write("DELETE FROM account_policies WHERE account = ?1", account);
    ledger_.write("DELETE FROM accounts WHERE id = ?1", account);
}

} // namespace godwit::relay

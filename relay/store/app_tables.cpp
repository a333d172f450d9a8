// SPDX-License-Identifier: Apache-2.0
#include "relay/store/app_tables.hpp"

namespace godwit::relay {
namespace {

std::optional<std::uint64_t> limit_from(const Row& s, int column)
{
    if (s.integer(column) < 0) return std::nullopt;
    return static_cast<std::uint64_t>(s.integer(column));
}

std::int64_t stored(const std::optional<std::uint64_t>& limit)
{
    return limit ? static_cast<std::int64_t>(*limit) : -1;
}

StoredApp app_from(const Row& s)
{
    StoredApp out;
    out.row = s.integer(0);
    out.name = s.text(1);
    out.key = s.text(2);
    out.created_ms = s.integer(3);
    out.disabled_ms = s.integer(4);
    out.registration_open = s.integer(5) != 0;
    out.directory_shown = s.integer(6) != 0;
    out.limits = {limit_from(s, 7),  limit_from(s, 8),  limit_from(s, 9),
                  limit_from(s, 10), limit_from(s, 11), limit_from(s, 12)};
    return out;
}

} // namespace

std::vector<StoredApp> AppTable::all()
{
    return ledger_.read_all("SELECT id, name, key, created_ms, disabled_ms, registration_open, directory_shown,"
                            " accounts_max, sessions_max, mailbox_messages, mailbox_bytes, blob_bytes, blob_bytes_all"
                            " FROM apps ORDER BY name",
                            app_from);
}

std::int64_t AppTable::add(const StoredApp& a)
{
    const auto& l = a.limits;
    ledger_.write("INSERT INTO apps(name, key, created_ms, disabled_ms, registration_open, directory_shown,"
                  " accounts_max, sessions_max, mailbox_messages, mailbox_bytes, blob_bytes, blob_bytes_all)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                  a.name, a.key, a.created_ms, a.disabled_ms, a.registration_open, a.directory_shown,
                  stored(l.accounts), stored(l.sessions), stored(l.mailbox_messages), stored(l.mailbox_bytes),
                  stored(l.blob_bytes), stored(l.blob_bytes_all));
    return ledger_.inserted();
}

void AppTable::set(const StoredApp& a)
{
    const auto& l = a.limits;
    ledger_.write("UPDATE apps SET key = ?2, disabled_ms = ?3, registration_open = ?4, directory_shown = ?5,"
                  " accounts_max = ?6, sessions_max = ?7, mailbox_messages = ?8, mailbox_bytes = ?9, blob_bytes = ?10,"
                  " blob_bytes_all = ?11 WHERE id = ?1",
                  a.row, a.key, a.disabled_ms, a.registration_open, a.directory_shown, stored(l.accounts),
                  stored(l.sessions), stored(l.mailbox_messages), stored(l.mailbox_bytes), stored(l.blob_bytes),
                  stored(l.blob_bytes_all));
}

void AppTable::remove(AppRow row)
{
    ledger_.write("DELETE FROM directory_members WHERE app = ?1", row);
    ledger_.write("DELETE FROM departments WHERE app = ?1", row);
    ledger_.write("DELETE FROM notices WHERE id IN (SELECT notice FROM notice_apps WHERE app = ?1)", row);
    ledger_.write("DELETE FROM notice_apps WHERE app = ?1", row);
    ledger_.write("DELETE FROM admin_tokens WHERE app = ?1", row);
    ledger_.write("DELETE FROM apps WHERE id = ?1", row);
}

std::uint64_t AppTable::account_count(AppRow row)
{
    return static_cast<std::uint64_t>(
        ledger_.read_integer("SELECT count(*) FROM accounts WHERE app = ?1", row).value_or(0));
}

} // namespace godwit::relay

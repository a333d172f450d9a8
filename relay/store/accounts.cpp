// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"

namespace godwit::relay {
namespace {

constexpr const char* damaged = "a row of the relay's database has the wrong shape: restore it from a backup";

template <class Fixed>
bool take(const Row& s, int column, Fixed& out)
{
    const auto got = s.fixed<Fixed>(column);
    if (got) out = *got;
    return got.has_value();
}

std::optional<StoredAccount> account_from(const Row& s)
{
    StoredAccount out;
    out.row = s.integer(0);
    out.user = s.text(1);
    if (!take(s, 2, out.account_key) || !take(s, 3, out.salt) || !take(s, 4, out.login_hash)) return std::nullopt;
    out.vault = to_bytes(s.bytes(5));
    out.device_list = to_bytes(s.bytes(6));
    out.app = s.integer(7);
    return out;
}

std::optional<StoredDevice> device_from(const Row& s)
{
    StoredDevice out;
    out.row = s.integer(0);
    out.account = s.integer(1);
    if (!take(s, 2, out.key)) return std::nullopt;
    out.client_version = s.text(3);
    out.platform = s.text(4);
    out.seen_ms = s.integer(5);
    return out;
}

} // namespace

std::optional<StoredAccount> Store::account(AppRow app, std::string_view user)
{
    std::optional<StoredAccount> out;
    read(
        "SELECT id, user, account_key, salt, login_hash, vault, device_list, app FROM accounts WHERE app = ?1 AND user "
        "= ?2",
        [&](const Row& s) {
            out = account_from(s);
            if (!out) note(Error{ErrorCode::storage_corrupt, damaged, 0});
            return false;
        },
        app, user);
    return out;
}

std::optional<StoredLogin> Store::login(AppRow app, std::string_view user)
{
    std::optional<StoredLogin> out;
    read(
        "SELECT id, salt, login_hash FROM accounts WHERE app = ?1 AND user = ?2",
        [&](const Row& s) {
            StoredLogin one;
            one.account = s.integer(0);
            if (take(s, 1, one.salt) && take(s, 2, one.hash))
                out = one;
            else
                note(Error{ErrorCode::storage_corrupt, damaged, 0});
            return false;
        },
        app, user);
    return out;
}

std::optional<StoredAccount> Store::account(AccountRow row)
{
    std::optional<StoredAccount> out;
    read(
        "SELECT id, user, account_key, salt, login_hash, vault, device_list, app FROM accounts WHERE id = ?1",
        [&](const Row& s) {
            out = account_from(s);
            if (!out) note(Error{ErrorCode::storage_corrupt, damaged, 0});
            return false;
        },
        row);
    return out;
}

AppRow Store::app_of(AccountRow row)
{
    return read_integer("SELECT app FROM accounts WHERE id = ?1", row).value_or(no_app);
}

bool Store::has_accounts()
{
    return read_integer("SELECT 1 FROM accounts LIMIT 1").has_value();
}

bool Store::has_account_key(const PublicKey& key)
{
    return read_integer("SELECT 1 FROM accounts WHERE account_key = ?1 LIMIT 1", key).has_value();
}

AccountRow Store::add_account(const StoredAccount& account, WallMs now_ms)
{
    write("INSERT INTO accounts(user, account_key, salt, login_hash, vault, device_list, created_ms, app)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          account.user, account.account_key, account.salt, account.login_hash, account.vault, account.device_list,
          now_ms, account.app);
    return inserted();
}

void Store::set_device_list(AccountRow row, const Bytes& list)
{
    write("UPDATE accounts SET device_list = ?2 WHERE id = ?1", row, list);
    touch_memberships(row);
}

Bytes Store::device_list(AccountRow row)
{
    Bytes out;
    read(
        "SELECT device_list FROM accounts WHERE id = ?1",
        [&](const Row& s) {
            out = to_bytes(s.bytes(0));
            return false;
        },
        row);
    return out;
}

std::optional<StoredDevice> Store::device(const DeviceId& key)
{
    std::optional<StoredDevice> out;
    read(
        "SELECT id, account, key, client_version, platform, seen_ms FROM devices WHERE key = ?1",
        [&](const Row& s) {
            out = device_from(s);
            if (!out) note(Error{ErrorCode::storage_corrupt, damaged, 0});
            return false;
        },
        key);
    return out;
}

std::vector<StoredDevice> Store::devices(AccountRow account)
{
    std::vector<StoredDevice> out;
    read(
        "SELECT id, account, key, client_version, platform, seen_ms FROM devices WHERE account = ?1 ORDER BY id",
        [&](const Row& s) {
            auto device = device_from(s);
            if (device)
                out.push_back(*std::move(device));
            else
                note(Error{ErrorCode::storage_corrupt, damaged, 0});
            return out.size() < wire::devices_per_account_max;
        },
        account);
    return out;
}

AccountRow Store::owner(DeviceRow row)
{
    return read_integer("SELECT account FROM devices WHERE id = ?1", row).value_or(0);
}

DeviceRow Store::add_device(const StoredDevice& device, WallMs now_ms)
{
    write("INSERT INTO devices(account, key, client_version, platform, created_ms, seen_ms)"
          " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
          device.account, device.key, device.client_version, device.platform, now_ms, device.seen_ms);
    return inserted();
}

void Store::update_device(const StoredDevice& device)
{
    write("UPDATE devices SET client_version = ?2, platform = ?3, seen_ms = ?4 WHERE id = ?1", device.row,
          device.client_version, device.platform, device.seen_ms);
}

void Store::remove_device(DeviceRow row)
{
    std::vector<std::uint64_t> sequences;
    read(
        "SELECT sequence FROM mailbox WHERE device = ?1",
        [&](const Row& s) {
            sequences.push_back(static_cast<std::uint64_t>(s.integer(0)));
            return true;
        },
        row);
    for (const auto sequence : sequences)
        remove_mail(row, sequence);
    write("DELETE FROM key_packages WHERE device = ?1", row);
    write("DELETE FROM last_resorts WHERE device = ?1", row);
    write("DELETE FROM notice_cursors WHERE device = ?1", row);
    write("DELETE FROM devices WHERE id = ?1", row);
}

void Store::remember_removed(AccountRow account, const DeviceId& key)
{
    write("INSERT OR REPLACE INTO removed_devices(account, key) VALUES(?1, ?2)", account, key);
    write("DELETE FROM removed_devices WHERE account = ?1 AND id <= (SELECT id FROM removed_devices WHERE account = ?1"
          " ORDER BY id DESC LIMIT 1 OFFSET ?2)",
          account, static_cast<std::int64_t>(removed_devices_max));
}

bool Store::was_removed(AccountRow account, const DeviceId& key)
{
    return read_integer("SELECT 1 FROM removed_devices WHERE account = ?1 AND key = ?2", account, key).has_value();
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// Who we are, whom we know, and small named values.
#include "lib/store/store.hpp"

namespace godwit::store {

std::optional<port::StoredIdentity> SqliteStore::identity()
{
    std::optional<port::StoredIdentity> out;
    read("SELECT relay, user, account_key, account_seed, device, device_seed, certificate, device_list, logged_in "
         "FROM identity",
         [&](sqlite::Statement& row) {
             const auto account_key = row.fixed<PublicKey>(2);
             const auto device = row.fixed<DeviceId>(4);
             if (!account_key || !device) {
                 fail_row("identity");
                 return false;
             }
             out = port::StoredIdentity{std::string(row.text(0)),
                                        std::string(row.text(1)),
                                        *account_key,
                                        to_bytes(row.bytes(3)),
                                        *device,
                                        to_bytes(row.bytes(5)),
                                        to_bytes(row.bytes(6)),
                                        to_bytes(row.bytes(7)),
                                        row.integer(8) != 0};
             return true;
         });
    return out;
}

void SqliteStore::put_identity(const port::StoredIdentity& identity)
{
    write("REPLACE INTO identity(one, relay, user, account_key, account_seed, device, device_seed, certificate, "
          "device_list, logged_in) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
          identity.relay, identity.user, identity.account_key, identity.account_seed, identity.device,
          identity.device_seed, identity.certificate, identity.device_list, identity.logged_in);
}

void SqliteStore::clear_identity()
{
    write("DELETE FROM identity");
}

std::optional<Bytes> SqliteStore::value(std::string_view name)
{
    if (failed()) return std::nullopt;
    const std::string key(name);
    if (no_values_.find(key) != nullptr) return std::nullopt;
    std::optional<Bytes> out;
    const bool asked = read(
        "SELECT value FROM value WHERE name = ?1",
        [&](sqlite::Statement& row) {
            out = to_bytes(row.bytes(0));
            return false;
        },
        name);
    if (out || !asked) return out;
    if (no_values_.full(key)) no_values_.clear();
    no_values_.keep(key, true);
    return out;
}

void SqliteStore::put_value(std::string_view name, BytesView value)
{
    if (name.size() > value_name_bytes_max || value.size() > value_bytes_max)
        return fail({ErrorCode::invalid_argument, "a named value takes 256 bytes of name and 1 MiB of value"});
    no_values_.forget(std::string(name));
    write("INSERT INTO value(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value", name,
          value);
}

void SqliteStore::remove_value(std::string_view name)
{
    no_values_.forget(std::string(name));
    write("DELETE FROM value WHERE name = ?1", name);
}

void SqliteStore::wipe_value(std::string_view name)
{
    remove_value(name);
    wipe_ = true;
}

std::vector<port::StoredContact> SqliteStore::contacts()
{
    std::vector<port::StoredContact> out;
    read("SELECT user, state, account_key, shown_account_key, device_list, verified FROM contact ORDER BY user",
         [&](sqlite::Statement& row) {
             const auto account_key = row.fixed<PublicKey>(2);
             const auto shown = row.fixed<PublicKey>(3);
             const auto state = row.integer(1);
             if (!account_key || !shown || state < 1 || state > 4) {
                 fail_row("contact");
                 return false;
             }
             out.push_back({std::string(row.text(0)), static_cast<ContactState>(state), *account_key, *shown,
                            to_bytes(row.bytes(4)), row.integer(5) != 0});
             return true;
         });
    if (failed()) out.clear();
    return out;
}

void SqliteStore::put_contact(const port::StoredContact& contact)
{
    write("REPLACE INTO contact(user, state, account_key, shown_account_key, device_list, verified) "
          "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
          contact.user, contact.state, contact.account_key, contact.shown_account_key, contact.device_list,
          contact.verified);
}

void SqliteStore::remove_contact(std::string_view user)
{
    write("DELETE FROM contact WHERE user = ?1", user);
}

} // namespace godwit::store

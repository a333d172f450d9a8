// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/home.hpp"

#include "relay/daemon/identity_file.hpp"

#include "lib/sqlite/file_swap.hpp"

#include <sys/stat.h>

namespace godwit::relay {
namespace {

bool has_bytes(const std::string& path)
{
    struct stat about{};
    return ::stat(path.c_str(), &about) == 0 && about.st_size > 0;
}

/// What to do about a database that is damaged.
Error damaged(const Options& options, const std::string& database, const Error& why)
{
    if (why.code != ErrorCode::storage_corrupt) return Error{why.code, database + ": " + why.detail, 0};
    return Error{why.code,
                 database + " is damaged (" + why.detail +
                     "): restore it from a copy, or save what is undamaged with `godwit-relay "
                     "repair --data " +
                     options.data + "`; `godwit-relay check --data " + options.data + "` says more",
                 0};
}

Error lost(std::string what)
{
    return {ErrorCode::storage_failed, std::move(what), 0};
}

} // namespace

Result<Home> open_home(const Options& options, port::Entropy& entropy)
{
    const auto key = options.data + "/" + identity_file_name;
    const auto database = options.data + "/" + database_file_name;
    if (auto settled = sqlite::settle_swap(database); !settled.ok()) return settled.error();
    auto seed = read_identity(options.data);
    if (!seed.ok()) return seed.error();
    const bool has_key = seed->has_value();
    const bool has_database = has_bytes(database) || has_bytes(database + "-wal");
    if (has_key && options.new_key)
        return Error{ErrorCode::invalid_argument, key + " is there: start without --new-key", 0};
    if (has_database && options.new_database)
        return Error{ErrorCode::invalid_argument, database + " is there: start without --new-database", 0};
    if (has_key && !has_bytes(database) && has_bytes(database + "-wal"))
        return lost(database +
                    " is missing or empty, and its log is there: restore the database from a copy; or move " +
                    database +
                    "-wal away and start once with --new-database, and this relay has its address, and no account, "
                    "contact or message");
    if (has_key && !has_database && !options.new_database)
        return lost(
            database + " is missing or empty, and " + key +
            " is there: restore the database from a copy; or start once with --new-database, and this relay has "
            "its address, and no account, contact or message");

    auto store = Store::open(database);
    if (!store.ok()) return damaged(options, database, store.error());
    if (const auto sound = store->look_over(); !sound.ok()) return damaged(options, database, sound.error());
    if (has_key) return Home{std::move(**seed), *std::move(store)};
    if (store->has_accounts() && !options.new_key)
        return lost(
            key + " is missing, and " + database +
            " has accounts: restore the key from a copy; or start once with --new-key, and every client has to be "
            "given the new address");
    if (store->failed()) return Error{ErrorCode::storage_failed, database + " cannot be read: is its disk well?", 0};
    auto fresh = create_identity(options.data, entropy);
    if (!fresh.ok()) return fresh.error();
    return Home{*std::move(fresh), *std::move(store)};
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// Opening, and the transaction of a tick.
#include "lib/store/store.hpp"

#include "lib/base/check.hpp"
#include "lib/store/schema.hpp"

namespace godwit::store {

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const StoreOptions& options)
{
    if (options.key == nullptr) return Error{ErrorCode::invalid_argument, "the store needs a key or a passphrase"};
    sqlite::OpenOptions below;
    below.path = options.path;
    below.key = options.key;
    below.schema = schema();
    below.on_wal_tail = options.on_wal_tail;
    below.cache_kib_max = options.cache_kib_max;
    below.vfs_name = options.vfs_name;
    auto database = sqlite::Database::open(below);
    if (!database) return database.error();
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database)));
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open_in_memory()
{
    auto database = sqlite::Database::open_in_memory(schema());
    if (!database) return database.error();
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database)));
}

void SqliteStore::begin()
{
    GODWIT_ASSERT(!in_transaction_);
    in_transaction_ = true;
    dirty_ = false;
}

Result<void> SqliteStore::commit()
{
    GODWIT_ASSERT(in_transaction_);
    if (error_) return *error_;
    write_remembered();
    if (error_) return *error_;
    if (sqlite_transaction_) {
        if (auto done = database_.commit(); !done) {
            fail(done.error());
            return done;
        }
        // The log has the pages as they were. Folding it does not undo the commit when it fails; the next one tries
        // again.
        if (wipe_) wipe_ = !database_.checkpoint().ok();
    }
    in_transaction_ = sqlite_transaction_ = dirty_ = false;
    return {};
}

void SqliteStore::rollback()
{
    database_.rollback();
    in_transaction_ = sqlite_transaction_ = dirty_ = false;
    forget_remembered();
    index_.forget();
    error_.reset();
}

void SqliteStore::write_remembered()
{
    if (failed() || !sqlite_transaction_) return; // without one nothing was written
    heads_.each_unwritten([this](const auto& conversation, const auto& heads) { write_heads(conversation, heads); });
    conversations_.each_unwritten([this](const auto&, const auto& row) { write_conversation(*row); });
}

void SqliteStore::forget_remembered()
{
    heads_.clear();
    conversations_.clear();
    senders_.clear();
    notes_.clear();
    no_values_.clear();
}

void SqliteStore::fail(Error error)
{
    if (!error_) error_ = std::move(error);
}

void SqliteStore::fail_row(std::string_view table)
{
    fail({ErrorCode::storage_corrupt,
          "a row of the store makes no sense (" + std::string(table) + "): restore the store from a backup"});
}

bool SqliteStore::ready_to_write()
{
    GODWIT_ASSERT(in_transaction_);
    if (failed()) return false;
    if (sqlite_transaction_) return true;
    if (auto begun = database_.begin(); !begun) {
        fail(begun.error());
        return false;
    }
    sqlite_transaction_ = true;
    return true;
}

} // namespace godwit::store

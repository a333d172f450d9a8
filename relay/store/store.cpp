// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"
#include "relay/store/rescue.hpp"
#include "relay/store/schema.hpp"

#include "lib/sqlite/layout.hpp"

namespace godwit::relay {
Result<Store> Store::open(const std::string& path, const char* vfs_name)
{
    sqlite::OpenOptions options;
    options.path = path;
    options.schema = schema();
    options.cache_kib_max = 16 * 1024; // a server: the index pages of many mailboxes
    options.vfs_name = vfs_name;
    auto database = sqlite::Database::open(options);
    if (!database) return database.error();
    return Store(*std::move(database));
}

Result<Store> Store::open_in_memory()
{
    auto database = sqlite::Database::open_in_memory(schema());
    if (!database) return database.error();
    return Store(*std::move(database));
}

Result<void> Store::alive()
{
    auto statement = database_.prepare("SELECT 1");
    if (!statement) return statement.error();
    return statement->run();
}

Result<void> Store::look_over()
{
    const auto judge = [&](std::string_view table) -> Result<void> {
        auto found = database_.quick_findings(table, 1);
        if (!found) return found.error();
        if (found->empty()) return {};
        return Error{ErrorCode::storage_corrupt, std::move(found->front()), 0};
    };
    auto pages = database_.page_count();
    if (!pages) return pages.error();
    if (*pages * sqlite::page_bytes <= look_over_bytes_max) return judge({});
    for (const sqlite::Table& table : catalogue().tables)
        if (std::string_view(table.name) != "envelopes")
            if (auto sound = judge(table.name); !sound) return sound;
    return {};
}

Result<void> Store::skip_numbers()
{
    // Far more than between two copies.
    if (auto begun = database_.begin(); !begun) return begun;
    auto done = database_.execute("UPDATE devices SET sequence_floor = sequence_floor + 1000000");
    if (done) // a copy from before the first notice has no row for them yet
        done = database_.execute("INSERT INTO sqlite_sequence (name, seq) SELECT 'notices', 0 WHERE NOT EXISTS "
                                 "(SELECT 1 FROM sqlite_sequence WHERE name = 'notices')");
    if (done) done = database_.execute("UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'notices'");
    if (!done) {
        database_.rollback();
        return done;
    }
    if (auto committed = database_.commit(); !committed) return committed;
    return database_.checkpoint();
}

void Store::reclaim_log()
{
    if (!in_transaction_) (void)database_.checkpoint();
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/store/store.hpp"
#include "relay/store/rescue.hpp"
#include "relay/store/schema.hpp"

#include "relay/store/sqlite_backend.hpp"

#include "lib/sqlite/layout.hpp"

namespace godwit::relay {
namespace {

Error no_file()
{
    return {ErrorCode::internal, "this database is no file", 0};
}

} // namespace

Result<Store> Store::open(const std::string& path, const char* vfs_name)
{
    sqlite::OpenOptions options;
    options.path = path;
    options.schema = schema();
    options.cache_kib_max = 16 * 1024; // a server: the index pages of many mailboxes
    options.vfs_name = vfs_name;
    auto database = sqlite::Database::open(options);
    if (!database) return database.error();
    return on(*std::move(database));
}

Result<Store> Store::open_in_memory()
{
    auto database = sqlite::Database::open_in_memory(schema());
    if (!database) return database.error();
    return on(*std::move(database));
}

Store Store::on(sqlite::Database database)
{
    auto backend = std::make_unique<SqliteBackend>(std::move(database));
    auto& file = backend->file();
    return Store(std::move(backend), file);
}

Result<std::unique_ptr<sqlite::OnlineCopy>> Store::copy_to(const std::string& path)
{
    if (file_ == nullptr) return no_file();
    return sqlite::OnlineCopy::begin(*file_, path);
}

Result<void> Store::look_over()
{
    if (file_ == nullptr) return {};
    const auto judge = [&](std::string_view table) -> Result<void> {
        auto found = file_->quick_findings(table, 1);
        if (!found) return found.error();
        if (found->empty()) return {};
        return Error{ErrorCode::storage_corrupt, std::move(found->front()), 0};
    };
    auto pages = file_->page_count();
    if (!pages) return pages.error();
    if (*pages * sqlite::page_bytes <= look_over_bytes_max) return judge({});
    for (const sqlite::Table& table : catalogue().tables)
        if (std::string_view(table.name) != "envelopes")
            if (auto sound = judge(table.name); !sound) return sound;
    return {};
}

Result<void> Store::skip_numbers()
{
    if (file_ == nullptr) return no_file();
    // Far more than between two copies.
    if (auto begun = file_->begin(); !begun) return begun;
    auto done = file_->execute("UPDATE devices SET sequence_floor = sequence_floor + 1000000");
    if (done) // a copy from before the first notice has no row for them yet
        done = file_->execute("INSERT INTO sqlite_sequence (name, seq) SELECT 'notices', 0 WHERE NOT EXISTS "
                              "(SELECT 1 FROM sqlite_sequence WHERE name = 'notices')");
    if (done) done = file_->execute("UPDATE sqlite_sequence SET seq = seq + 1000000 WHERE name = 'notices'");
    if (!done) {
        file_->rollback();
        return done;
    }
    if (auto committed = file_->commit(); !committed) return committed;
    return file_->checkpoint();
}

} // namespace godwit::relay

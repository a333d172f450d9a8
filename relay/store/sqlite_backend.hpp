// SPDX-License-Identifier: Apache-2.0
// The relay's database as one file of SQLite (WAL, synchronous=FULL).
#pragma once

#include "lib/sqlite/database.hpp"
#include "relay/store/backend.hpp"

namespace godwit::relay {

class SqliteBackend final : public Backend {
public:
    explicit SqliteBackend(sqlite::Database database) : database_(std::move(database)) {}

    [[nodiscard]] Result<void> begin() override { return database_.begin(); }
    [[nodiscard]] Result<void> commit() override { return database_.commit(); }
    void rollback() noexcept override { database_.rollback(); }
    [[nodiscard]] Result<void> run(std::string_view sql, std::span<const Value> values) override;
    [[nodiscard]] Result<void> query(std::string_view sql, std::span<const Value> values, RowSink& sink) override;
    [[nodiscard]] std::int64_t changes() const noexcept override { return database_.changes(); }
    [[nodiscard]] std::int64_t inserted() const noexcept override { return database_.last_insert_rowid(); }
    [[nodiscard]] Result<void> alive() override;
    /// Folds the write-ahead log into the file: what a full disk needs most.
    void make_room() noexcept override { (void)database_.checkpoint(); }

    /// For what only a file has: copies, damage.
    [[nodiscard]] sqlite::Database& file() noexcept { return database_; }

private:
    sqlite::Database database_;
};

} // namespace godwit::relay

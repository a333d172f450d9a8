// SPDX-License-Identifier: Apache-2.0
// Private: what Database and its Statements share.
#pragma once

#include "lib/sqlite/crypt_vfs.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/sqlite/remains_view.hpp"
#include "lib/sqlite/statement_cache.hpp"

#include <memory>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace godwit::sqlite {

struct DatabaseCore {
    DatabaseCore() = default;
    DatabaseCore(const DatabaseCore&) = delete;
    DatabaseCore& operator=(const DatabaseCore&) = delete;
    ~DatabaseCore();

    /// nullopt for OK, ROW and DONE. Otherwise the best Error there is, and fail-stop after a sync failure.
    [[nodiscard]] std::optional<Error> judge(int rc);
    /// The Error of a connection that has fail-stopped.
    [[nodiscard]] std::optional<Error> stopped() const;
    [[nodiscard]] Result<void> execute(const std::string& sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    [[nodiscard]] Result<std::vector<std::string>> verdicts(std::string_view sql);
    void give_back(sqlite3_stmt* statement) noexcept;
    /// Folds the log when it is long and nothing is open. Its failure does not undo the commit before it.
    void checkpoint_if_due();
    [[nodiscard]] Result<void> checkpoint(int mode);

    std::unique_ptr<CryptVfs> vfs;           // dies after db
    std::unique_ptr<RemainsVfs> remains_vfs; // as vfs; only for open_remains
    sqlite3* db = nullptr;
    StatementCache statements;
    std::size_t statements_out = 0;
    int wal_frames = 0;
    int checkpoint_frames = wal_frames_before_checkpoint;
    bool fail_stopped = false;
};

struct Database::Impl {
    DatabaseCore core;
};

/// Refuses a newer or foreign file without touching it.
[[nodiscard]] Result<void> check_version(DatabaseCore& core, const Schema& schema);
/// Takes the steps that are missing.
[[nodiscard]] Result<void> migrate(DatabaseCore& core, const Schema& schema);
[[nodiscard]] Result<std::int64_t> read_integer(DatabaseCore& core, std::string_view sql);

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/database.hpp"

#include "lib/base/check.hpp"
#include "lib/sqlite/core.hpp"
#include "lib/sqlite/errors.hpp"

#include <algorithm>
#include <array>

namespace godwit::sqlite {
namespace {

// What hostile bytes in a file, or a slip in our SQL, may not do.
void set_limits(sqlite3* db)
{
    const std::pair<int, int> limits[] = {
        {SQLITE_LIMIT_LENGTH, value_bytes_max},
        {SQLITE_LIMIT_SQL_LENGTH, sql_bytes_max},
        {SQLITE_LIMIT_COLUMN, 100},
        {SQLITE_LIMIT_EXPR_DEPTH, 100},
        {SQLITE_LIMIT_COMPOUND_SELECT, 10},
        {SQLITE_LIMIT_FUNCTION_ARG, 16},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 100},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (const auto& [what, most] : limits)
        sqlite3_limit(db, what, most);
}

/// Settings of the connection that need no file access.
Result<void> harden(DatabaseCore& core)
{
    const std::pair<int, int> switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    for (const auto& [what, value] : switches)
        if (auto error = core.judge(sqlite3_db_config(core.db, what, value, nullptr))) return *std::move(error);
    set_limits(core.db);
    return {};
}

/// Runs `PRAGMA journal_mode = <mode>`, which answers with the mode that is.
Result<void> set_journal_mode(DatabaseCore& core, const std::string& mode)
{
    auto statement = core.prepare("PRAGMA journal_mode = " + mode);
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    if (!*row || statement->text(0) != mode)
        return Error{ErrorCode::storage_failed, "the store cannot use a write-ahead log on this file system: move it"};
    return statement->run(); // the switch commits after the answer: only the end of the statement tells whether it did
}

Result<void> set_up_connection(DatabaseCore& core, int cache_kib_max)
{
    if (auto done = harden(core); !done) return done;
    return core.execute("PRAGMA locking_mode = EXCLUSIVE;" // first: no -shm file, one process a store
                        "PRAGMA page_size = 4096;"
                        "PRAGMA auto_vacuum = NONE;"
                        "PRAGMA temp_store = MEMORY;" // nothing temporary touches the disk
                        "PRAGMA mmap_size = 0;"
                        "PRAGMA secure_delete = ON;"
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA synchronous = FULL;"     // a commit returns after fsync
                        "PRAGMA wal_autocheckpoint = 0;" // ours tells when it fails: checkpoint_if_due
                        "PRAGMA cache_size = -" +
                        std::to_string(cache_kib_max) + ";");
}

/// Until the file has been judged ours and not too new, closing must not fold its log into it, nor delete the log.
/// Where there is none, closing may remove the empty one that reading creates.
Result<void> keep_log_on_close(DatabaseCore& core, sqlite3_vfs& base)
{
    int there = 0;
    const char* const log = sqlite3_filename_wal(sqlite3_db_filename(core.db, "main"));
    if (auto error = core.judge(base.xAccess(&base, log, SQLITE_ACCESS_EXISTS, &there))) return *std::move(error);
    sqlite3_db_config(core.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, there, nullptr);
    return {};
}

/// An encrypted store opened without a key is a slip of the caller, not a damaged file.
Result<void> refuse_encrypted(DatabaseCore& core)
{
    sqlite3_file* file = nullptr;
    std::array<std::uint8_t, superblock_magic.size()> start{};
    if (sqlite3_file_control(core.db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file == nullptr ||
        file->pMethods->xRead(file, start.data(), static_cast<int>(start.size()), 0) != SQLITE_OK)
        return {}; // empty or short: for SQLite to judge
    if (as_text(start) == superblock_magic)
        return Error{ErrorCode::wrong_key, "this store is encrypted: open it with its key"};
    return {};
}

int on_wal_commit(void* context, sqlite3*, const char*, int frames)
{
    static_cast<DatabaseCore*>(context)->wal_frames = frames;
    return SQLITE_OK;
}

Result<void> open_file(DatabaseCore& core, const OpenOptions& options)
{
    sqlite3_vfs* const base = sqlite3_vfs_find(options.vfs_name);
    if (base == nullptr) return Error{ErrorCode::internal, "store: no such VFS"};
    core.checkpoint_frames = options.checkpoint_frames;
    const char* vfs_name = base->zName;
    if (options.key != nullptr) {
        core.vfs = std::make_unique<CryptVfs>(base, *options.key, options.on_wal_tail);
        vfs_name = core.vfs->name();
    }
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (auto error = core.judge(sqlite3_open_v2(options.path.c_str(), &core.db, flags, vfs_name)))
        return *std::move(error);
    if (sqlite3_db_readonly(core.db, "main") == 1)
        return Error{ErrorCode::storage_failed, "the store is read-only: make its file and directory writable"};
    if (auto done = keep_log_on_close(core, *base); !done) return done;
    if (core.vfs == nullptr) {
        if (auto done = refuse_encrypted(core); !done) return done;
    } else {
        int bytes = static_cast<int>(reserved_bytes);
        if (auto error = core.judge(sqlite3_file_control(core.db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes)))
            return *std::move(error);
    }
    if (auto done = set_up_connection(core, options.cache_kib_max); !done) return done;
    auto done = core.execute("PRAGMA journal_size_limit = " + std::to_string(wal_bytes_kept_max));
    if (!done) return done;

    const bool newborn = core.vfs != nullptr && core.vfs->newborn();
    if (newborn) // SQLite writes page 1 to switch to WAL, and would keep a rollback journal meanwhile
        if (done = set_journal_mode(core, "memory"); !done) return done;
    if (!newborn) // reads the schema, takes the lock, recovers the log; writes nothing
        if (done = check_version(core, options.schema); !done) return done;
    if (done = set_journal_mode(core, "wal"); !done) return done;
    if (newborn)
        if (done = core.vfs->mark_born(); !done) return done;
    sqlite3_wal_hook(core.db, on_wal_commit, &core);

    // What a crash left in the log goes to its place now, synced, so that every opening starts from a quiet file. A
    // full disk may refuse; then the log simply stays.
    if (auto folded = core.checkpoint(SQLITE_CHECKPOINT_TRUNCATE); !folded && core.fail_stopped) return folded;
    sqlite3_db_config(core.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    return migrate(core, options.schema);
}

} // namespace

DatabaseCore::~DatabaseCore()
{
    GODWIT_ASSERT(statements_out == 0);
    statements.clear();
    // Folding after a failed fsync could turn lost bytes into a "clean" file: the log stays for the next opening.
    if (fail_stopped) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    GODWIT_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

std::optional<Error> DatabaseCore::judge(int rc)
{
    auto trouble = vfs != nullptr ? vfs->take_trouble() : std::nullopt; // cleared by success, too
    if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE) return std::nullopt;
    if (is_sync_failure(rc)) fail_stopped = true;
    const int kind = rc & 255;
    if (trouble && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY)) return trouble;
    return to_error(rc, db);
}

std::optional<Error> DatabaseCore::stopped() const
{
    if (!fail_stopped) return std::nullopt;
    return Error{ErrorCode::storage_failed, "the disk failed to sync: check it, then open the store again"};
}

Result<void> DatabaseCore::execute(const std::string& sql)
{
    if (auto error = stopped()) return *std::move(error);
    if (auto error = judge(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr))) return *std::move(error);
    return {};
}

Result<Statement> DatabaseCore::prepare(std::string_view sql)
{
    if (auto error = stopped()) return *std::move(error);
    if (sqlite3_stmt* const kept = statements.take(sql)) {
        ++statements_out;
        return Statement(*this, kept);
    }
    sqlite3_stmt* compiled = nullptr;
    const char* rest = nullptr;
    if (sql.size() > static_cast<std::size_t>(sql_bytes_max)) return Error{ErrorCode::internal, "store: SQL too long"};
    const int rc =
        sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &compiled, &rest);
    if (auto error = judge(rc)) return *std::move(error);
    if (compiled == nullptr || rest != sql.data() + sql.size()) {
        sqlite3_finalize(compiled);
        return Error{ErrorCode::internal, "store: not exactly one statement: " + std::string(sql)};
    }
    ++statements_out;
    return Statement(*this, compiled);
}

void DatabaseCore::give_back(sqlite3_stmt* statement) noexcept
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    --statements_out;
    statements.give_back(statement);
    checkpoint_if_due();
}

void DatabaseCore::checkpoint_if_due()
{
    if (wal_frames < checkpoint_frames || statements_out > 0 || fail_stopped) return;
    if (sqlite3_get_autocommit(db) == 0) return;
    (void)checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

Result<void> DatabaseCore::checkpoint(int mode)
{
    if (auto error = stopped()) return *std::move(error);
    const int rc = sqlite3_wal_checkpoint_v2(db, "main", mode, nullptr, nullptr);
    wal_frames = 0; // done, or to be tried again after the next commit (which tells the number anew)
    if (auto error = judge(rc)) return *std::move(error);
    return {};
}

Result<Database> Database::open_remains(const Remains& remains, const Schema& schema)
{
    auto impl = std::make_unique<Impl>();
    impl->core.remains_vfs = std::make_unique<RemainsVfs>(remains);
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int rc = sqlite3_open_v2("remains", &impl->core.db, flags, impl->core.remains_vfs->name());
    if (auto error = impl->core.judge(rc)) return *std::move(error);
    auto done = harden(impl->core);
    if (done)
        done = impl->core.execute("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;");
    if (done) done = check_version(impl->core, schema);
    if (!done) return done.error();
    return Database(std::move(impl));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const OpenOptions& options)
{
    auto impl = std::make_unique<Impl>();
    if (auto done = open_file(impl->core, options); !done) return done.error();
    return Database(std::move(impl));
}

Result<Database> Database::open_in_memory(const Schema& schema)
{
    auto impl = std::make_unique<Impl>();
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (auto error = impl->core.judge(sqlite3_open_v2(":memory:", &impl->core.db, flags, nullptr)))
        return *std::move(error);
    auto done = set_up_connection(impl->core, 2048);
    if (done) done = migrate(impl->core, schema);
    if (!done) return done.error();
    return Database(std::move(impl));
}

Result<void> Database::execute(std::string_view sql)
{
    auto done = impl_->core.execute(std::string(sql));
    if (done) impl_->core.checkpoint_if_due();
    return done;
}

Result<Statement> Database::prepare(std::string_view sql)
{
    return impl_->core.prepare(sql);
}

Result<void> Database::begin()
{
    // IMMEDIATE: the write lock now, so that no later statement of the transaction can meet a busy error.
    return run("BEGIN IMMEDIATE");
}

Result<void> Database::commit()
{
    auto done = run("COMMIT");
    if (!done) rollback();
    return done;
}

void Database::rollback() noexcept
{
    if (in_transaction()) sqlite3_exec(impl_->core.db, "ROLLBACK", nullptr, nullptr, nullptr);
}

bool Database::in_transaction() const noexcept
{
    return sqlite3_get_autocommit(impl_->core.db) == 0;
}
void Database::release_memory() noexcept
{
    sqlite3_db_release_memory(impl_->core.db);
}
std::int64_t Database::changes() const noexcept
{
    return sqlite3_changes64(impl_->core.db);
}
std::int64_t Database::last_insert_rowid() const noexcept
{
    return sqlite3_last_insert_rowid(impl_->core.db);
}
Result<std::int64_t> Database::user_version()
{
    return read_integer(impl_->core, "PRAGMA user_version");
}
Result<void> Database::checkpoint()
{
    return impl_->core.checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

Result<void> Database::vacuum()
{
    auto* const db = impl_->core.db;
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1); // VACUUM attaches its copy, which lives in memory
    auto done = execute("VACUUM");
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    return done;
}

Result<void> Database::check()
{
    auto statement = prepare("PRAGMA integrity_check(1)");
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    if (!*row || statement->text(0) != "ok")
        return damaged_store("the store is damaged: " + std::string(*row ? statement->text(0) : "no verdict"));
    return {};
}

Result<std::vector<std::string>> Database::findings(int most)
{
    return impl_->core.verdicts("PRAGMA integrity_check(" + std::to_string(most) + ")");
}

Result<std::vector<std::string>> Database::quick_findings(std::string_view table, int most)
{
    const std::string what = table.empty() ? std::to_string(most) : "'" + std::string(table) + "'";
    return impl_->core.verdicts("PRAGMA quick_check(" + what + ")");
}

Result<std::uint64_t> Database::page_count()
{
    auto out = read_integer(impl_->core, "PRAGMA page_count");
    if (!out) return out.error();
    return static_cast<std::uint64_t>(*out);
}

/// Of a check: what it finds, a line each, nothing when all is well. SQLite puts all of a tree into one answer, under a
/// heading.
Result<std::vector<std::string>> DatabaseCore::verdicts(std::string_view sql)
{
    auto statement = prepare(sql);
    if (!statement) return statement.error();
    std::vector<std::string> out;
    for (;;) {
        auto row = statement->step();
        if (!row) return row.error();
        if (!*row) break;
        std::string_view rest = statement->text(0);
        while (!rest.empty()) {
            const auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            if (line != "ok" && !line.empty() && !line.starts_with("*** ")) out.emplace_back(line);
        }
    }
    return out;
}

Result<void> Database::rekey(const Key& key)
{
    if (impl_->core.vfs == nullptr) return Error{ErrorCode::unsupported, "this store is not encrypted"};
    if (auto error = impl_->core.stopped()) return *std::move(error);
    auto done = impl_->core.vfs->rekey(key);
    if (impl_->core.vfs->sync_failed()) impl_->core.fail_stopped = true;
    return done;
}

} // namespace godwit::sqlite

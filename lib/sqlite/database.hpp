// SPDX-License-Identifier: Apache-2.0
// sqlite: the one room that knows SQLite. A thin, typed, bounded face over it, with errors as Results, and an
// encrypting VFS beneath it (layout.hpp shows the files, docs/adr/0003-encrypted-store.md says why).
//
//   open (lock -> key -> version -> recover -> migrate) -> begin -> prepare, bind, step ... -> commit | rollback ->
//   close
//
// A Database belongs to one thread at a time and to one process: whoever opens a second time gets storage_in_use.
// After a failed fsync it fails for good (every call says storage_failed) until it is opened again: what the disk
// says after that cannot be trusted, and nothing may be acknowledged on it.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/sqlite/key.hpp"
#include "lib/sqlite/statement.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace godwit::sqlite {

/// Largest single value, in bytes: a frame (port::frame_bytes_max) many times over; a forged row cannot ask for more.
inline constexpr int value_bytes_max = 16 * 1024 * 1024;
/// Longest SQL text, in bytes: ours is written by hand.
inline constexpr int sql_bytes_max = 64 * 1024;
/// Prepared statements kept for reuse; the least recently used one leaves.
inline constexpr std::size_t statements_kept_max = 128;
/// The write-ahead log is folded into the main file when it has grown to this many frames (4 MiB) ...
inline constexpr int wal_frames_before_checkpoint = 1000;
/// ... and cut back to this many bytes when a large transaction had made it longer.
inline constexpr std::int64_t wal_bytes_kept_max = 8 * 1024 * 1024;

/// What opening found behind the last commit in the write-ahead log: a transaction that was never acknowledged, cut off
/// by a crash (normal), or the last acknowledged one destroyed (rare, and not to be told apart). It is discarded.
struct WalTail {
    std::uint64_t frames_kept = 0;       ///< Up to and with the last commit.
    std::uint64_t frames_unfinished = 0; ///< Authentic, without a commit.
    std::uint64_t frames_damaged = 0;    ///< Not authentic, or cut short.
};

/// One step of a schema's history. Steps are append-only: never edit one that was released.
struct Migration {
    const char* sql = nullptr; ///< Any number of statements.
};

/// What a file holds and how it got there. user_version counts the steps taken.
struct Schema {
    std::uint32_t application_id = 0; ///< Four characters; guards against opening another program's database.
    std::span<const Migration> steps;
};

struct OpenOptions {
    std::string path;
    /// Encrypts and authenticates every byte of content on disk. nullptr: plain SQLite. Not kept after open().
    const Key* key = nullptr;
    /// A newer file is refused untouched; an older one is migrated, each step in its own transaction.
    Schema schema;
    /// Told during open(), at most once. Encrypted databases only.
    std::function<void(const WalTail&)> on_wal_tail;
    /// Page cache, in KiB.
    int cache_kib_max = 2048;
    /// Frames in the log at which a commit folds it. Tests make it small.
    int checkpoint_frames = wal_frames_before_checkpoint;
    /// Name of the SQLite VFS below (tests: FaultDisk::name()); nullptr: the system's.
    const char* vfs_name = nullptr;
};

class Remains;

class Database {
public:
    /// Creates the file when there is none (its directory must exist). Errors: storage_in_use; wrong_key and
    /// storage_too_new (files untouched); storage_corrupt; storage_failed (the detail says what to do).
    [[nodiscard]] static Result<Database> open(const OpenOptions& options);
    /// A private database in memory, gone when closed: for tests and simulations.
    [[nodiscard]] static Result<Database> open_in_memory(const Schema& schema);
    /// For reading what is left (remains.hpp, which must outlive it); nothing can be written. A statement that needs a
    /// lost page fails with storage_corrupt. Errors: storage_too_new, storage_corrupt (not even the schema reads).
    [[nodiscard]] static Result<Database> open_remains(const Remains& remains, const Schema& schema);

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    /// Rolls back an open transaction. Precondition: no Statement is out.
    ~Database();

    /// Runs statements without parameters and rows.
    [[nodiscard]] Result<void> execute(std::string_view sql);
    /// A statement from the cache, or compiled now. One SQL statement. It returns to the cache when destroyed.
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// prepare, bind and run in one call, for statements without rows.
    template <class... Values>
    [[nodiscard]] Result<void> run(std::string_view sql, const Values&... values)
    {
        auto statement = prepare(sql);
        if (!statement) return statement.error();
        statement->borrow(values...); // they outlive this call, and the statement does not
        return statement->run();
    }

    /// begin: `internal` when a transaction is open. commit: durable when it returns ok; otherwise nothing of the
    /// transaction remains. rollback: never fails; no transaction, no effect.
    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> commit();
    void rollback() noexcept;
    [[nodiscard]] bool in_transaction() const noexcept;

    /// Rows changed by the last insert, update or delete.
    [[nodiscard]] std::int64_t changes() const noexcept;
    [[nodiscard]] std::int64_t last_insert_rowid() const noexcept;
    /// Gives back what is kept of pages that nobody is reading; they are read again when they are needed.
    void release_memory() noexcept;
    /// The schema step of the file.
    [[nodiscard]] Result<std::int64_t> user_version();

    /// Folds the write-ahead log into the main file now. Precondition: no transaction.
    [[nodiscard]] Result<void> checkpoint();
    /// Rewrites the file without its free pages. Needs memory of about the file's size: nothing temporary touches the
    /// disk.
    [[nodiscard]] Result<void> vacuum();
    /// Reads and authenticates every page and checks every index. storage_corrupt with SQLite's first finding.
    [[nodiscard]] Result<void> check();
    /// The same, all that is found, at most `most` findings; empty: sound.
    [[nodiscard]] Result<std::vector<std::string>> findings(int most);
    /// Like findings(), without comparing indexes with their tables: as fast as reading. `table`: only that one and its
    /// indexes; empty: all.
    [[nodiscard]] Result<std::vector<std::string>> quick_findings(std::string_view table, int most);
    [[nodiscard]] Result<std::uint64_t> page_count();
    /// From now on `key` opens the file, and the old one does not. Crash-safe: a crash leaves a file that the old or
    /// the new key (or both, until the next opening) opens. The pages keep their data key: see the ADR.
    [[nodiscard]] Result<void> rekey(const Key& key);

    struct Impl;

private:
    friend class OnlineCopy;
    explicit Database(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Rolls back at the end of its scope unless committed.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database)
    {
        if (auto begun = database.begin(); !begun) return begun.error();
        return Transaction(database);
    }
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction()
    {
        if (database_ != nullptr) database_->rollback();
    }
    [[nodiscard]] Result<void> commit() { return std::exchange(database_, nullptr)->commit(); }

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

} // namespace godwit::sqlite

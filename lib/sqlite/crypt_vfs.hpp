// SPDX-License-Identifier: Apache-2.0
// "godwit-crypt": the SQLite VFS through which nothing leaves in plaintext. One instance for each open database, each
// with its own key, so there is no shared state to guard. It knows two files, <name> and <name>-wal; every other file
// that SQLite might want (rollback journal, temporary, sorter) is refused: those live in memory.
#pragma once

#include "lib/sqlite/crypt_file.hpp"
#include "lib/sqlite/sealer.hpp"
#include "lib/sqlite/superblock.hpp"

#include <functional>
#include <optional>
#include <sqlite3.h>
#include <string>

namespace godwit::sqlite {

class MainFile;

/// See OpenOptions::on_wal_tail.
struct WalTail;

class CryptVfs {
public:
    /// `base`: name of the VFS below, nullptr for the system's. `key` is used when SQLite opens the main file, and
    /// must live until then.
    CryptVfs(sqlite3_vfs* base, const Key& key, std::function<void(const WalTail&)> on_wal_tail);
    ~CryptVfs();
    CryptVfs(const CryptVfs&) = delete;
    CryptVfs& operator=(const CryptVfs&) = delete;

    /// The name for sqlite3_open_v2.
    [[nodiscard]] const char* name() const noexcept { return name_.c_str(); }
    /// True when the main file was created by this opening (or its creation was cut short before).
    [[nodiscard]] bool newborn() const noexcept;
    /// The first page is durable: from now on a missing page is damage.
    [[nodiscard]] Result<void> mark_born();
    [[nodiscard]] Result<void> rekey(const Key& key);

    [[nodiscard]] bool sync_failed() const noexcept;

    /// The precise reason behind the last failing result code that we gave SQLite; cleared by the call.
    [[nodiscard]] std::optional<Error> take_trouble();

    // For the files.
    void report(Error error);
    void report_tail(const WalTail& tail);
    [[nodiscard]] sqlite3_vfs* base() const noexcept { return base_; }

private:
    int open(const char* name, sqlite3_file* file, int flags, int* out_flags);
    int access(const char* name, int flags, int* out);

    static int on_open(sqlite3_vfs*, const char*, sqlite3_file*, int, int*);
    static int on_close(sqlite3_file*);

    sqlite3_vfs* base_;
    const Key* key_;
    std::function<void(const WalTail&)> on_wal_tail_;
    std::string name_;
    sqlite3_vfs vfs_{};
    MainFile* main_ = nullptr; // owned by SQLite's file object, which dies before us
    std::optional<Error> trouble_;
};

} // namespace godwit::sqlite

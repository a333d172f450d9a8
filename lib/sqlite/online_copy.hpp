// SPDX-License-Identifier: Apache-2.0
// A copy of a database that goes on being used: SQLite's online backup, some pages at a time, between its transactions.
//
//   begin -> step, step, … -> whole: one file without a log; not synced, so that no step waits for a disk
//
// What the database is told meanwhile goes into the copy as well: when it is whole, it is the database of that moment.
// Only of a database that is not encrypted: pages would leave in plaintext.
#pragma once

#include "lib/sqlite/database.hpp"

namespace godwit::sqlite {

class OnlineCopy {
public:
    /// Writes to `path`, where no file is. `database` outlives it, and is not vacuumed meanwhile. Errors: unsupported
    /// (encrypted), storage_failed (full, read-only, there already).
    [[nodiscard]] static Result<std::unique_ptr<OnlineCopy>> begin(Database& database, const std::string& path);
    /// Not whole: the file is removed.
    ~OnlineCopy();
    OnlineCopy(const OnlineCopy&) = delete;
    OnlineCopy& operator=(const OnlineCopy&) = delete;

    /// Copies up to `pages` more. True: it is whole, and this object has nothing more to do. Inside a
    /// transaction nothing is copied. Errors: storage_failed (of the copy: the database is as it was).
    [[nodiscard]] Result<bool> step(int pages);
    /// As of the last step; both 0 before the first.
    [[nodiscard]] std::uint64_t pages_left() const noexcept { return pages_left_; }
    [[nodiscard]] std::uint64_t pages_total() const noexcept { return pages_total_; }

    struct Impl;

private:
    explicit OnlineCopy(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
    std::uint64_t pages_left_ = 0;
    std::uint64_t pages_total_ = 0;
};

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// Private to lib/assembly: how a repaired store takes the place of the damaged one, whenever the process dies.
//
//   godwit.db.repair        being written; worth nothing: removed by the next repair
//   godwit.db.repaired-N    whole and durable: from this rename on the repair has happened, and whoever opens the home
//   next
//                           finishes it
//   godwit.db.damaged-N     the damaged store (and godwit.db.damaged-N-wal)
//
//   write .repair -> rename to .repaired-N -> godwit.db to .damaged-N -> its log likewise -> .repaired-N to godwit.db
#pragma once

#include <godwit/result.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace godwit::assembly {

/// Damaged stores that are kept, in files: each may be as large as the store.
inline constexpr int damaged_kept_max = 9;

/// Keeps other openers of this home from a swap that is under way. Released when destroyed.
class SwapLock {
public:
    /// storage_in_use when another process repairs this home.
    [[nodiscard]] static Result<SwapLock> take(const std::filesystem::path& folder);
    SwapLock(SwapLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    SwapLock& operator=(SwapLock&&) = delete;
    ~SwapLock();

private:
    explicit SwapLock(int fd) : fd_(fd) {}
    int fd_;
};

[[nodiscard]] std::filesystem::path repair_path(const std::filesystem::path& database);
/// The number of the store that waits to take its place; nullopt: none.
[[nodiscard]] std::optional<int> swap_pending(const std::filesystem::path& database);
[[nodiscard]] std::filesystem::path repaired_path(const std::filesystem::path& database, int number);
[[nodiscard]] std::filesystem::path damaged_path(const std::filesystem::path& database, int number);
/// storage_failed when damaged_kept_max are there.
[[nodiscard]] Result<int> free_number(const std::filesystem::path& database);
/// From .repair to .repaired-N: the step that cannot be half.
[[nodiscard]] Result<void> begin_swap(const std::filesystem::path& database, int number);
/// The rest; may be repeated. Precondition: a SwapLock.
[[nodiscard]] Result<void> finish_swap(const std::filesystem::path& database, int number);
/// For everybody who opens a home: finishes what a dead repair has begun.
[[nodiscard]] Result<void> settle_swap(const std::filesystem::path& database);
/// What an earlier repair did not finish writing.
void remove_unfinished(const std::filesystem::path& database);

} // namespace godwit::assembly

// SPDX-License-Identifier: Apache-2.0
// How a repaired store takes the place of the damaged one, whenever the process dies. NAME is godwit.db, or relay.db.
//
//   NAME.repair        being written; worth nothing: removed by the next repair
//   NAME.repaired-N    whole and durable: from this rename on the repair has happened, and whoever opens the store next
//                      finishes it
//   NAME.damaged-N     the damaged store (and NAME.damaged-N-wal)
//
//   write .repair -> rename to .repaired-N -> NAME to .damaged-N -> its log likewise -> .repaired-N to NAME
#pragma once

#include <godwit/result.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace godwit::sqlite {

/// Damaged stores that are kept, in files: each may be as large as the store.
inline constexpr int damaged_kept_max = 9;

/// Keeps other openers of this store from a swap that is under way. Released when destroyed.
class SwapLock {
public:
    /// storage_in_use when another process repairs it.
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
/// For everybody who opens a store: finishes what a dead repair has begun.
[[nodiscard]] Result<void> settle_swap(const std::filesystem::path& database);
/// A repair: `make` writes the new store to the name that it is given, and it takes the place of the damaged one, whose
/// name from now on is returned. Errors: of `make`, and storage_failed; then the damaged store is as it was, or the
/// repair is finished by the next opening. Precondition: a SwapLock, and no swap is pending.
[[nodiscard]] Result<std::filesystem::path>
swap_in(const std::filesystem::path& database,
        const std::function<Result<void>(const std::filesystem::path& aside)>& make);
/// What an earlier repair did not finish writing.
void remove_unfinished(const std::filesystem::path& database);

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/file_swap.hpp"

#include "lib/sqlite/folder.hpp"

#include <system_error>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#endif

namespace godwit::sqlite {

namespace fs = std::filesystem;

namespace {

fs::path log_of(const fs::path& database)
{
    return database.string() + "-wal";
}

Result<void> move(const fs::path& from, const fs::path& to)
{
    std::error_code why;
    fs::rename(from, to, why);
    if (why) return cannot("rename", from, why);
    return {};
}

} // namespace

#if defined(_WIN32)
// Files that are open cannot be renamed there: the store's own lock is enough.
Result<SwapLock> SwapLock::take(const fs::path&)
{
    return SwapLock(-1);
}
SwapLock::~SwapLock() = default;
#else
Result<SwapLock> SwapLock::take(const fs::path& folder)
{
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cannot("open", folder, last_error());
    SwapLock out(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
        return Error{ErrorCode::storage_in_use, "another process repairs this store: wait until it is done", 0};
    return out;
}

SwapLock::~SwapLock()
{
    if (fd_ >= 0) ::close(fd_);
}
#endif

fs::path repair_path(const fs::path& database)
{
    return database.string() + ".repair";
}
fs::path repaired_path(const fs::path& database, int number)
{
    return database.string() + ".repaired-" + std::to_string(number);
}
fs::path damaged_path(const fs::path& database, int number)
{
    return database.string() + ".damaged-" + std::to_string(number);
}

std::optional<int> swap_pending(const fs::path& database)
{
    std::error_code ignored;
    for (int n = 1; n <= damaged_kept_max; ++n)
        if (fs::exists(repaired_path(database, n), ignored)) return n;
    return std::nullopt;
}

Result<int> free_number(const fs::path& database)
{
    std::error_code ignored;
    for (int n = 1; n <= damaged_kept_max; ++n)
        if (!fs::exists(damaged_path(database, n), ignored) && !fs::exists(log_of(damaged_path(database, n)), ignored))
            return n;
    return Error{ErrorCode::storage_failed,
                 std::to_string(damaged_kept_max) + " damaged stores are kept already (" + database.string() +
                     ".damaged-N): remove those that you do not need, then repeat",
                 0};
}

Result<void> begin_swap(const fs::path& database, int number)
{
    std::error_code ignored;
    fs::remove(log_of(repair_path(database)), ignored); // folded and empty, when closing could not remove it
    if (auto done = move(repair_path(database), repaired_path(database, number)); !done.ok()) return done;
    return sync_folder(database.parent_path());
}

Result<void> finish_swap(const fs::path& database, int number)
{
    const fs::path damaged = damaged_path(database, number);
    std::error_code ignored;
    if (fs::exists(database, ignored) && !fs::exists(damaged, ignored))
        if (auto done = move(database, damaged); !done.ok()) return done;
    if (fs::exists(log_of(database), ignored) && !fs::exists(log_of(damaged), ignored))
        if (auto done = move(log_of(database), log_of(damaged)); !done.ok()) return done;
    // A log beside the new store would be taken for its own.
    if (auto done = sync_folder(database.parent_path()); !done.ok()) return done;
    if (auto done = move(repaired_path(database, number), database); !done.ok()) return done;
    return sync_folder(database.parent_path());
}

Result<void> settle_swap(const fs::path& database)
{
    if (!swap_pending(database)) return {};
    auto lock = SwapLock::take(database.parent_path());
    if (!lock.ok()) return std::move(lock).error();
    const auto number = swap_pending(database); // somebody else may have been faster
    if (!number) return {};
    return finish_swap(database, *number);
}

Result<fs::path> swap_in(const fs::path& database, const std::function<Result<void>(const fs::path& aside)>& make)
{
    auto number = free_number(database);
    if (!number.ok()) return std::move(number).error();
    remove_unfinished(database);
    auto done = make(repair_path(database));
    if (done.ok()) done = begin_swap(database, *number);
    if (!done.ok()) {
        remove_unfinished(database);
        Error error = std::move(done).error();
        error.detail += " (the damaged store is as it was)";
        return error;
    }
    if (auto finished = finish_swap(database, *number); !finished.ok()) return std::move(finished).error();
    return damaged_path(database, *number);
}

void remove_unfinished(const fs::path& database)
{
    std::error_code ignored;
    fs::remove(repair_path(database), ignored);
    fs::remove(log_of(repair_path(database)), ignored);
}

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/online_copy.hpp"

#include "lib/sqlite/core.hpp"
#include "lib/sqlite/errors.hpp"
#include "lib/sqlite/folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace godwit::sqlite {

namespace fs = std::filesystem;

struct OnlineCopy::Impl {
    DatabaseCore* from = nullptr;
    std::string path;
    sqlite3* to = nullptr;
    sqlite3_backup* backup = nullptr;
    bool is_whole = false;

    ~Impl()
    {
        close();
        if (is_whole || path.empty()) return;
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    void close()
    {
        if (backup != nullptr) sqlite3_backup_finish(std::exchange(backup, nullptr));
        if (to != nullptr) sqlite3_close(std::exchange(to, nullptr));
    }
    [[nodiscard]] Error trouble(int rc) const
    {
        return Error{ErrorCode::storage_failed, "cannot write " + path + ": " + to_error(rc, to).detail, 0};
    }
};

OnlineCopy::OnlineCopy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OnlineCopy::~OnlineCopy() = default;

Result<std::unique_ptr<OnlineCopy>> OnlineCopy::begin(Database& database, const std::string& path)
{
    auto& from = database.impl_->core;
    if (from.vfs != nullptr)
        return Error{ErrorCode::unsupported,
                     "an encrypted store is not copied page by page: its pages would leave in plaintext", 0};
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return cannot("make", path, last_error());
    ::close(fd);
    auto impl = std::make_unique<Impl>();
    impl->from = &from;
    impl->path = path;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (const int rc = sqlite3_open_v2(path.c_str(), &impl->to, flags, nullptr); rc != SQLITE_OK)
        return impl->trouble(rc);
    // It is worth something when it is whole, and is synced then: nothing to roll back to, nobody else to lock out.
    const int rc =
        sqlite3_exec(impl->to, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;",
                     nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return impl->trouble(rc);
    impl->backup = sqlite3_backup_init(impl->to, "main", from.db, "main");
    if (impl->backup == nullptr) return impl->trouble(sqlite3_errcode(impl->to));
    return std::unique_ptr<OnlineCopy>(new OnlineCopy(std::move(impl)));
}

Result<bool> OnlineCopy::step(int pages)
{
    if (impl_->is_whole) return true;
    if (auto error = impl_->from->stopped()) return *std::move(error);
    if (sqlite3_get_autocommit(impl_->from->db) == 0) return false;
    const int rc = sqlite3_backup_step(impl_->backup, pages);
    pages_left_ = static_cast<std::uint64_t>(sqlite3_backup_remaining(impl_->backup));
    pages_total_ = static_cast<std::uint64_t>(sqlite3_backup_pagecount(impl_->backup));
    if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) return false;
    if (rc != SQLITE_DONE) return impl_->trouble(rc);
    if (const int finished = sqlite3_backup_finish(std::exchange(impl_->backup, nullptr)); finished != SQLITE_OK)
        return impl_->trouble(finished);
    if (const int closed = sqlite3_close(std::exchange(impl_->to, nullptr)); closed != SQLITE_OK)
        return Error{ErrorCode::storage_failed, "cannot write " + impl_->path, 0};
    impl_->is_whole = true;
    return true;
}

} // namespace godwit::sqlite

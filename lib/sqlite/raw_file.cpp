// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/raw_file.hpp"

#include <new>

namespace godwit::sqlite {

int RawFile::open(sqlite3_vfs* vfs, const char* name, int flags, int* out_flags)
{
    const std::size_t units =
        (static_cast<std::size_t>(vfs->szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
    memory_.reset(new (std::nothrow) std::max_align_t[units]());
    if (!memory_) return SQLITE_NOMEM;
    auto* const file = reinterpret_cast<sqlite3_file*>(memory_.get());
    const int rc = vfs->xOpen(vfs, name, file, flags, out_flags);
    if (rc == SQLITE_OK) {
        file_ = file;
    } else if (file->pMethods != nullptr) {
        file->pMethods->xClose(file); // SQLite's contract: methods set means close, even after a failed open
    }
    return rc;
}

int RawFile::close()
{
    if (file_ == nullptr) return SQLITE_OK;
    const int rc = file_->pMethods->xClose(file_);
    file_ = nullptr;
    return rc;
}

int RawFile::read(void* out, std::size_t size, std::uint64_t offset)
{
    return file_->pMethods->xRead(file_, out, static_cast<int>(size), static_cast<sqlite3_int64>(offset));
}

int RawFile::write(const void* in, std::size_t size, std::uint64_t offset)
{
    if (sync_failed_) return SQLITE_IOERR_WRITE;
    return file_->pMethods->xWrite(file_, in, static_cast<int>(size), static_cast<sqlite3_int64>(offset));
}

int RawFile::truncate(std::uint64_t size)
{
    if (sync_failed_) return SQLITE_IOERR_TRUNCATE;
    return file_->pMethods->xTruncate(file_, static_cast<sqlite3_int64>(size));
}

int RawFile::sync(int flags)
{
    if (sync_failed_) return SQLITE_IOERR_FSYNC;
    if (file_->pMethods->xSync(file_, flags) == SQLITE_OK) return SQLITE_OK;
    sync_failed_ = true;
    return SQLITE_IOERR_FSYNC; // whatever the reason, also a full disk: what was written is in doubt
}

int RawFile::size(std::uint64_t& out)
{
    sqlite3_int64 size = 0;
    const int rc = file_->pMethods->xFileSize(file_, &size);
    out = static_cast<std::uint64_t>(size);
    return rc;
}

int RawFile::lock(int level)
{
    return file_->pMethods->xLock(file_, level);
}
int RawFile::control(int op, void* arg)
{
    return file_->pMethods->xFileControl(file_, op, arg);
}
int RawFile::characteristics()
{
    return file_->pMethods->xDeviceCharacteristics(file_);
}
int RawFile::sector_bytes()
{
    return file_->pMethods->xSectorSize(file_);
}

} // namespace godwit::sqlite

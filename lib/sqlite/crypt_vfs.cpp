// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/crypt_vfs.hpp"

#include "lib/base/check.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/sqlite/main_file.hpp"
#include "lib/sqlite/wal_file.hpp"

#include <cstring>
#include <new>

namespace godwit::sqlite {
namespace {

/// What SQLite allocates for us: its own header and a pointer to the C++ object.
struct Handle {
    sqlite3_file base;
    CryptFile* file;
};

CryptVfs& self(sqlite3_vfs* vfs)
{
    return *static_cast<CryptVfs*>(vfs->pAppData);
}
CryptFile& self(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file)->file;
}

/// Exceptions stop here: SQLite is C.
template <class F>
int guarded(F&& f) noexcept
{
    try {
        return f();
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    } catch (...) {
        return SQLITE_IOERR;
    }
}

int file_read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset)
{
    return guarded([&] {
        return self(file).read(static_cast<std::uint8_t*>(out), static_cast<std::size_t>(size),
                               static_cast<std::uint64_t>(offset));
    });
}

int file_write(sqlite3_file* file, const void* in, int size, sqlite3_int64 offset)
{
    return guarded([&] {
        return self(file).write(static_cast<const std::uint8_t*>(in), static_cast<std::size_t>(size),
                                static_cast<std::uint64_t>(offset));
    });
}

int file_truncate(sqlite3_file* file, sqlite3_int64 size)
{
    return guarded([&] { return self(file).truncate(static_cast<std::uint64_t>(size)); });
}

int file_sync(sqlite3_file* file, int flags)
{
    return guarded([&] { return self(file).sync(flags); });
}

int file_size(sqlite3_file* file, sqlite3_int64* out)
{
    return guarded([&] {
        std::uint64_t size = 0;
        const int rc = self(file).size(size);
        *out = static_cast<sqlite3_int64>(size);
        return rc;
    });
}

int file_control(sqlite3_file* file, int op, void* arg)
{
    return guarded([&] { return self(file).control(op, arg); });
}

// The exclusive lock is taken in MainFile::open and held until close: there is nobody to negotiate with.
int file_lock(sqlite3_file*, int)
{
    return SQLITE_OK;
}

int file_check_reserved_lock(sqlite3_file*, int* out)
{
    *out = 0;
    return SQLITE_OK;
}

int file_sector_size(sqlite3_file* file)
{
    return self(file).sector_bytes();
}

// No atomic writes (ours touch other bytes than SQLite thinks), no memory mapping. POWERSAFE_OVERWRITE (a torn write
// leaves the bytes around it alone) is what every file system we know gives, SQLite's own default on Unix and Windows.
int file_characteristics(sqlite3_file* file)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE | (self(file).characteristics() & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);
}

bool ends_with(const char* name, const char* end)
{
    const std::size_t n = std::strlen(name);
    const std::size_t e = std::strlen(end);
    return n >= e && std::strcmp(name + n - e, end) == 0;
}

} // namespace

// iVersion 1: no shared memory and no mapped pages, so the WAL index lives in our heap and no -shm file appears.
static constexpr int io_methods_version = 1;

CryptVfs::CryptVfs(sqlite3_vfs* base, const Key& key, std::function<void(const WalTail&)> on_wal_tail)
    : base_(base), key_(&key), on_wal_tail_(std::move(on_wal_tail))
{
    // Unique among the living, which is all that SQLite's list of file systems needs.
    name_ = "godwit-crypt-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
    vfs_.iVersion = 2;
    vfs_.szOsFile = sizeof(Handle);
    vfs_.mxPathname = base_->mxPathname;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = &CryptVfs::on_open;
    vfs_.xDelete = [](sqlite3_vfs* vfs, const char* name, int sync_dir) {
        return self(vfs).base_->xDelete(self(vfs).base_, name, sync_dir);
    };
    vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
        return self(vfs).access(name, flags, out);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
        return self(vfs).base_->xFullPathname(self(vfs).base_, name, size, out);
    };
    vfs_.xRandomness = [](sqlite3_vfs* vfs, int size, char* out) {
        return self(vfs).base_->xRandomness(self(vfs).base_, size, out);
    };
    vfs_.xSleep = [](sqlite3_vfs* vfs, int us) { return self(vfs).base_->xSleep(self(vfs).base_, us); };
    vfs_.xCurrentTime = [](sqlite3_vfs* vfs, double* out) {
        return self(vfs).base_->xCurrentTime(self(vfs).base_, out);
    };
    vfs_.xGetLastError = [](sqlite3_vfs* vfs, int size, char* out) {
        return self(vfs).base_->xGetLastError(self(vfs).base_, size, out);
    };
    if (base_->iVersion >= 2 && base_->xCurrentTimeInt64 != nullptr)
        vfs_.xCurrentTimeInt64 = [](sqlite3_vfs* vfs, sqlite3_int64* out) {
            return self(vfs).base_->xCurrentTimeInt64(self(vfs).base_, out);
        };
    else
        vfs_.iVersion = 1;
    GODWIT_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

CryptVfs::~CryptVfs()
{
    sqlite3_vfs_unregister(&vfs_);
}

int CryptVfs::on_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags)
{
    file->pMethods = nullptr; // until open succeeds: SQLite then does not call xClose
    return guarded([&] { return self(vfs).open(name, file, flags, out_flags); });
}

int CryptVfs::on_close(sqlite3_file* file)
{
    auto& handle = *reinterpret_cast<Handle*>(file);
    delete handle.file;
    handle.file = nullptr;
    return SQLITE_OK;
}

int CryptVfs::open(const char* name, sqlite3_file* file, int flags, int* out_flags)
{
    static const sqlite3_io_methods methods = {io_methods_version,
                                               &CryptVfs::on_close,
                                               file_read,
                                               file_write,
                                               file_truncate,
                                               file_sync,
                                               file_size,
                                               file_lock,
                                               file_lock,
                                               file_check_reserved_lock,
                                               file_control,
                                               file_sector_size,
                                               file_characteristics,
                                               nullptr,
                                               nullptr,
                                               nullptr,
                                               nullptr,
                                               nullptr,
                                               nullptr};

    std::unique_ptr<CryptFile> opened;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && main_ == nullptr && key_ != nullptr) {
        auto main = std::make_unique<MainFile>(*this);
        const int rc = main->open(name, flags, out_flags, *key_);
        if (rc != SQLITE_OK) return rc;
        key_ = nullptr;
        main_ = main.get();
        opened = std::move(main);
    } else if ((flags & SQLITE_OPEN_WAL) != 0 && main_ != nullptr) {
        auto wal = std::make_unique<WalFile>(*this, main_->sealer());
        const int rc = wal->open(name, flags, out_flags);
        if (rc != SQLITE_OK) return rc;
        opened = std::move(wal);
    } else {
        // A journal, a temporary file, a second database: none of them may touch the disk from here.
        report({ErrorCode::internal, "SQLite asked for a file that an encrypted store does not have"});
        return SQLITE_CANTOPEN;
    }
    auto& handle = *reinterpret_cast<Handle*>(file);
    handle.file = opened.release();
    handle.base.pMethods = &methods;
    return SQLITE_OK;
}

int CryptVfs::access(const char* name, int flags, int* out)
{
    // We never write a rollback journal: one that lies there is not ours, and must not be played back into the store.
    if (ends_with(name, "-journal")) {
        *out = 0;
        return SQLITE_OK;
    }
    return base_->xAccess(base_, name, flags, out);
}

bool CryptVfs::newborn() const noexcept
{
    return main_ != nullptr && !main_->born();
}

Result<void> CryptVfs::mark_born()
{
    GODWIT_ASSERT(main_ != nullptr);
    return main_->mark_born();
}

Result<void> CryptVfs::rekey(const Key& key)
{
    GODWIT_ASSERT(main_ != nullptr);
    return main_->rekey(key);
}

bool CryptVfs::sync_failed() const noexcept
{
    return main_ != nullptr && main_->sync_failed();
}

std::optional<Error> CryptVfs::take_trouble()
{
    return std::exchange(trouble_, std::nullopt);
}

void CryptVfs::report(Error error)
{
    trouble_ = std::move(error);
}

void CryptVfs::report_tail(const WalTail& tail)
{
    if (on_wal_tail_) on_wal_tail_(tail);
}

} // namespace godwit::sqlite

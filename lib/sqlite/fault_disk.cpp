// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/fault_disk.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <random>
#include <sqlite3.h>
#include <vector>

namespace godwit::sqlite {
namespace {

constexpr std::size_t sector_bytes = 512;

struct Change {
    bool truncate;
    std::uint64_t offset; // or the new size
    Bytes bytes;
};

struct File {
    Bytes now;
    Bytes durable;
    std::vector<Change> pending;
    bool linked_durably = false; // its directory entry
    int locks_shared = 0;
    const void* lock_owner = nullptr; // exclusive
};

void apply_change(Bytes& content, const Change& change)
{
    if (change.truncate) {
        content.resize(static_cast<std::size_t>(change.offset));
        return;
    }
    const std::size_t at = static_cast<std::size_t>(change.offset);
    if (content.size() < at + change.bytes.size()) content.resize(at + change.bytes.size());
    std::copy(change.bytes.begin(), change.bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
}

/// Some sectors of the write arrive, others do not, and one may hold garbage (only within the bytes that were written).
void apply_torn(Bytes& content, const Change& change, std::mt19937_64& dice)
{
    if (dice() % 4 == 0) return;
    if (change.truncate || dice() % 2 == 0) return apply_change(content, change);
    std::size_t from = 0;
    while (from < change.bytes.size()) {
        const std::size_t at = static_cast<std::size_t>(change.offset) + from;
        const std::size_t part = std::min(change.bytes.size() - from, sector_bytes - at % sector_bytes);
        const auto first = change.bytes.begin() + static_cast<std::ptrdiff_t>(from);
        Bytes sector(first, first + static_cast<std::ptrdiff_t>(part));
        const auto fate = dice() % 8;
        if (fate == 0)
            for (auto& byte : sector)
                byte = static_cast<std::uint8_t>(dice() & 255);
        if (fate < 5) apply_change(content, {false, at, std::move(sector)});
        from += part;
    }
}

} // namespace

struct FaultDisk::Impl {
    std::map<std::string, std::shared_ptr<File>> files;
    std::map<std::string, std::shared_ptr<File>> removed; // not durably so: a power cut brings them back
    std::string name;
    sqlite3_vfs vfs{};
    sqlite3_vfs* system = nullptr;

    std::array<std::uint64_t, disk_op_count> counts{};
    unsigned fail_ops = 0;
    std::uint64_t fail_in = 0;
    int fail_rc = SQLITE_OK;
    bool fail_for_ever = false;
    bool drop_on_failed_sync = false;
    bool is_read_only = false;
    std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();
    unsigned observed_ops = 0;
    std::function<void(DiskOp, const std::string&)> observer;

    /// SQLITE_OK, or the fault that is due.
    int account(DiskOp op, const std::string& path)
    {
        const unsigned bit = disk_op_bit(op);
        if (observer && (observed_ops & bit) != 0) observer(op, path);
        ++counts[static_cast<unsigned>(op)];
        if (fail_in == 0 || (fail_ops & bit) == 0) return SQLITE_OK;
        if (fail_in > 1) {
            --fail_in;
            return SQLITE_OK;
        }
        if (!fail_for_ever) fail_in = 0;
        return fail_rc;
    }

    [[nodiscard]] std::uint64_t used() const
    {
        std::uint64_t sum = 0;
        for (const auto& [path, file] : files)
            sum += file->now.size();
        return sum;
    }

    void sync_directory()
    {
        removed.clear();
        for (auto& [path, file] : files)
            file->linked_durably = true;
    }
};

namespace {

struct Handle {
    sqlite3_file base;
    FaultDisk::Impl* disk;
    File* file; // kept alive by `owner`
    std::shared_ptr<File>* owner;
    std::string* path;
    bool delete_on_close;
    bool sync_directory; // SQLite's own VFS does so at the first sync of a journal
    int lock;
};

Handle& self(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file);
}

int set_lock(sqlite3_file* raw, int level)
{
    Handle& h = self(raw);
    if (level <= h.lock) return SQLITE_OK;
    if (h.file->lock_owner != nullptr && h.file->lock_owner != raw) return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_EXCLUSIVE && h.file->locks_shared > (h.lock >= SQLITE_LOCK_SHARED ? 1 : 0))
        return SQLITE_BUSY;
    if (h.lock == SQLITE_LOCK_NONE) ++h.file->locks_shared;
    if (level >= SQLITE_LOCK_RESERVED) h.file->lock_owner = raw;
    h.lock = level;
    return SQLITE_OK;
}

int release_lock(sqlite3_file* raw, int level)
{
    Handle& h = self(raw);
    if (level >= h.lock) return SQLITE_OK;
    if (h.file->lock_owner == raw) h.file->lock_owner = nullptr;
    if (level == SQLITE_LOCK_NONE) --h.file->locks_shared;
    h.lock = level;
    return SQLITE_OK;
}

int close_file(sqlite3_file* raw)
{
    Handle& h = self(raw);
    release_lock(raw, SQLITE_LOCK_NONE);
    if (h.delete_on_close) h.disk->files.erase(*h.path);
    delete h.owner;
    delete h.path;
    return SQLITE_OK;
}

int read_file(sqlite3_file* raw, void* out, int size, sqlite3_int64 offset)
{
    Handle& h = self(raw);
    if (const int rc = h.disk->account(DiskOp::read, *h.path); rc != SQLITE_OK) return rc;
    const std::size_t want = static_cast<std::size_t>(size);
    const std::size_t at = std::min(static_cast<std::size_t>(offset), h.file->now.size());
    const std::size_t have = std::min(want, h.file->now.size() - at);
    if (have > 0) std::memcpy(out, h.file->now.data() + at, have);
    if (have == want) return SQLITE_OK;
    std::memset(static_cast<std::uint8_t*>(out) + have, 0, want - have);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* raw, const void* in, int size, sqlite3_int64 offset)
{
    Handle& h = self(raw);
    if (const int rc = h.disk->account(DiskOp::write, *h.path); rc != SQLITE_OK) return rc;
    const auto* const bytes = static_cast<const std::uint8_t*>(in);
    Change change{false, static_cast<std::uint64_t>(offset), Bytes(bytes, bytes + size)};
    const std::uint64_t end = change.offset + change.bytes.size();
    const std::uint64_t growth = end > h.file->now.size() ? end - h.file->now.size() : 0;
    if (growth > 0 && h.disk->used() + growth > h.disk->bytes_max) return SQLITE_FULL;
    apply_change(h.file->now, change);
    h.file->pending.push_back(std::move(change));
    return SQLITE_OK;
}

int truncate_file(sqlite3_file* raw, sqlite3_int64 size)
{
    Handle& h = self(raw);
    if (const int rc = h.disk->account(DiskOp::truncate, *h.path); rc != SQLITE_OK) return rc;
    Change change{true, static_cast<std::uint64_t>(size), {}};
    apply_change(h.file->now, change);
    h.file->pending.push_back(std::move(change));
    return SQLITE_OK;
}

int sync_file(sqlite3_file* raw, int)
{
    Handle& h = self(raw);
    if (const int rc = h.disk->account(DiskOp::sync, *h.path); rc != SQLITE_OK) {
        if (h.disk->drop_on_failed_sync) { // the cache still shows the bytes; the disk never gets them
            h.file->pending.clear();
        }
        return rc;
    }
    for (const auto& change : h.file->pending)
        apply_change(h.file->durable, change);
    h.file->pending.clear();
    if (h.sync_directory) h.disk->sync_directory();
    return SQLITE_OK;
}

int file_size(sqlite3_file* raw, sqlite3_int64* out)
{
    *out = static_cast<sqlite3_int64>(self(raw).file->now.size());
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* raw, int* out)
{
    *out = self(raw).file->lock_owner != nullptr ? 1 : 0;
    return SQLITE_OK;
}

int control(sqlite3_file*, int, void*)
{
    return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*)
{
    return static_cast<int>(sector_bytes);
}
int characteristics(sqlite3_file*)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

FaultDisk::Impl& disk_of(sqlite3_vfs* vfs)
{
    return *static_cast<FaultDisk::Impl*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* raw, int flags, int* out_flags)
{
    static const sqlite3_io_methods methods = {1,         close_file,  read_file,       write_file,   truncate_file,
                                               sync_file, file_size,   set_lock,        release_lock, check_reserved,
                                               control,   sector_size, characteristics, nullptr,      nullptr,
                                               nullptr,   nullptr,     nullptr,         nullptr};
    auto& disk = disk_of(vfs);
    raw->pMethods = nullptr;
    const std::string path = name != nullptr ? name : "temporary-" + std::to_string(disk.counts[0]);
    if (const int rc = disk.account(DiskOp::open, path); rc != SQLITE_OK) return rc;
    auto found = disk.files.find(path);
    if (found == disk.files.end()) {
        if (disk.is_read_only || (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
        found = disk.files.emplace(path, std::make_shared<File>()).first;
    }
    if (disk.is_read_only) flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    if (out_flags != nullptr) *out_flags = flags;
    Handle& h = self(raw);
    h = {{&methods},
         &disk,
         found->second.get(),
         new std::shared_ptr<File>(found->second),
         new std::string(path),
         (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
         (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0,
         SQLITE_LOCK_NONE};
    return SQLITE_OK;
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_dir)
{
    auto& disk = disk_of(vfs);
    if (const int rc = disk.account(DiskOp::remove, name); rc != SQLITE_OK) return rc;
    const auto found = disk.files.find(name);
    if (found == disk.files.end()) return SQLITE_IOERR_DELETE_NOENT;
    if (found->second->linked_durably) disk.removed[name] = found->second;
    disk.files.erase(found);
    if (sync_dir != 0) disk.sync_directory();
    return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int, int* out)
{
    const auto found = disk_of(vfs).files.find(name);
    *out = found != disk_of(vfs).files.end() && (!found->second->now.empty()) ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out)
{
    if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::memcpy(out, name, std::strlen(name) + 1);
    return SQLITE_OK;
}

} // namespace

FaultDisk::FaultDisk() : FaultDisk(DiskImage{}) {}

FaultDisk::FaultDisk(DiskImage image) : impl_(std::make_unique<Impl>())
{
    for (auto& [path, bytes] : image) {
        auto file = std::make_shared<File>();
        file->durable = bytes;
        file->now = std::move(bytes);
        file->linked_durably = true;
        impl_->files.emplace(path, std::move(file));
    }
    impl_->name = "godwit-fault-" + std::to_string(reinterpret_cast<std::uintptr_t>(impl_.get()));
    impl_->system = sqlite3_vfs_find(nullptr);
    auto& vfs = impl_->vfs;
    vfs.iVersion = 1;
    vfs.szOsFile = sizeof(Handle);
    vfs.mxPathname = 512;
    vfs.zName = impl_->name.c_str();
    vfs.pAppData = impl_.get();
    vfs.xOpen = open_file;
    vfs.xDelete = remove_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    vfs.xRandomness = [](sqlite3_vfs* self, int size, char* out) {
        auto* const system = disk_of(self).system;
        return system->xRandomness(system, size, out);
    };
    vfs.xSleep = [](sqlite3_vfs*, int us) { return us; };
    vfs.xCurrentTime = [](sqlite3_vfs*, double* out) {
        *out = 2440587.5; // 1970-01-01: nothing of ours asks SQLite for the time
        return SQLITE_OK;
    };
    vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
    GODWIT_ASSERT(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

FaultDisk::~FaultDisk()
{
    sqlite3_vfs_unregister(&impl_->vfs);
}

const char* FaultDisk::name() const noexcept
{
    return impl_->name.c_str();
}

void FaultDisk::fail(unsigned ops, std::uint64_t nth, int rc, bool for_ever)
{
    impl_->fail_ops = ops;
    impl_->fail_in = nth;
    impl_->fail_rc = rc;
    impl_->fail_for_ever = for_ever;
}

void FaultDisk::failed_sync_drops_writes(bool on)
{
    impl_->drop_on_failed_sync = on;
}
void FaultDisk::limit(std::uint64_t bytes_max)
{
    impl_->bytes_max = bytes_max;
}
void FaultDisk::read_only(bool on)
{
    impl_->is_read_only = on;
}

void FaultDisk::observe(unsigned ops, std::function<void(DiskOp, const std::string&)> observer)
{
    impl_->observed_ops = ops;
    impl_->observer = std::move(observer);
}

std::uint64_t FaultDisk::count(unsigned ops) const
{
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < disk_op_count; ++i)
        if ((ops & (1U << i)) != 0) sum += impl_->counts[i];
    return sum;
}

DiskImage FaultDisk::image_killed() const
{
    DiskImage out;
    for (const auto& [path, file] : impl_->files)
        out[path] = file->now;
    return out;
}

DiskImage FaultDisk::image_synced() const
{
    DiskImage out;
    for (const auto& [path, file] : impl_->removed)
        out[path] = file->durable;
    for (const auto& [path, file] : impl_->files)
        if (file->linked_durably) out[path] = file->durable;
    return out;
}

DiskImage FaultDisk::image_torn(std::uint64_t seed) const
{
    std::mt19937_64 dice(seed);
    const auto torn = [&dice](const File& file) {
        Bytes content = file.durable;
        for (const auto& change : file.pending)
            apply_torn(content, change, dice);
        return content;
    };
    DiskImage out;
    for (const auto& [path, file] : impl_->removed)
        if (dice() % 2 == 0) out[path] = torn(*file);
    for (const auto& [path, file] : impl_->files)
        if (file->linked_durably || dice() % 2 == 0) out[path] = torn(*file);
    return out;
}

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/remains_view.hpp"

#include "lib/base/check.hpp"
#include "lib/sqlite/layout.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace godwit::sqlite {
namespace {

struct Handle {
    sqlite3_file base;
    const Remains* remains;
};

const Remains& self(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file)->remains;
}

int view_read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset)
{
    auto* out = static_cast<std::uint8_t*>(to);
    auto left = static_cast<std::size_t>(size);
    auto at = static_cast<std::uint64_t>(offset);
    std::uint8_t page[page_bytes];
    while (left > 0) {
        const std::uint64_t number = at / page_bytes + 1;
        if (number > self(file).damage().pages) {
            std::memset(out, 0, left);
            return SQLITE_IOERR_SHORT_READ;
        }
        if (!self(file).read_page(static_cast<std::uint32_t>(number), page)) return SQLITE_IOERR_DATA;
        if (number == 1) page[18] = page[19] = 1; // no log to look for: it is part of what we show
        const std::size_t within = static_cast<std::size_t>(at % page_bytes);
        const std::size_t part = std::min(left, page_bytes - within);
        std::memcpy(out, page + within, part);
        out += part;
        at += part;
        left -= part;
    }
    return SQLITE_OK;
}

const sqlite3_io_methods methods = {
    1,
    [](sqlite3_file*) { return SQLITE_OK; },
    view_read,
    [](sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; },
    [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file* file, sqlite3_int64* out) {
        *out = static_cast<sqlite3_int64>(self(file).damage().pages * page_bytes);
        return SQLITE_OK;
    },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file*, int) { return SQLITE_OK; },
    [](sqlite3_file*, int* out) {
        *out = 0;
        return SQLITE_OK;
    },
    [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; },
    [](sqlite3_file*) { return static_cast<int>(page_bytes); },
    [](sqlite3_file*) { return SQLITE_IOCAP_IMMUTABLE; },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

int view_open(sqlite3_vfs* vfs, const char*, sqlite3_file* file, int flags, int* out_flags)
{
    file->pMethods = nullptr;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
    auto& handle = *reinterpret_cast<Handle*>(file);
    handle.remains = static_cast<const Remains*>(vfs->pAppData);
    handle.base.pMethods = &methods;
    if (out_flags != nullptr) *out_flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    return SQLITE_OK;
}

} // namespace

RemainsVfs::RemainsVfs(const Remains& remains) : remains_(remains)
{
    name_ = "godwit-remains-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
    sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
    GODWIT_ASSERT(system != nullptr);
    vfs_ = *system; // randomness, time, sleep
    vfs_.iVersion = 1;
    vfs_.pNext = nullptr;
    vfs_.szOsFile = sizeof(Handle);
    vfs_.zName = name_.c_str();
    vfs_.pAppData = const_cast<Remains*>(&remains_);
    vfs_.xOpen = view_open;
    vfs_.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
    vfs_.xAccess = [](sqlite3_vfs*, const char*, int, int* out) {
        *out = 0;
        return SQLITE_OK;
    };
    vfs_.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* out) {
        sqlite3_snprintf(size, out, "%s", name);
        return SQLITE_OK;
    };
    GODWIT_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

RemainsVfs::~RemainsVfs()
{
    sqlite3_vfs_unregister(&vfs_);
}

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// The file below ours, as the base VFS gives it: RAII around sqlite3_file. Return values are SQLite result codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <sqlite3.h>

namespace godwit::sqlite {

class RawFile {
public:
    RawFile() = default;
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;
    ~RawFile() { close(); }

    /// `name` must outlive the file (SQLite's own rule for names that it passes to xOpen).
    int open(sqlite3_vfs* vfs, const char* name, int flags, int* out_flags);
    int close();

    /// SQLITE_IOERR_SHORT_READ, the rest filled with zeros, past the end.
    int read(void* out, std::size_t size, std::uint64_t offset);
    int write(const void* in, std::size_t size, std::uint64_t offset);
    int truncate(std::uint64_t size);
    /// Once it failed it fails for ever: after a failed fsync the kernel may have dropped the dirty pages, and a later
    /// success would mean nothing. Writes fail too.
    int sync(int flags = SQLITE_SYNC_NORMAL);
    [[nodiscard]] bool sync_failed() const noexcept { return sync_failed_; }
    int size(std::uint64_t& out);
    int lock(int level);
    int control(int op, void* arg);
    [[nodiscard]] int characteristics();
    [[nodiscard]] int sector_bytes();

private:
    std::unique_ptr<std::max_align_t[]> memory_;
    sqlite3_file* file_ = nullptr;
    bool sync_failed_ = false;
};

} // namespace godwit::sqlite

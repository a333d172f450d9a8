// SPDX-License-Identifier: Apache-2.0
// A disk in memory, as an SQLite VFS, that keeps a journal of what is not synced yet: for crash tests and the
// simulator. Link sqlite_fault_dep. Put its name() into OpenOptions::vfs_name.
//
// It can fail any operation by its number, be full, and show at any moment what a crash would leave behind:
//   process killed    everything that was written is there
//   power lost        what was synced is there; of the rest nothing, or a random part with torn sectors
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace godwit::sqlite {

enum class DiskOp { open, read, write, truncate, sync, remove };
inline constexpr unsigned disk_op_count = 6;

[[nodiscard]] constexpr unsigned disk_op_bit(DiskOp op) noexcept
{
    return 1U << static_cast<unsigned>(op);
}
/// Everything that changes bytes or makes them durable.
inline constexpr unsigned disk_op_mutations = disk_op_bit(DiskOp::write) | disk_op_bit(DiskOp::truncate) |
                                              disk_op_bit(DiskOp::sync) | disk_op_bit(DiskOp::remove);

/// Path to content.
using DiskImage = std::map<std::string, Bytes>;

class FaultDisk {
public:
    FaultDisk();
    /// Starts with these files, all durable.
    explicit FaultDisk(DiskImage image);
    ~FaultDisk();
    FaultDisk(const FaultDisk&) = delete;
    FaultDisk& operator=(const FaultDisk&) = delete;

    [[nodiscard]] const char* name() const noexcept;

    /// From now on the `nth` (1 = next) operation among `ops` (bits) fails with the SQLite result code `rc`; afterwards
    /// too when `for_ever`. nth = 0 ends it.
    void fail(unsigned ops, std::uint64_t nth, int rc, bool for_ever = false);
    /// A failing sync loses the unsynced bytes, as Linux may do, and the next sync says ok. Default: off.
    void failed_sync_drops_writes(bool on);
    /// All files together hold at most this many bytes: more is SQLITE_FULL.
    void limit(std::uint64_t bytes_max);
    /// New files cannot be made, existing ones are read-only.
    void read_only(bool on);
    /// Called before each operation among `ops`, with its file: the place to take an image.
    void observe(unsigned ops, std::function<void(DiskOp, const std::string& path)> observer);
    /// Operations so far among `ops`.
    [[nodiscard]] std::uint64_t count(unsigned ops) const;

    /// After kill -9.
    [[nodiscard]] DiskImage image_killed() const;
    /// After a power cut: only what was synced.
    [[nodiscard]] DiskImage image_synced() const;
    /// After a power cut: of what was not synced, each 512-byte sector is old, new or garbage, each file operation
    /// happened or not, by the dice of `seed`. Bytes beside a write are never touched (SQLite's POWERSAFE_OVERWRITE).
    /// Sectors of appended space that did not make it are zeros; the length may be short.
    [[nodiscard]] DiskImage image_torn(std::uint64_t seed) const;

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::sqlite

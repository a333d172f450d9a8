// SPDX-License-Identifier: Apache-2.0
// Where a simulated client or relay keeps what it must not forget.
//
//   memory   fast; a crash takes the open transaction, and a commit that was said to be lost
//   sqlite   the real store on the real SQLite over a disk in memory that knows what is not synced: a crash leaves
//            what was written, what was synced, or a random part of the rest with torn sectors
//
// doom(k): the process shall die during its next commit that writes, at the k-th operation of the disk. What the crash
// leaves is decided at that moment; the code under test goes on, unheard, until its tick ends and doomed() is seen.
#pragma once

#include "lib/sqlite/fault_disk.hpp"
#include "lib/store/store.hpp"
#include "relay/store/store.hpp"
#include "tests/support/memory_store.hpp"

#include <memory>

namespace godwit::testing {

enum class DiskKind : std::uint8_t { memory, sqlite };
/// What a crash leaves of what was written and not synced.
enum class Leaves : std::uint8_t { all, nothing, torn };
inline constexpr unsigned leaves_count = 3;
/// How a disk refuses.
enum class Refusal : std::uint8_t { full, write_error, sync_error };
inline constexpr unsigned refusal_count = 3;

/// The disk in memory under one database, and what a crash makes of it.
class CrashDisk {
public:
    explicit CrashDisk(std::uint64_t seed);

    [[nodiscard]] const char* name() const { return disk_->name(); }
    void doom(std::uint64_t operation, Leaves leaves);
    /// Takes doom() back, unless the moment has passed.
    void spare() { disk_->observe(0, nullptr); }
    [[nodiscard]] bool doomed() const { return image_.has_value(); }
    void refuse_at(std::uint64_t nth, Refusal how);
    /// Precondition: nothing is open on it. Afterwards it is what the next process finds.
    void crash(Leaves leaves);
    /// What a copy of the files is now, and their replacement by one. Precondition of the second: nothing is open on
    /// it.
    [[nodiscard]] sqlite::DiskImage backup() const { return disk_->image_killed(); }
    void restore(sqlite::DiskImage image) { disk_ = std::make_unique<sqlite::FaultDisk>(std::move(image)); }
    [[nodiscard]] std::uint64_t changes() const { return disk_->count(sqlite::disk_op_mutations); }
    [[nodiscard]] bool contains(std::string_view text) const;

private:
    [[nodiscard]] sqlite::DiskImage image(Leaves leaves);

    std::uint64_t seed_;
    std::uint64_t images_ = 0;
    std::unique_ptr<sqlite::FaultDisk> disk_;
    std::optional<sqlite::DiskImage> image_; ///< What the coming crash leaves, when that is decided.
};

class ClientDisk {
public:
    ClientDisk(DiskKind kind, std::uint64_t seed);

    [[nodiscard]] port::Store& store();
    /// Precondition: DiskKind::memory.
    [[nodiscard]] MemoryStore& memory() { return memory_; }
    [[nodiscard]] DiskKind kind() const { return kind_; }

    void doom(std::uint64_t operation, Leaves leaves);
    void spare();
    [[nodiscard]] bool doomed() const;
    /// The n-th write from now is refused; 0: none any more.
    void refuse_at(std::uint64_t nth, Refusal how);
    /// After a failed fsync a database answers nothing until it is opened again: nothing can be read off it now.
    [[nodiscard]] bool stopped();
    /// The process is gone, and the next one opens what is left.
    void crash(Leaves leaves);
    /// Grows with every committed (memory) or written (sqlite) change.
    [[nodiscard]] std::uint64_t changes() const;
    /// On the disk as it is now. A store in memory has none.
    [[nodiscard]] bool shows(std::string_view text) const { return crash_disk_ && crash_disk_->contains(text); }

private:
    void open();

    DiskKind kind_;
    MemoryStore memory_;
    std::unique_ptr<CrashDisk> crash_disk_;
    std::unique_ptr<sqlite::Key> key_;
    std::unique_ptr<store::SqliteStore> sqlite_;
    bool may_stop_ = false; ///< A sync was made to fail.
};

/// The relay's store is SQLite in either case; `memory` has no disk to lose.
class RelayDisk {
public:
    RelayDisk(DiskKind kind, std::uint64_t seed);

    [[nodiscard]] relay::Store& store() { return *store_; }
    [[nodiscard]] DiskKind kind() const { return kind_; }
    void doom(std::uint64_t operation, Leaves leaves);
    void spare();
    [[nodiscard]] bool doomed() const { return crash_disk_ && crash_disk_->doomed(); }
    void refuse_at(std::uint64_t nth, Refusal how);
    void crash(Leaves leaves);
    /// Precondition: DiskKind::sqlite; of restore(), that the relay does not run. An empty image is a database deleted.
    [[nodiscard]] sqlite::DiskImage backup() const { return crash_disk_->backup(); }
    void restore(sqlite::DiskImage image);
    [[nodiscard]] bool shows(std::string_view text) const { return crash_disk_ && crash_disk_->contains(text); }

private:
    void open();

    DiskKind kind_;
    std::unique_ptr<CrashDisk> crash_disk_;
    std::unique_ptr<relay::Store> store_;
};

} // namespace godwit::testing

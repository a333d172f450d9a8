// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/disk.hpp"

#include "tests/sim/broken.hpp"

#include <algorithm>

namespace godwit::testing {

namespace {

// Result codes of SQLite as the disk below it gives them; lib/sqlite is the only room that sees sqlite3.h.
constexpr int rc_full = 13;
constexpr int rc_ioerr_write = 10 | (3 << 8);
constexpr int rc_ioerr_fsync = 10 | (4 << 8);

constexpr const char* client_file = "home.db";
constexpr const char* relay_file = "relay.db";

} // namespace

// ---- one disk -----------------------------------------------------------------------------------

CrashDisk::CrashDisk(std::uint64_t seed) : seed_(seed), disk_(std::make_unique<sqlite::FaultDisk>()) {}

sqlite::DiskImage CrashDisk::image(Leaves leaves)
{
    switch (leaves) {
    case Leaves::all: return disk_->image_killed();
    case Leaves::nothing: return disk_->image_synced();
    case Leaves::torn: break;
    }
    return disk_->image_torn(seed_ + ++images_);
}

void CrashDisk::doom(std::uint64_t operation, Leaves leaves)
{
    disk_->observe(sqlite::disk_op_mutations,
                   [this, left = operation, leaves](sqlite::DiskOp, const std::string&) mutable {
                       if (image_ || left-- > 0) return;
                       image_ = image(leaves);
                   });
}

void CrashDisk::refuse_at(std::uint64_t nth, Refusal how)
{
    using sqlite::DiskOp;
    const auto bit = sqlite::disk_op_bit;
    disk_->failed_sync_drops_writes(how == Refusal::sync_error);
    switch (how) {
    case Refusal::full: return disk_->fail(bit(DiskOp::write), nth, rc_full);
    case Refusal::write_error: return disk_->fail(bit(DiskOp::write) | bit(DiskOp::truncate), nth, rc_ioerr_write);
    case Refusal::sync_error: return disk_->fail(bit(DiskOp::sync), nth, rc_ioerr_fsync);
    }
}

void CrashDisk::crash(Leaves leaves)
{
    auto left = image_ ? std::move(*image_) : image(leaves);
    image_.reset();
    disk_ = std::make_unique<sqlite::FaultDisk>(std::move(left));
}

bool CrashDisk::contains(std::string_view text) const
{
    const auto now = disk_->image_killed();
    return std::any_of(now.begin(), now.end(), [&](const auto& file) {
        return as_text(BytesView(file.second)).find(text) != std::string_view::npos;
    });
}

// ---- a client's ---------------------------------------------------------------------------------

ClientDisk::ClientDisk(DiskKind kind, std::uint64_t seed) : kind_(kind)
{
    if (kind_ == DiskKind::memory) return;
    auto key = sqlite::Key::raw(Bytes(32, 9));
    demand(key.ok(), "a key of 32 bytes is refused");
    key_ = std::make_unique<sqlite::Key>(*std::move(key));
    crash_disk_ = std::make_unique<CrashDisk>(seed);
    open();
}

void ClientDisk::open()
{
    store::StoreOptions options;
    options.path = client_file;
    options.key = key_.get();
    options.vfs_name = crash_disk_->name();
    auto opened = store::SqliteStore::open(options);
    demand(opened.ok(), "a client's store does not open: " + (opened.ok() ? std::string() : opened.error().detail));
    sqlite_ = *std::move(opened);
}

port::Store& ClientDisk::store()
{
    if (kind_ == DiskKind::memory) return memory_;
    return *sqlite_;
}

void ClientDisk::doom(std::uint64_t operation, Leaves leaves)
{
    if (kind_ == DiskKind::memory)
        memory_.lose_next_commit();
    else
        crash_disk_->doom(operation, leaves);
}

void ClientDisk::spare()
{
    if (kind_ == DiskKind::memory)
        memory_.keep_next_commit();
    else
        crash_disk_->spare();
}

bool ClientDisk::doomed() const
{
    return kind_ == DiskKind::memory ? memory_.lost_commit() : crash_disk_->doomed();
}

void ClientDisk::refuse_at(std::uint64_t nth, Refusal how)
{
    if (kind_ == DiskKind::memory)
        memory_.fail_at(nth);
    else
        crash_disk_->refuse_at(nth, how);
    may_stop_ = may_stop_ || (nth > 0 && how == Refusal::sync_error);
}

bool ClientDisk::stopped()
{
    if (kind_ == DiskKind::memory || !may_stop_) return false;
    (void)sqlite_->identity();
    return sqlite_->failed();
}

void ClientDisk::crash(Leaves leaves)
{
    may_stop_ = false;
    if (kind_ == DiskKind::memory) return memory_.power_cut();
    const bool decided = crash_disk_->doomed();
    // A process that is killed writes nothing more: what closing would still write is not to be seen.
    if (!decided) crash_disk_->doom(0, leaves);
    sqlite_->rollback();
    sqlite_.reset();
    crash_disk_->crash(leaves);
    open();
}

std::uint64_t ClientDisk::changes() const
{
    return kind_ == DiskKind::memory ? memory_.commits() : crash_disk_->changes();
}

// ---- the relay's --------------------------------------------------------------------------------

RelayDisk::RelayDisk(DiskKind kind, std::uint64_t seed) : kind_(kind)
{
    if (kind_ == DiskKind::sqlite) crash_disk_ = std::make_unique<CrashDisk>(seed);
    open();
}

void RelayDisk::open()
{
    auto opened = kind_ == DiskKind::memory ? relay::Store::open_in_memory()
                                            : relay::Store::open(relay_file, crash_disk_->name());
    demand(opened.ok(), "the relay's store does not open: " + (opened.ok() ? std::string() : opened.error().detail));
    store_ = std::make_unique<relay::Store>(*std::move(opened));
}

void RelayDisk::doom(std::uint64_t operation, Leaves leaves)
{
    if (crash_disk_) crash_disk_->doom(operation, leaves);
}

void RelayDisk::spare()
{
    if (crash_disk_) crash_disk_->spare();
}

void RelayDisk::refuse_at(std::uint64_t nth, Refusal how)
{
    if (crash_disk_) crash_disk_->refuse_at(nth, how);
}

void RelayDisk::crash(Leaves leaves)
{
    store_->rollback();
    if (!crash_disk_) return;
    if (!crash_disk_->doomed()) crash_disk_->doom(0, leaves);
    store_.reset();
    crash_disk_->crash(leaves);
    open();
}

void RelayDisk::restore(sqlite::DiskImage image)
{
    store_.reset();
    crash_disk_->restore(std::move(image));
    open();
}

} // namespace godwit::testing

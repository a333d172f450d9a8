// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/wal_file.hpp"

#include "lib/sqlite/crypt_vfs.hpp"
#include "lib/sqlite/database.hpp"
#include "lib/sqlite/errors.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

constexpr std::size_t at_commit = 4;

std::uint64_t unit_offset(std::uint64_t frame)
{
    return prefix_bytes + frame * unit_bytes;
}

} // namespace

WalFile::~WalFile()
{
    sodium_memzero(unit_, sizeof unit_);
    if (pending_) sodium_memzero(&*pending_, sizeof *pending_);
}

int WalFile::open(const char* name, int flags, int* out_flags)
{
    int rc = file_.open(vfs_.base(), name, flags, out_flags);
    if (rc != SQLITE_OK) return rc;
    WalScan scan;
    rc = scan_wal(file_, sealer_, scan);
    if (rc != SQLITE_OK) return rc;
    if (scan.corrupt) {
        vfs_.report(damaged_store(*scan.corrupt));
        return SQLITE_IOERR_DATA;
    }
    header_ = scan.header;
    if (header_) header_slot_ = scan.header_slot;
    frames_known_ = scan.frames_valid;
    commit_end_ = scan.frames_committed; // synced or only in the system's cache: the next sync settles it
    if (scan.frames_valid > scan.frames_committed || scan.frames_damaged > 0)
        vfs_.report_tail({scan.frames_committed, scan.frames_valid - scan.frames_committed, scan.frames_damaged});
    return SQLITE_OK;
}

int WalFile::read(std::uint8_t* out, std::size_t size, std::uint64_t offset)
{
    if (const int rc = flush_pending(); rc != SQLITE_OK) return rc;
    while (size > 0) {
        std::size_t part = 0;
        if (offset < wal_header_bytes) {
            part = std::min(size, static_cast<std::size_t>(wal_header_bytes - offset));
            if (!header_) {
                std::memset(out, 0, size);
                return SQLITE_IOERR_SHORT_READ;
            }
            std::memcpy(out, header_->data() + offset, part);
        } else {
            const std::uint64_t frame = (offset - wal_header_bytes) / frame_bytes;
            const std::size_t within = static_cast<std::size_t>((offset - wal_header_bytes) % frame_bytes);
            bool missing = false;
            if (const int rc = load_unit(frame, missing); rc != SQLITE_OK) return rc;
            if (missing) {
                std::memset(out, 0, size);
                return SQLITE_IOERR_SHORT_READ;
            }
            part = std::min(size, frame_bytes - within);
            // unit_ holds header and body; what SQLite sees behind them are the reserved bytes, as zeros.
            constexpr std::size_t held = frame_header_bytes + body_bytes;
            const std::size_t copied = within < held ? std::min(part, held - within) : 0;
            std::memcpy(out, unit_ + within, copied);
            std::memset(out + copied, 0, part - copied);
        }
        out += part;
        size -= part;
        offset += part;
    }
    return SQLITE_OK;
}

int WalFile::write(const std::uint8_t* in, std::size_t size, std::uint64_t offset)
{
    if (offset == 0 && size == wal_header_bytes) return write_header(in);
    if (offset < wal_header_bytes || !header_) return SQLITE_IOERR_WRITE;
    const std::uint64_t frame = (offset - wal_header_bytes) / frame_bytes;
    const std::uint64_t within = (offset - wal_header_bytes) % frame_bytes;

    if (within == 0 && size == frame_header_bytes) {
        if (const int rc = flush_pending(); rc != SQLITE_OK) return rc;
        pending_.emplace();
        pending_->frame = frame;
        std::memcpy(pending_->bytes, in, frame_header_bytes);
        return SQLITE_OK;
    }
    // SQLite knows three writes: header, page, and (should a later version join them) both.
    const bool whole = within == 0 && size == frame_bytes;
    if (!whole && !(within == frame_header_bytes && size == page_bytes)) return SQLITE_IOERR_WRITE;
    if (whole) {
        pending_.reset();
        std::memcpy(unit_, in, frame_header_bytes);
        in += frame_header_bytes;
    } else if (pending_ && pending_->frame == frame) {
        std::memcpy(unit_, pending_->bytes, frame_header_bytes);
        pending_.reset();
    } else {
        bool missing = false;
        int rc = flush_pending();
        if (rc == SQLITE_OK) rc = load_unit(frame, missing);
        if (rc != SQLITE_OK) return rc;
        if (missing) return SQLITE_IOERR_WRITE;
    }
    // The frame checksum covers these bytes, and we do not keep them: SQLite promises not to use them.
    if (!std::all_of(in + body_bytes, in + page_bytes, [](std::uint8_t b) { return b == 0; }))
        return SQLITE_IOERR_WRITE;
    std::memcpy(unit_ + frame_header_bytes, in, body_bytes);
    return store_unit(frame);
}

// A new generation: every frame of the old one has reached the main file. The old header stays until the new one is
// synced, which SQLite does before it writes the first frame.
int WalFile::write_header(const std::uint8_t* in)
{
    if (const int rc = flush_pending(); rc != SQLITE_OK) return rc;
    const unsigned slot = 1 - header_slot_;
    std::array<std::uint8_t, slot_bytes> out;
    sealer_.seal_wal_header(slot, in, out.data());
    if (const int rc = file_.write(out.data(), out.size(), std::uint64_t{slot} * slot_bytes); rc != SQLITE_OK)
        return rc;
    header_.emplace();
    std::memcpy(header_->data(), in, wal_header_bytes);
    header_slot_ = slot;
    frames_known_ = commit_end_ = frames_synced_ = 0;
    return SQLITE_OK;
}

int WalFile::flush_pending()
{
    if (!pending_) return SQLITE_OK;
    const PendingHeader pending = *pending_;
    pending_.reset();
    bool missing = false;
    const int rc = load_unit(pending.frame, missing);
    if (rc != SQLITE_OK) return rc;
    if (missing) std::memset(unit_, 0, sizeof unit_);
    std::memcpy(unit_, pending.bytes, frame_header_bytes);
    return store_unit(pending.frame);
}

int WalFile::load_unit(std::uint64_t frame, bool& missing)
{
    const std::uint64_t at = unit_offset(frame);
    missing = false;
    int rc = file_.read(disk_, unit_bytes, at);
    const bool cut = rc == SQLITE_IOERR_SHORT_READ;
    if (cut) {
        std::uint64_t end = 0;
        if (const int size_rc = file_.size(end); size_rc != SQLITE_OK) return size_rc;
        missing = end <= at;
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK) return rc;
    if (!cut && sealer_.open_unit(frame, disk_, unit_)) return SQLITE_OK;
    if (frame < frames_known_) {
        vfs_.report(
            damaged_store("frame " + std::to_string(frame + 1) + " of the write-ahead log fails authentication"));
        return SQLITE_IOERR_DATA;
    }
    std::memset(unit_, 0, sizeof unit_); // never written by us: the end of the log, to SQLite
    return SQLITE_OK;
}

int WalFile::store_unit(std::uint64_t frame)
{
    // What is written over was not acknowledged: SQLite takes back frames only of a commit that failed, be it after its
    // last frame, and even after a sync. No unit may claim that they were kept.
    frames_synced_ = std::min(frames_synced_, frame);
    store_be64(unit_ + frame_header_bytes + body_bytes, frames_synced_);
    sealer_.seal_unit(frame, unit_, disk_);
    const int rc = file_.write(disk_, unit_bytes, unit_offset(frame));
    if (rc != SQLITE_OK) return rc;
    frames_known_ = std::max(frames_known_, frame + 1);
    commit_end_ = load_be32(unit_ + at_commit) != 0 ? frame + 1 : std::min(commit_end_, frame);
    return SQLITE_OK;
}

int WalFile::truncate(std::uint64_t size)
{
    if (const int rc = flush_pending(); rc != SQLITE_OK) return rc;
    if (size < wal_header_bytes) {
        if (const int rc = file_.truncate(0); rc != SQLITE_OK) return rc;
        header_.reset();
        header_slot_ = 1;
        frames_known_ = commit_end_ = frames_synced_ = 0;
        return SQLITE_OK;
    }
    const std::uint64_t frames = (size - wal_header_bytes) / frame_bytes;
    const int rc = file_.truncate(unit_offset(frames));
    if (rc == SQLITE_OK) frames_known_ = std::min(frames_known_, frames);
    return rc;
}

int WalFile::sync(int flags)
{
    int rc = flush_pending();
    if (rc == SQLITE_OK) rc = file_.sync(flags);
    if (rc == SQLITE_OK) frames_synced_ = commit_end_;
    return rc;
}

int WalFile::size(std::uint64_t& out)
{
    const int rc = file_.size(out);
    if (rc != SQLITE_OK) return rc;
    if (out > prefix_bytes) {
        const std::uint64_t units = (out - prefix_bytes + unit_bytes - 1) / unit_bytes;
        out = wal_header_bytes + units * frame_bytes;
    } else {
        out = header_ ? wal_header_bytes : 0;
    }
    return rc;
}

int WalFile::control(int op, void* arg)
{
    return op == SQLITE_FCNTL_LAST_ERRNO ? file_.control(op, arg) : SQLITE_NOTFOUND;
}

int WalFile::sector_bytes()
{
    return file_.sector_bytes();
}
int WalFile::characteristics()
{
    return file_.characteristics();
}

} // namespace godwit::sqlite

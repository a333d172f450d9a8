// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/main_file.hpp"

#include "lib/sqlite/crypt_vfs.hpp"
#include "lib/sqlite/errors.hpp"
#include "lib/sqlite/page_gap.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
MainFile::~MainFile()
{
    sodium_memzero(plain_, sizeof plain_);
}

int MainFile::open(const char* name, int flags, int* out_flags, const Key& key)
{
    int got = flags;
    int rc = file_.open(vfs_.base(), name, flags, &got);
    if (rc != SQLITE_OK) return rc;
    if (out_flags != nullptr) *out_flags = got;
    if ((got & SQLITE_OPEN_READONLY) != 0) {
        vfs_.report({ErrorCode::storage_failed, "the store is read-only: make its file and directory writable"});
        return SQLITE_READONLY;
    }
    rc = file_.lock(SQLITE_LOCK_SHARED);
    if (rc == SQLITE_OK) rc = file_.lock(SQLITE_LOCK_EXCLUSIVE);
    if (rc != SQLITE_OK) return rc;
    // Between opening and locking a repair may have put another file under this name.
    int moved = 0;
    if (file_.control(SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0) return SQLITE_BUSY;

    std::uint64_t bytes = 0;
    rc = file_.size(bytes);
    if (rc != SQLITE_OK) return rc;
    std::uint64_t log_bytes = 0;
    if (rc = size_of_log(name, log_bytes); rc != SQLITE_OK) return rc;
    if (bytes > 0) return enter(key, bytes, log_bytes <= prefix_bytes);
    // Frames beside nothing are what is left of a store that was lost: a new one would write over them. (A log of no
    // frames is a birth that the power cut.)
    if (log_bytes > prefix_bytes) {
        vfs_.report(damaged_store("the store is empty or gone, its write-ahead log (-wal) is still there"));
        return SQLITE_IOERR_DATA;
    }
    return create(key);
}

/// Zero when there is none.
int MainFile::size_of_log(const char* name, std::uint64_t& bytes)
{
    const char* const log_name = sqlite3_filename_wal(name);
    int there = 0;
    if (const int rc = vfs_.base()->xAccess(vfs_.base(), log_name, SQLITE_ACCESS_EXISTS, &there); rc != SQLITE_OK)
        return rc;
    if (there == 0) return SQLITE_OK;
    RawFile log;
    int got = 0;
    const int rc = log.open(vfs_.base(), log_name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, &got);
    return rc == SQLITE_OK ? log.size(bytes) : rc;
}

int MainFile::create(const Key& key)
{
    data_key_ = new_data_key();
    auto slot = wrap(key, data_key_, 1);
    if (!slot) {
        vfs_.report(slot.error());
        return SQLITE_IOERR;
    }
    const int rc = write_both_slots(*slot, 0);
    if (rc != SQLITE_OK) return rc;
    sealer_.emplace(SecretBytes(data_key_.view()));
    return SQLITE_OK;
}

// Nothing is written before the key has proved right.
int MainFile::enter(const Key& key, std::uint64_t physical_bytes, bool may_be_new)
{
    Superblock block;
    if (const int rc = block.read(file_); rc != SQLITE_OK) return rc;
    if (block.any(SlotHealth::newer_version)) {
        vfs_.report({ErrorCode::storage_too_new, "a newer godwit wrote this store: update; the file is untouched"});
        return SQLITE_CANTOPEN;
    }
    if (block.lost()) {
        if (may_be_new && is_stillborn(block.slots[0], physical_bytes)) return create(key);
        vfs_.report(damaged_store("this is no godwit store, or both copies of its superblock are damaged"));
        return SQLITE_IOERR_DATA;
    }
    auto opened = block.open(key);
    if (!opened) {
        vfs_.report(opened.error());
        return SQLITE_CANTOPEN;
    }
    const unsigned mine = opened->slot, other = 1 - mine;
    data_key_ = std::move(opened->data_key);
    sealer_.emplace(SecretBytes(data_key_.view()));
    slot_ = block.born() ? as_born(block.slots[mine]) : block.slots[mine];
    if (!born()) {
        if (const int rc = file_.truncate(prefix_bytes); rc != SQLITE_OK) return rc;
    } else if (physical_bytes <= prefix_bytes) {
        vfs_.report(damaged_store("the store was cut off after its superblock"));
        return SQLITE_IOERR_DATA;
    }
    if (block.slots[mine] == slot_ && block.slots[other] == slot_) return SQLITE_OK;
    return write_both_slots(slot_, other);
}

int MainFile::write_both_slots(const Slot& slot, unsigned first)
{
    for (const unsigned i : {first, 1 - first}) {
        int rc = file_.write(slot.data(), slot.size(), std::uint64_t{i} * slot_bytes);
        if (rc == SQLITE_OK) rc = file_.sync();
        if (rc != SQLITE_OK) return rc;
    }
    slot_ = slot;
    return SQLITE_OK;
}

Result<void> MainFile::mark_born()
{
    if (born()) return {};
    if (file_.sync() != SQLITE_OK || write_both_slots(as_born(slot_), 1) != SQLITE_OK)
        return Error{ErrorCode::storage_failed, "the store could not be created: check the disk"};
    return {};
}

Result<void> MainFile::rekey(const Key& key)
{
    auto slot = wrap(key, data_key_, slot_generation(slot_) + 1);
    if (!slot) return slot.error();
    if (write_both_slots(born() ? as_born(*slot) : *slot, 1) != SQLITE_OK)
        return Error{ErrorCode::storage_failed,
                     "the key was not changed for certain: close the store; the old or the new key opens it"};
    return {};
}

int MainFile::load_page(std::uint64_t page, std::uint8_t* plain, bool& missing)
{
    const std::uint64_t at = prefix_bytes + page * page_bytes;
    missing = false;
    const int rc = file_.read(disk_, page_bytes, at);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        std::uint64_t end = 0;
        if (const int size_rc = file_.size(end); size_rc != SQLITE_OK) return size_rc;
        missing = end <= at;
        if (missing) return SQLITE_OK;
    } else if (rc != SQLITE_OK) {
        return rc;
    }
    return sealer_->open_page(page, disk_, plain) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int MainFile::read(std::uint8_t* out, std::size_t size, std::uint64_t offset)
{
    while (size > 0) {
        const std::uint64_t page = offset / page_bytes;
        const std::size_t within = static_cast<std::size_t>(offset % page_bytes);
        const std::size_t part = std::min(size, page_bytes - within);
        bool missing = false;
        const bool whole = part == page_bytes;
        const int rc = load_page(page, whole ? out : plain_, missing);
        if (missing) {
            std::memset(out, 0, size);
            return SQLITE_IOERR_SHORT_READ;
        }
        if (rc == SQLITE_IOERR_DATA && page == 0 && !whole) {
            // SQLite peeks at the first 100 bytes before it looks into the WAL. A checkpoint that was cut short may
            // have torn page 1 here while the WAL still holds it whole: tell what every database of ours has in common.
            // If the WAL does not hold it, reading the page itself fails below.
            std::memset(plain_, 0, page_bytes);
            std::memcpy(plain_, "SQLite format 3", 16);
            plain_[16] = page_bytes >> 8;
            plain_[18] = plain_[19] = 2; // WAL
            plain_[20] = reserved_bytes;
        } else if (rc != SQLITE_OK) {
            if (rc == SQLITE_IOERR_DATA)
                vfs_.report(damaged_store("page " + std::to_string(page + 1) + " of the store fails authentication"));
            return rc;
        }
        if (!whole) std::memcpy(out, plain_ + within, part);
        out += part;
        size -= part;
        offset += part;
    }
    return SQLITE_OK;
}

int MainFile::write(const std::uint8_t* in, std::size_t size, std::uint64_t offset)
{
    // SQLite writes whole pages, and so the reserved bytes that it never uses are ours.
    if (size != page_bytes || offset % page_bytes != 0) return SQLITE_IOERR_WRITE;
    const std::uint64_t page = offset / page_bytes;
    std::memcpy(plain_, in, page_bytes);
    wipe_gap(page, plain_);
    sealer_->seal_page(page, plain_, disk_);
    return file_.write(disk_, page_bytes, prefix_bytes + offset);
}

int MainFile::truncate(std::uint64_t size)
{
    return file_.truncate(prefix_bytes + size);
}
int MainFile::sync(int flags)
{
    return file_.sync(flags);
}

int MainFile::size(std::uint64_t& out)
{
    const int rc = file_.size(out);
    out = out > prefix_bytes ? out - prefix_bytes : 0;
    return rc;
}

int MainFile::control(int op, void* arg)
{
    switch (op) {
    case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_LAST_ERRNO: return file_.control(op, arg);
    default: return SQLITE_NOTFOUND; // size hints, mmap and the like speak of offsets that are not ours
    }
}

int MainFile::sector_bytes()
{
    return file_.sector_bytes();
}
int MainFile::characteristics()
{
    return file_.characteristics();
}

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// What is left of a database whose files may be damaged: each page in its newest version that authenticates, read in
// place. Nothing is ever written. For checking (remains_view.hpp), and for saving rows (row_scan.hpp, salvage.hpp). Of
// a plain database nothing authenticates: remains_plain.cpp says what counts as lost there.
//
//   open -> lock -> superblock: data key -> log: which page versions were committed -> main file: the other pages
//
// Opening for use refuses a log that is damaged in the middle. Here what lies behind the damage is taken too, as far as
// it was committed:
//
//   frame      0 1 2 x 4 5 | 6 7      witness (wal_scan.hpp): some unit knows that frames below 6 were synced
//   taken      y y y   y y   only when 5 reads and their checksums go on from it, up to the last commit
//
// Pages whose newest version stood in a lost frame are then older than they should be: Damage::is_stale().
#pragma once

#include <godwit/result.hpp>

#include "lib/sqlite/key.hpp"

#include <memory>
#include <string>
#include <vector>

namespace godwit::sqlite {

struct Damage {
    std::uint64_t pages = 0; ///< That the database has.
    std::vector<std::uint32_t>
        lost_pages;               ///< From 1: no version authenticates (or makes sense), or the file ends before them.
    std::uint64_t log_frames = 0; ///< Committed and read.
    std::uint64_t log_frames_lost = 0; ///< Were committed, and do not authenticate.
    std::uint64_t log_frames_tail = 0; ///< Behind the last commit: never acknowledged, no damage.
    unsigned superblocks = 0;          ///< Copies of two that are damaged; opening heals one from the other.
    bool log_header = false;           ///< The log's header is lost.
    bool length = false;               ///< The first page is lost, and with it how many pages there should be.
    bool unborn = false;               ///< Its creation was cut short: nothing was ever in it.

    /// More may be missing, or be older than it was, than can be named.
    [[nodiscard]] bool is_stale() const noexcept { return log_frames_lost > 0 || log_header || length; }
    [[nodiscard]] bool any() const noexcept { return is_stale() || !lost_pages.empty() || superblocks > 0; }
};

class Remains {
public:
    /// Holds the lock of the file until destroyed, so that nobody works on it meanwhile. Errors: as Database::open;
    /// storage_corrupt when neither copy of the superblock is whole: then no byte of it can be read. storage_failed
    /// also when there is no such file.
    [[nodiscard]] static Result<Remains> open(const std::string& path, const Key& key, const char* vfs_name = nullptr);
    /// Of one that is not encrypted.
    [[nodiscard]] static Result<Remains> open_plain(const std::string& path, const char* vfs_name = nullptr);
    Remains(Remains&&) noexcept;
    Remains& operator=(Remains&&) noexcept;
    ~Remains();

    [[nodiscard]] const Damage& damage() const noexcept;
    /// The newest page `number` (from 1) as SQLite knows it, page_bytes. False: lost, or there is none.
    [[nodiscard]] bool read_page(std::uint32_t number, std::uint8_t* out) const;
    /// Lost pages and frames are those that do not authenticate: of an encrypted database.
    [[nodiscard]] bool authenticates() const noexcept;
    /// Of each page, for SQLite; the rest is ours (layout.hpp).
    [[nodiscard]] std::size_t usable_bytes() const noexcept;
    /// Page numbers, those that changed last first.
    [[nodiscard]] std::vector<std::uint32_t> newest_first() const;

    struct Impl;

private:
    explicit Remains(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// Private to lib/sqlite: what both kinds of remains share. remains_sealed.cpp reads encrypted files, where each page
// proves itself; remains_plain.cpp plain ones, where only the log has checksums and the trees tell what belongs to
// them.
#pragma once

#include "lib/sqlite/raw_file.hpp"
#include "lib/sqlite/remains.hpp"
#include "lib/sqlite/wal_scan.hpp"

#include <map>
#include <set>

namespace godwit::sqlite {

// SQLite's frame header, see wal_scan.cpp.
inline constexpr std::size_t frame_at_commit = 4;
inline constexpr std::size_t frame_at_salts = 8;
inline constexpr std::size_t frame_at_checksum = 16;
inline constexpr std::size_t salts_bytes = 8;
inline constexpr std::size_t header_at_salts = 16;
inline constexpr std::size_t header_at_checksum = 24;

/// One frame of the log as it was read.
struct LoggedFrame {
    bool ours = false;       ///< Authentic, and of the newest generation.
    bool generation = false; ///< Its salts are the newest generation's. Of plain logs.
    bool follows = false;    ///< Its checksum goes on from that of the frame before it, which was read.
    std::uint32_t page = 0;
    std::uint32_t commit_pages = 0; ///< 0: no commit.
    WalChecksum checksum;
};

struct FreeName {
    void operator()(const char* name) const noexcept { sqlite3_free_filename(const_cast<char*>(name)); }
};

struct Remains::Impl {
    /// `first_page_at`: bytes before the first page. `usable_bytes`: of a page, for SQLite.
    Impl(std::uint64_t first_page_at, std::size_t usable_bytes) : prefix(first_page_at), usable(usable_bytes) {}
    virtual ~Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Locks the main file from here on.
    Result<void> open_files(const std::string& path, const char* vfs_name);
    /// Below `witnessed` every frame was committed; above it as far as checksums run on, up to the last commit.
    void take_committed(const std::vector<LoggedFrame>& frames, std::uint64_t witnessed);
    Result<void> read_main();
    /// False: lost.
    virtual bool open_main_page(std::uint32_t number, std::uint8_t* out) const = 0;
    virtual bool open_logged_page(std::uint64_t frame, std::uint8_t* out) const = 0;

    const std::uint64_t prefix;
    const std::size_t usable;
    std::unique_ptr<const char, FreeName> name;
    sqlite3_vfs* vfs = nullptr;
    mutable RawFile main;
    mutable RawFile log;
    bool has_log = false;
    Damage damage;
    std::uint64_t main_pages = 0;
    std::map<std::uint32_t, std::uint64_t> frame_of; ///< Page -> the newest committed frame of it.
    std::set<std::uint32_t> senseless;               ///< Read, and no page of the tree that they belong to.
};

/// The running checksum from `before` over one frame is `after`. `page`: the whole of it.
[[nodiscard]] bool runs_on(const WalChecksum& before, const std::uint8_t* frame_header, const std::uint8_t* page,
                           const WalChecksum& after);
[[nodiscard]] WalChecksum stored_checksum(const std::uint8_t* at) noexcept;

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
// backup: copies of a relay's data directory in another folder. In the order of a copy's life:
//
//   snapshot of relay.db (lib/sqlite/online_copy) -> keep.hpp: what changed, written aside, one rename
//                                                 -> check.hpp: is all of it there, and sound?
//                                                 -> restore.hpp: a database again, in a data directory
//
//   FOLDER/000001-full/          manifest.toml  pages.sum  identity.key  relay.db
//   FOLDER/000002-incremental/   manifest.toml  pages.sum  identity.key  pages.bin
//   FOLDER/.new/                 being written; worth nothing
//
// pages.sum has 32 bytes a page of the database as it then was: BLAKE2b-256 of the page. pages.bin has the pages whose
// sum is another one than in the copy before: number (4 bytes, big-endian, from 0) and bytes, ascending. So each copy
// says what the whole database is, and an incremental one needs those before it down to a full one.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <godwit/result.hpp>

#include <array>
#include <filesystem>
#include <vector>

namespace godwit::relay::backup {

inline constexpr std::size_t page_bytes = 4096; ///< lib/sqlite/layout.hpp
/// Copies in one folder; more: begin another folder.
inline constexpr std::size_t copies_max = 100'000;
inline constexpr std::uint64_t manifest_bytes_max = 64 * 1024;
inline constexpr std::uint64_t identity_bytes_max = 4096;
/// 256 GiB: sums of 2 GiB would be held in memory.
inline constexpr std::uint64_t pages_max = std::uint64_t{64} * 1024 * 1024;

using Sum = std::array<std::uint8_t, 32>;
using Sums = std::vector<Sum>;
using Page = std::array<std::uint8_t, page_bytes>;

struct Manifest {
    std::uint32_t number = 0;
    bool is_full = true;
    std::uint32_t previous = 0; ///< Number of the copy that an incremental one stands on.
    std::string previous_sum;   ///< Of its manifest.toml, in hex: a chain cannot be put together from two.
    WallMs created_ms = 0;
    std::string relay_version;
    std::uint64_t pages = 0;   ///< Of the database.
    std::uint64_t changed = 0; ///< Of them, those that are in this copy.
    std::string sums_sum;      ///< Of pages.sum, in hex.
    std::string identity_sum;  ///< Of identity.key, in hex.
    // Not in the file:
    std::filesystem::path folder;
    std::string sum; ///< Of the file itself, in hex.
};

[[nodiscard]] std::string folder_name(std::uint32_t number, bool is_full);
[[nodiscard]] std::string written(const Manifest& manifest);
/// Errors: storage_corrupt.
[[nodiscard]] Result<Manifest> read_manifest(const std::filesystem::path& folder);
/// Those in `folder` by number. A folder without a manifest that reads is an error: whoever asks wants to rely on them.
[[nodiscard]] Result<std::vector<Manifest>> list(const std::filesystem::path& folder);
/// From the full copy to `number`, in this order; 0: to the newest. Errors: storage_corrupt (a link is missing, or is
/// another one), invalid_argument (no such copy).
[[nodiscard]] Result<std::vector<Manifest>> chain(const std::vector<Manifest>& all, std::uint32_t number);

[[nodiscard]] Sum sum_of(const Page& page);
/// Of a small file's bytes.
[[nodiscard]] std::string sum_text(BytesView bytes);
[[nodiscard]] Result<Bytes> read_small(const std::filesystem::path& path, std::uint64_t bytes_max);
/// Checked against the manifest.
[[nodiscard]] Result<Sums> read_sums(const Manifest& manifest);

} // namespace godwit::relay::backup

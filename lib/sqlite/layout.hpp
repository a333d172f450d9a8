// SPDX-License-Identifier: Apache-2.0
// Where everything lies in an encrypted database, in bytes. Numbers on disk are big-endian, like SQLite's own.
//
//   main file   | superblock slot 0 | superblock slot 1 | page 1 | page 2 | ...
//               | 4096              | 4096              | 4096 each
//   page        | 4056 encrypted                        | 24 nonce | 16 tag |
//
//   -wal file   | header slot 0     | header slot 1     | unit 0 | unit 1 | ...
//               | 4096              | 4096              | 4128 each
//   header slot | 24 nonce | 32 encrypted: SQLite's WAL header | 16 tag | zeros |
//   unit        | 24 + 4056 + 8 encrypted: frame header, page, frames known to be synced | 24 nonce | 16 tag |
//
// SQLite keeps the last 40 bytes of each page free for us (its "reserved bytes", always zero in what it hands down).
#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit::sqlite {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t nonce_bytes = 24; // XChaCha20: wide enough that random nonces never meet
inline constexpr std::size_t tag_bytes = 16;
inline constexpr std::size_t reserved_bytes = nonce_bytes + tag_bytes;
inline constexpr std::size_t body_bytes = page_bytes - reserved_bytes;

/// One slot is the largest sector in use today, so that a torn write costs one slot and never both.
inline constexpr std::size_t slot_bytes = 4096;
inline constexpr std::size_t prefix_bytes = 2 * slot_bytes;

/// https://www.sqlite.org/fileformat2.html section 4.1.
inline constexpr std::size_t wal_header_bytes = 32;
inline constexpr std::size_t frame_header_bytes = 24;
/// A frame as SQLite sees it.
inline constexpr std::size_t frame_bytes = frame_header_bytes + page_bytes;
/// The same frame on disk: 8 bytes more, see WalFile.
inline constexpr std::size_t synced_mark_bytes = 8;
inline constexpr std::size_t unit_plain_bytes = frame_header_bytes + body_bytes + synced_mark_bytes;
inline constexpr std::size_t unit_bytes = unit_plain_bytes + reserved_bytes;

[[nodiscard]] inline std::uint32_t load_be32(const std::uint8_t* p) noexcept
{
    return (std::uint32_t{p[0]} << 24) | (std::uint32_t{p[1]} << 16) | (std::uint32_t{p[2]} << 8) | std::uint32_t{p[3]};
}

[[nodiscard]] inline std::uint64_t load_be64(const std::uint8_t* p) noexcept
{
    return (std::uint64_t{load_be32(p)} << 32) | load_be32(p + 4);
}

inline void store_be32(std::uint8_t* p, std::uint32_t v) noexcept
{
    p[0] = static_cast<std::uint8_t>(v >> 24);
    p[1] = static_cast<std::uint8_t>((v >> 16) & 255);
    p[2] = static_cast<std::uint8_t>((v >> 8) & 255);
    p[3] = static_cast<std::uint8_t>(v & 255);
}

inline void store_be64(std::uint8_t* p, std::uint64_t v) noexcept
{
    store_be32(p, static_cast<std::uint32_t>(v >> 32));
    store_be32(p + 4, static_cast<std::uint32_t>(v & 0xffffffffU));
}

} // namespace godwit::sqlite

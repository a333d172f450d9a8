// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/wal_scan.hpp"

#include <algorithm>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

// SQLite's frame header: 0 page number | 4 pages after commit, or 0 | 8 salts (8) | 16 checksum (8).
constexpr std::size_t at_commit = 4;
constexpr std::size_t at_frame_salt = 8;
constexpr std::size_t at_frame_checksum = 16;
// SQLite's WAL header: 0 magic | 4 version | 8 page size | 12 checkpoint number | 16 salts (8) | 24 checksum (8).
constexpr std::size_t at_sequence = 12;
constexpr std::size_t at_salt = 16;
constexpr std::size_t at_header_checksum = 24;
constexpr std::size_t salts_bytes = 8;

WalChecksum stored_checksum(const std::uint8_t* p)
{
    return {load_be32(p), load_be32(p + 4)};
}

int find_header(RawFile& file, const Sealer& sealer, WalScan& out)
{
    for (unsigned slot = 0; slot < 2; ++slot) {
        std::array<std::uint8_t, slot_bytes> raw;
        const int rc = file.read(raw.data(), raw.size(), std::uint64_t{slot} * slot_bytes);
        if (rc == SQLITE_IOERR_SHORT_READ) continue;
        if (rc != SQLITE_OK) return rc;
        WalHeader header;
        if (!sealer.open_wal_header(slot, raw.data(), header.data())) continue;
        const auto newer = [](const WalHeader& a, const WalHeader& b) { // sequence numbers wrap
            return static_cast<std::int32_t>(load_be32(a.data() + at_sequence) - load_be32(b.data() + at_sequence)) > 0;
        };
        if (out.header && !newer(header, *out.header)) continue;
        out.header = header;
        out.header_slot = slot;
    }
    return SQLITE_OK;
}

} // namespace

void WalChecksum::add(const std::uint8_t* bytes, std::size_t size, bool big_endian) noexcept
{
    const auto word = [big_endian](const std::uint8_t* p) {
        return big_endian ? load_be32(p)
                          : std::uint32_t{p[0]} | (std::uint32_t{p[1]} << 8) | (std::uint32_t{p[2]} << 16) |
                                (std::uint32_t{p[3]} << 24);
    };
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
        a += word(bytes + i) + b;
        b += word(bytes + i + 4) + a;
    }
}

int scan_wal(RawFile& file, const Sealer& sealer, WalScan& out)
{
    out = WalScan{};
    std::uint64_t bytes = 0;
    if (const int rc = file.size(bytes); rc != SQLITE_OK) return rc;
    if (bytes == 0) return SQLITE_OK;
    if (const int rc = find_header(file, sealer, out); rc != SQLITE_OK) return rc;
    if (!out.header) {
        // The header is synced before the first unit is written: units without a header are damage.
        if (bytes > prefix_bytes) out.corrupt = "the write-ahead log has lost its header";
        return SQLITE_OK;
    }

    const WalHeader& header = *out.header;
    const bool big_endian = (header[3] & 1) != 0;
    WalChecksum chain = stored_checksum(header.data() + at_header_checksum);
    const std::uint64_t units = bytes > prefix_bytes ? (bytes - prefix_bytes + unit_bytes - 1) / unit_bytes : 0;
    bool in_order = true;
    bool first_is_damaged = false;
    std::uint64_t witnessed = 0; // frames that some authentic unit knows to be synced

    std::array<std::uint8_t, unit_bytes> disk;
    std::array<std::uint8_t, unit_plain_bytes> unit;
    for (std::uint64_t i = 0; i < units; ++i) {
        const int rc = file.read(disk.data(), unit_bytes, prefix_bytes + i * unit_bytes);
        if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return rc;
        const bool authentic = rc == SQLITE_OK && sealer.open_unit(i, disk.data(), unit.data());
        const bool ours =
            authentic && std::memcmp(unit.data() + at_frame_salt, header.data() + at_salt, salts_bytes) == 0;
        if (authentic && !ours && load_be32(unit.data() + at_frame_salt) == wal_salt(header) + 1) {
            // SQLite counts the first salt up at each restart. The newer header was synced before this unit was
            // written.
            out.corrupt = "the header of the write-ahead log is damaged";
            break;
        }
        if (ours) witnessed = std::max(witnessed, load_be64(unit.data() + frame_header_bytes + body_bytes));
        if (in_order) {
            bool good = ours;
            if (good) {
                static constexpr std::uint8_t reserved_zeros[reserved_bytes]{};
                chain.add(unit.data(), at_frame_salt, big_endian);
                chain.add(unit.data() + frame_header_bytes, body_bytes, big_endian);
                chain.add(reserved_zeros, reserved_bytes, big_endian);
                good = chain == stored_checksum(unit.data() + at_frame_checksum);
            }
            if (good) {
                ++out.frames_valid;
                if (load_be32(unit.data() + at_commit) != 0) out.frames_committed = out.frames_valid;
            } else {
                in_order = false;
                first_is_damaged = !authentic;
            }
        }
        if (!in_order && first_is_damaged && !authentic) ++out.frames_damaged;
    }
    if (!out.corrupt && witnessed > out.frames_valid)
        out.corrupt = "frame " + std::to_string(out.frames_valid + 1) + " of the write-ahead log is damaged";
    sodium_memzero(unit.data(), unit.size());
    return SQLITE_OK;
}

} // namespace godwit::sqlite

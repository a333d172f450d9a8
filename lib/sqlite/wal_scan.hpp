// SPDX-License-Identifier: Apache-2.0
// Judges a WAL that an earlier process left behind, before SQLite reads it.
//
// SQLite ends recovery at the first frame whose checksum is wrong, and says nothing: right for a torn last write, wrong
// for a rotten byte in the middle, which would silently take back messages that were acknowledged. So each unit also
// carries, encrypted, how many frames of its generation were already synced when it was written. Every authentic unit
// is a witness:
//
//   authentic, in order, same generation  0 1 2 3 4 5        -> hand to SQLite
//   first unit that is not                          x         -> below the highest witness: corruption
//                                                             -> else: the torn end of an unacknowledged transaction
//
// Not detectable, as in any log without a trusted counter: a last transaction torn after its sync (reported as a
// discarded tail), and a whole older pair of files put back.
#pragma once

#include "lib/sqlite/raw_file.hpp"
#include "lib/sqlite/sealer.hpp"

#include <array>
#include <optional>
#include <string>

namespace godwit::sqlite {

using WalHeader = std::array<std::uint8_t, wal_header_bytes>;

struct WalScan {
    std::optional<WalHeader> header;    ///< Of the newest generation; none: nothing was ever synced into this WAL.
    unsigned header_slot = 0;           ///< Where it stands.
    std::uint64_t frames_valid = 0;     ///< Authentic and in order, from the first.
    std::uint64_t frames_committed = 0; ///< Up to and with the last commit among them.
    std::uint64_t frames_damaged = 0;   ///< Units at the end that do not authenticate: a torn write.
    std::optional<std::string> corrupt; ///< Why this WAL must not be used.
};

/// Reads the whole file once, in constant memory. Returns an SQLite result code.
[[nodiscard]] int scan_wal(RawFile& file, const Sealer& sealer, WalScan& out);

/// SQLite's running checksum over `size` bytes (a multiple of 8); word order by the lowest bit of the header's magic.
struct WalChecksum {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    void add(const std::uint8_t* bytes, std::size_t size, bool big_endian) noexcept;
    friend bool operator==(const WalChecksum&, const WalChecksum&) = default;
};

[[nodiscard]] inline std::uint32_t wal_salt(const WalHeader& header) noexcept
{
    return load_be32(header.data() + 16);
}

} // namespace godwit::sqlite

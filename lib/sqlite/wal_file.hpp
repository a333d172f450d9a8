// SPDX-License-Identifier: Apache-2.0
// The write-ahead log of an encrypted database (see layout.hpp).
//
// open -> scan what is left (wal_scan.hpp) -> serve SQLite's view: a 32-byte header, then frames of 24 + 4096 bytes.
//
// SQLite writes the header of a frame and then its page; both go to disk as one unit, so a torn write costs only the
// frame being written. When a transaction outgrows the page cache SQLite later rewrites one half of a frame of that
// same, uncommitted transaction: then the unit is read, changed and written back.
#pragma once

#include "lib/sqlite/crypt_file.hpp"
#include "lib/sqlite/raw_file.hpp"
#include "lib/sqlite/wal_scan.hpp"

#include <optional>

namespace godwit::sqlite {

class CryptVfs;

class WalFile final : public CryptFile {
public:
    WalFile(CryptVfs& vfs, const Sealer& sealer) : vfs_(vfs), sealer_(sealer) {}
    ~WalFile() override;

    int open(const char* name, int flags, int* out_flags);

    int read(std::uint8_t* out, std::size_t size, std::uint64_t offset) override;
    int write(const std::uint8_t* in, std::size_t size, std::uint64_t offset) override;
    int truncate(std::uint64_t size) override;
    int sync(int flags) override;
    int size(std::uint64_t& out) override;
    int control(int op, void* arg) override;
    int sector_bytes() override;
    int characteristics() override;

private:
    struct PendingHeader {
        std::uint64_t frame;
        std::uint8_t bytes[frame_header_bytes];
    };

    int write_header(const std::uint8_t* in);
    int flush_pending();
    /// Fills unit_ with frame `frame`; `missing` past the end of the file; zeros for what never was a frame of ours.
    int load_unit(std::uint64_t frame, bool& missing);
    /// Seals unit_ and writes it.
    int store_unit(std::uint64_t frame);

    CryptVfs& vfs_;
    const Sealer& sealer_;
    RawFile file_;
    std::optional<WalHeader> header_;
    unsigned header_slot_ = 1;        // the first header goes to slot 0
    std::uint64_t frames_known_ = 0;  // frames below this must authenticate
    std::uint64_t commit_end_ = 0;    // after the last commit frame written in this generation
    std::uint64_t frames_synced_ = 0; // commit_end_ as of the last sync: the mark that new units carry
    std::optional<PendingHeader> pending_;
    std::uint8_t disk_[unit_bytes]{};
    std::uint8_t unit_[unit_plain_bytes]{};
};

} // namespace godwit::sqlite

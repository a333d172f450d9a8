// SPDX-License-Identifier: Apache-2.0
// Pages and WAL units to ciphertext and back: XChaCha20-Poly1305 under the data key of one database. The associated
// data bind kind and position, so that no unit can be moved; the key differs for each database, so none can be
// borrowed.
#pragma once

#include "lib/sqlite/key.hpp"
#include "lib/sqlite/layout.hpp"

namespace godwit::sqlite {

class Sealer {
public:
    explicit Sealer(SecretBytes data_key) : key_(std::move(data_key)) {}

    /// 4096 bytes of SQLite's page to 4096 bytes for the disk. `page`: number from 0.
    void seal_page(std::uint64_t page, const std::uint8_t* plain, std::uint8_t* out) const;
    /// And back, the reserved bytes as zeros. False when the bytes are not ours for this place: `plain` is then
    /// garbage.
    [[nodiscard]] bool open_page(std::uint64_t page, const std::uint8_t* in, std::uint8_t* plain) const;

    /// unit_plain_bytes to unit_bytes and back. `index`: number of the frame in the WAL, from 0.
    void seal_unit(std::uint64_t index, const std::uint8_t* plain, std::uint8_t* out) const;
    [[nodiscard]] bool open_unit(std::uint64_t index, const std::uint8_t* in, std::uint8_t* plain) const;

    /// SQLite's 32-byte WAL header to a whole slot and back.
    void seal_wal_header(unsigned slot, const std::uint8_t* plain, std::uint8_t* out) const;
    [[nodiscard]] bool open_wal_header(unsigned slot, const std::uint8_t* in, std::uint8_t* plain) const;

private:
    SecretBytes key_;
};

} // namespace godwit::sqlite

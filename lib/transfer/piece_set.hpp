// SPDX-License-Identifier: Apache-2.0
// Which pieces of a file are there.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/wire/frames.hpp"

#include <optional>
#include <span>
#include <vector>

namespace godwit::transfer {

using wire::PieceRange;

class PieceSet {
public:
    PieceSet() = default;
    explicit PieceSet(std::uint32_t pieces) : pieces_(pieces), words_((pieces + 63) / 64) {}
    [[nodiscard]] static PieceSet all(std::uint32_t pieces);

    [[nodiscard]] std::uint32_t pieces() const { return pieces_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] bool full() const { return count_ == pieces_; }
    [[nodiscard]] bool has(std::uint32_t piece) const
    {
        return piece < pieces_ && ((words_[piece / 64] >> (piece % 64)) & 1) != 0;
    }
    /// Precondition: piece < pieces().
    void add(std::uint32_t piece);
    void remove(std::uint32_t piece);
    /// What lies outside of 0 … pieces() - 1 is left out.
    void add(const PieceRange& range);
    void add(const PieceSet& other);
    /// The first that is here at or after `from`, or pieces().
    [[nodiscard]] std::uint32_t next(std::uint32_t from) const { return find(from, true); }
    [[nodiscard]] std::uint32_t next_missing(std::uint32_t from) const { return find(from, false); }
    /// The first that is here and not in `other`, or pieces(). Precondition: of as many pieces.
    [[nodiscard]] std::uint32_t first_beyond(const PieceSet& other) const;

    /// In order, at most `max`: more are left out, which only says less than the truth.
    [[nodiscard]] std::vector<PieceRange> ranges(std::size_t max) const;

    /// A bit a piece, the first one the lowest of the first byte.
    [[nodiscard]] Bytes to_bytes() const;
    /// nullopt: not the bytes of a set of so many pieces.
    [[nodiscard]] static std::optional<PieceSet> from_bytes(std::uint32_t pieces, BytesView bytes);

    friend bool operator==(const PieceSet&, const PieceSet&) = default;

private:
    [[nodiscard]] std::uint32_t find(std::uint32_t from, bool present) const;

    std::uint32_t pieces_ = 0;
    std::uint32_t count_ = 0;
    std::vector<std::uint64_t> words_;
};

} // namespace godwit::transfer

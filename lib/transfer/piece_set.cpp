// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/piece_set.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <bit>

namespace godwit::transfer {

PieceSet PieceSet::all(std::uint32_t pieces)
{
    PieceSet out(pieces);
    out.add(PieceRange{0, pieces});
    return out;
}

void PieceSet::add(std::uint32_t piece)
{
    GODWIT_ASSERT(piece < pieces_);
    if (has(piece)) return;
    words_[piece / 64] |= std::uint64_t{1} << (piece % 64);
    ++count_;
}

void PieceSet::remove(std::uint32_t piece)
{
    if (!has(piece)) return;
    words_[piece / 64] &= ~(std::uint64_t{1} << (piece % 64));
    --count_;
}

void PieceSet::add(const PieceRange& range)
{
    if (range.first >= pieces_) return;
    const auto end = range.first + std::min(range.count, pieces_ - range.first);
    for (auto at = range.first; at < end;) { // a word at a time: a stranger's ranges may all be long
        const auto last = std::min(end, (at / 64 + 1) * 64);
        const auto bits = last - at;
        const auto mask = (bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1) << (at % 64);
        auto& word = words_[at / 64];
        count_ += static_cast<std::uint32_t>(std::popcount(mask & ~word));
        word |= mask;
        at = last;
    }
}

void PieceSet::add(const PieceSet& other)
{
    GODWIT_ASSERT(other.pieces_ == pieces_);
    count_ = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
        words_[i] |= other.words_[i];
        count_ += static_cast<std::uint32_t>(std::popcount(words_[i]));
    }
}

std::uint32_t PieceSet::find(std::uint32_t from, bool present) const
{
    while (from < pieces_) {
        const auto word = (present ? words_[from / 64] : ~words_[from / 64]) >> (from % 64);
        if (word != 0) return std::min(pieces_, from + static_cast<std::uint32_t>(std::countr_zero(word)));
        from = (from / 64 + 1) * 64;
    }
    return pieces_;
}

std::uint32_t PieceSet::first_beyond(const PieceSet& other) const
{
    GODWIT_ASSERT(other.pieces_ == pieces_);
    for (std::size_t i = 0; i < words_.size(); ++i)
        if (const auto word = words_[i] & ~other.words_[i]; word != 0)
            return static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word));
    return pieces_;
}

std::vector<PieceRange> PieceSet::ranges(std::size_t max) const
{
    std::vector<PieceRange> out;
    for (auto at = next(0); at < pieces_ && out.size() < max;) {
        const auto end = next_missing(at);
        out.push_back({at, end - at});
        at = next(end);
    }
    return out;
}

Bytes PieceSet::to_bytes() const
{
    Bytes out((std::size_t{pieces_} + 7) / 8);
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(words_[i / 8] >> (8 * (i % 8)));
    return out;
}

std::optional<PieceSet> PieceSet::from_bytes(std::uint32_t pieces, BytesView bytes)
{
    PieceSet out(pieces);
    if (bytes.size() != (std::size_t{pieces} + 7) / 8) return std::nullopt;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        out.words_[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    if (pieces % 64 != 0 && !out.words_.empty() && (out.words_.back() >> (pieces % 64)) != 0) return std::nullopt;
    for (const auto word : out.words_)
        out.count_ += static_cast<std::uint32_t>(std::popcount(word));
    return out;
}

} // namespace godwit::transfer

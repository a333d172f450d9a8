// SPDX-License-Identifier: Apache-2.0
// Files for tests: content made from numbers, and its pieces.
#pragma once

#include "lib/transfer/tree.hpp"

namespace godwit::transfer::test {

struct Made {
    Bytes bytes;
    Leaves leaves;
    FileId id;

    [[nodiscard]] Layout layout() const { return {bytes.size()}; }
    [[nodiscard]] Bytes piece(std::uint32_t piece) const
    {
        if (!layout().is_chunk(piece)) return leaf_piece(layout(), leaves, piece);
        const auto at = static_cast<std::size_t>(layout().chunk_offset(piece));
        return to_bytes(BytesView(bytes).subspan(at, layout().piece_bytes(piece)));
    }
};

inline Made made(std::size_t size_bytes, std::uint8_t salt = 0)
{
    Made out;
    out.bytes.resize(size_bytes);
    for (std::size_t i = 0; i < size_bytes; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251 + salt);
    FileHasher hasher;
    for (std::size_t at = 0; at < size_bytes; at += chunk_bytes)
        hasher.chunk(BytesView(out.bytes).subspan(at, std::min(chunk_bytes, size_bytes - at)));
    out.leaves = hasher.leaves();
    out.id = hasher.root();
    return out;
}

} // namespace godwit::transfer::test

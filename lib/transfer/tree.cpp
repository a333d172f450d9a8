// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/tree.hpp"

#include "lib/base/check.hpp"

#include <algorithm>

namespace godwit::transfer {

Leaf leaf_of(BytesView chunk)
{
    return crypto::node_hash("godwit leaf 1", {chunk});
}

FileId root_of(std::uint64_t size_bytes, std::span<const Leaf> leaves)
{
    GODWIT_ASSERT(leaves.size() == Layout{size_bytes}.chunks());
    std::uint8_t length[8];
    for (std::size_t i = 0; i < 8; ++i)
        length[i] = static_cast<std::uint8_t>(size_bytes >> (8 * (7 - i)));

    Leaves level(leaves.begin(), leaves.end());
    while (level.size() > 1) {
        std::size_t out = 0;
        for (std::size_t at = 0; at + 1 < level.size(); at += 2)
            level[out++] = crypto::node_hash("godwit node 1", {level[at], level[at + 1]});
        if (level.size() % 2 != 0) level[out++] = level.back();
        level.resize(out);
    }
    FileId id;
    id.bytes = level.empty() ? crypto::node_hash("godwit file 1", {length})
                             : crypto::node_hash("godwit file 1", {length, level.front()});
    return id;
}

std::size_t Layout::piece_bytes(std::uint32_t piece) const
{
    GODWIT_ASSERT(piece < pieces());
    if (is_chunk(piece))
        return static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, size_bytes - chunk_offset(piece)));
    const std::size_t first = std::size_t{piece - chunks()} * leaves_per_piece;
    return std::min(leaves_per_piece, chunks() - first) * leaf_bytes;
}

Bytes leaf_piece(const Layout& layout, std::span<const Leaf> leaves, std::uint32_t piece)
{
    const auto first = std::size_t{piece - layout.chunks()} * leaves_per_piece;
    Bytes out;
    out.reserve(layout.piece_bytes(piece));
    for (const auto& leaf : leaves.subspan(first, layout.piece_bytes(piece) / leaf_bytes))
        append(out, leaf);
    return out;
}

void FileHasher::chunk(BytesView bytes)
{
    GODWIT_ASSERT(!bytes.empty() && bytes.size() <= chunk_bytes && size_bytes_ % chunk_bytes == 0);
    leaves_.push_back(leaf_of(bytes));
    size_bytes_ += bytes.size();
}

} // namespace godwit::transfer

// SPDX-License-Identifier: Apache-2.0
// transfer: files, without disk, socket or clock. A file is cut into chunks, named by a hash tree over them, asked for
// from whoever has it, and given to whoever may have it.
//
//   tree.hpp       the tree: chunks, leaves, root; and a file as numbered pieces (this file)
//   piece_set.hpp  which pieces are there
//   downloads.hpp  pieces that come: whom to ask for what, and is it right?
//   serving.hpp    pieces that go: to whom next
//   bucket.hpp     how fast both may be
//   blob.hpp       pieces as a relay keeps them
//
// The tree, all BLAKE2b-256, each kind of node with a personalisation of its own:
//
//   root  "godwit file 1"   length of the file (64 bits, big-endian) ‖ top node       an empty file: the length alone
//   node  "godwit node 1"   left ‖ right       level by level, in pairs; whoever is left over at the end moves up
//   leaf  "godwit leaf 1"   one chunk: 65,536 bytes, the last one what remains
//
// A proof is the list of all leaves. It travels like content: a file of n > 1 chunks is n pieces with a chunk each,
// then pieces with 2,048 leaves each, the last one with what remains.
#pragma once

#include <godwit/ids.hpp>

#include "lib/base/bytes.hpp"
#include "lib/crypto/hash.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace godwit::transfer {

inline constexpr std::size_t chunk_bytes = 64 * 1024;
inline constexpr std::size_t leaf_bytes = 32;
inline constexpr std::size_t leaves_per_piece = chunk_bytes / leaf_bytes;
/// No piece is longer.
inline constexpr std::size_t piece_bytes_max = chunk_bytes;

using Leaf = crypto::Hash32;
using Leaves = std::vector<Leaf>;

[[nodiscard]] Leaf leaf_of(BytesView chunk);
/// Precondition: as many leaves as a file of this size has chunks.
[[nodiscard]] FileId root_of(std::uint64_t size_bytes, std::span<const Leaf> leaves);

/// A file of one size as pieces. Indices are 0 … pieces() - 1.
struct Layout {
    std::uint64_t size_bytes = 0;

    [[nodiscard]] std::uint32_t chunks() const
    {
        return static_cast<std::uint32_t>((size_bytes + chunk_bytes - 1) / chunk_bytes);
    }
    /// A single chunk is its own proof.
    [[nodiscard]] std::uint32_t leaf_pieces() const
    {
        return chunks() > 1 ? static_cast<std::uint32_t>((chunks() + leaves_per_piece - 1) / leaves_per_piece) : 0;
    }
    [[nodiscard]] std::uint32_t pieces() const { return chunks() + leaf_pieces(); }
    [[nodiscard]] bool is_chunk(std::uint32_t piece) const { return piece < chunks(); }
    /// Precondition: there is such a piece.
    [[nodiscard]] std::size_t piece_bytes(std::uint32_t piece) const;
    [[nodiscard]] std::uint64_t chunk_offset(std::uint32_t piece) const { return std::uint64_t{piece} * chunk_bytes; }
};

/// The piece that says leaves `piece - chunks()` × 2,048 onward. Precondition: a piece of leaves.
[[nodiscard]] Bytes leaf_piece(const Layout& layout, std::span<const Leaf> leaves, std::uint32_t piece);

/// A file that is read from its beginning.
class FileHasher {
public:
    /// One chunk after the other: each has chunk_bytes but the last.
    void chunk(BytesView bytes);
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] const Leaves& leaves() const { return leaves_; }
    [[nodiscard]] FileId root() const { return root_of(size_bytes_, leaves_); }

private:
    std::uint64_t size_bytes_ = 0;
    Leaves leaves_;
};

} // namespace godwit::transfer

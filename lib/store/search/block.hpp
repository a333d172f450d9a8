// SPDX-License-Identifier: Apache-2.0
// A block of the index: which of some thousand posts has which form. Pure; index.hpp keeps it in tables.
//
//   form -> posts   in the order of the forms, cut into chunks of about chunk_bytes, each a row under its first form
//
//   chunk   { shared u8 · rest u8 · rest of the form · length varint · posts }
//           `shared`: bytes that the form begins with like the one before, of which the chunk has at least one
//   posts   for each, ascending: how many places lie between it and the one before, varint (LEB128)
#pragma once

#include "lib/base/bytes.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace godwit::store::search {

/// Posts of a whole block, by the place of their arrival in it, and of the small ones that are put together to one:
/// what came last is not in the index until there are so many, and is found by reading it.
inline constexpr std::uint32_t block_posts = 8192;
inline constexpr std::uint32_t slice_posts = 256;
static_assert(block_posts % slice_posts == 0);
/// A chunk is ended before it is longer; four fit on a page of the database. One long list may make one longer.
inline constexpr std::size_t chunk_bytes = 900;
/// A pair of units of sqlite::unit_bytes_max; a length of one byte says it.
inline constexpr std::size_t form_bytes_max = 128;

using Place = std::uint16_t;
using Places = std::bitset<block_posts>;

struct Entry {
    std::string form;
    Bytes posts;
    friend bool operator==(const Entry&, const Entry&) = default;
};
struct Chunk {
    std::string first; ///< Form.
    Bytes entries;
};

[[nodiscard]] Bytes encode_places(const std::vector<Place>& ascending);
/// nullopt: no such list. What is decoded ascends and lies in the block.
[[nodiscard]] std::optional<std::vector<Place>> decode_places(BytesView posts);
/// False: no such list.
[[nodiscard]] bool mark_places(BytesView posts, Places& out);

/// The entries of a chunk, one after the other. Total.
class ChunkReader {
public:
    explicit ChunkReader(BytesView entries) : in_(entries) {}
    /// False: at the end, or broken().
    [[nodiscard]] bool next();
    [[nodiscard]] std::string_view form() const { return form_; }
    [[nodiscard]] BytesView posts() const { return posts_; }
    [[nodiscard]] bool broken() const { return broken_; }

private:
    BytesView in_;
    BytesView posts_;
    std::string form_;
    std::size_t at_ = 0;
    bool broken_ = false;
};

[[nodiscard]] std::vector<Chunk> encode_chunks(const std::vector<Entry>& in_order);
/// nullopt: no such chunk. What is decoded is in order.
[[nodiscard]] std::optional<std::vector<Entry>> decode_chunk(BytesView entries);

/// Puts a block together.
class BlockMaker {
public:
    /// Precondition: places do not descend.
    void add(Place place, const std::vector<std::string>& forms);
    /// Of a smaller block, `shift` places further. Precondition as above. False: no such list.
    [[nodiscard]] bool add(std::string_view form, BytesView posts, std::uint32_t shift);
    [[nodiscard]] std::vector<Entry> take() &&;

private:
    std::unordered_map<std::string, std::vector<Place>> posts_;
};

} // namespace godwit::store::search

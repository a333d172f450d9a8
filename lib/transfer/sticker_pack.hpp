// SPDX-License-Identifier: Apache-2.0
// Packs of stickers, as strangers give them: a tar archive (POSIX ustar; what GNU tar makes is read, too) whose regular
// files without a folder are the stickers. One called emoji.txt says what they stand for: a line each, the name of the
// sticker, spaces or tabs, the emoji.
//
//   512-byte headers are walked from the first to the end ──> entries ──> a few bytes of each: does it move?
//
// What is no sticker (folders, links, names that could do harm, empty or too long ones) is passed over. Of two with one
// name the first counts. Who has put in a file of another type, or more stickers than fit, is told, and not left to
// find out that others do not see it.
#pragma once

#include <godwit/result.hpp>
#include <godwit/sticker.hpp>

#include "lib/base/bytes.hpp"

#include <functional>

namespace godwit::transfer {

/// Bytes of the pack. Precondition: they lie within its size.
using ReadAt = std::function<Result<Bytes>(std::uint64_t offset, std::size_t size_bytes)>;

struct PackedSticker {
    StickerEntry about;
    std::uint64_t offset = 0; ///< Of its first byte in the pack.
};

/// Errors: invalid_argument (it is no pack, too long for one, has more than stickers_per_pack_max, or a file that is of
/// no type of sticker_media_type); those of `read`.
[[nodiscard]] Result<std::vector<PackedSticker>> read_pack(std::uint64_t size_bytes, const ReadAt& read);

/// By the suffix of a name; empty: not known.
[[nodiscard]] std::string_view sticker_media_type(std::string_view name);
/// Whether a picture moves, by its first bytes.
[[nodiscard]] bool is_animated(std::string_view media_type, BytesView first);

} // namespace godwit::transfer

// SPDX-License-Identifier: Apache-2.0
// Packs of stickers (docs/adr/0062-sticker-packs.md): a pack is a file like any other, a tar archive of pictures, which
// a message names by its content; so it comes once, whoever sends stickers of it, and nobody can change what is in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace godwit {

/// Longest pack that is looked into, in bytes.
inline constexpr std::uint64_t sticker_pack_bytes_max = std::uint64_t{16} * 1024 * 1024;
inline constexpr std::size_t stickers_per_pack_max = 256;
/// Longest picture of one, in bytes; longer ones are left out.
inline constexpr std::uint64_t sticker_bytes_max = 256 * 1024;
inline constexpr std::size_t sticker_name_bytes_max = 100;

struct StickerEntry {
    std::string name;       ///< What content::Sticker::name says. Its suffix says of what type it is.
    std::string emoji;      ///< What it stands for, as the pack says; may be empty.
    std::string media_type; ///< By the suffix: image/webp, image/png…; files of no known type are left out.
    std::uint64_t size_bytes = 0;
    bool animated = false; ///< As the picture itself says.
};

/// The answer to request::StickerPack.
struct StickerPackInfo {
    std::vector<StickerEntry> stickers; ///< In the order of the pack.
};

/// The answer to request::StickerImage.
struct StickerPicture {
    StickerEntry about;
    std::vector<std::uint8_t> bytes;
};

} // namespace godwit

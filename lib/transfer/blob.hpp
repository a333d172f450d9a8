// SPDX-License-Identifier: Apache-2.0
// A file's pieces as a relay keeps them: under the key of the reference, each bound to its place (XChaCha20-Poly1305).
// The name is a keyed hash of the file's: who has no reference cannot tell which file it is, nor guess the name.
#pragma once

#include <godwit/ids.hpp>

#include "lib/base/bytes.hpp"
#include "lib/wire/frames.hpp"

#include <optional>

namespace godwit::transfer {

using wire::BlobId;

[[nodiscard]] BlobId blob_id(const FileKey& key, const FileId& file);
/// The same piece gives the same bytes: content and place decide, so no nonce is used for two things.
[[nodiscard]] Bytes seal_piece(const FileKey& key, const FileId& file, std::uint32_t piece, BytesView bytes);
[[nodiscard]] std::optional<Bytes> open_piece(const FileKey& key, const FileId& file, std::uint32_t piece,
                                              BytesView sealed);

} // namespace godwit::transfer

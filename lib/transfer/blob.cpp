// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/blob.hpp"

#include "lib/crypto/counter_nonce.hpp"
#include "lib/crypto/hash.hpp"

namespace godwit::transfer {
namespace {

crypto::SecretArray<32> piece_key(const FileKey& key, const FileId& file)
{
    return crypto::derive_key(key.view(), "godwit blob piece 1", {file.view()});
}

} // namespace

BlobId blob_id(const FileKey& key, const FileId& file)
{
    BlobId out;
    crypto::derive(key.view(), "godwit blob name 1", {file.view()}, out.bytes);
    return out;
}

Bytes seal_piece(const FileKey& key, const FileId& file, std::uint32_t piece, BytesView bytes)
{
    const auto under = piece_key(key, file);
    return crypto::xchacha_seal(under.view(), crypto::counter_nonce(piece), {}, bytes);
}

std::optional<Bytes> open_piece(const FileKey& key, const FileId& file, std::uint32_t piece, BytesView sealed)
{
    const auto under = piece_key(key, file);
    return crypto::xchacha_open(under.view(), crypto::counter_nonce(piece), {}, sealed);
}

} // namespace godwit::transfer

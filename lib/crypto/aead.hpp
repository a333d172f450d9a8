// SPDX-License-Identifier: Apache-2.0
// Authenticated encryption. `context` (the associated data) is authenticated and not sent. Ciphertexts end in a 16-byte
// tag.
#pragma once

#include "lib/crypto/secret.hpp"

#include <optional>

namespace godwit::crypto {

inline constexpr std::size_t aead_key_bytes = 32;
inline constexpr std::size_t aead_tag_bytes = 16;
inline constexpr std::size_t xchacha_nonce_bytes = 24;
inline constexpr std::size_t chacha_nonce_bytes = 12;

/// XChaCha20-Poly1305 with a fresh random nonce: 24 random bytes never repeat. Returns nonce ‖ ciphertext ‖ tag.
[[nodiscard]] Bytes seal_with_random_nonce(BytesView key, BytesView context, BytesView plaintext,
                                           port::Entropy& entropy);
/// The way back. nullopt for anything that was not made by the verb above with this key and context.
[[nodiscard]] std::optional<Bytes> open_with_carried_nonce(BytesView key, BytesView context, BytesView sealed);

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). `key`: aead_key_bytes; `nonce`: xchacha_nonce_bytes. The caller
/// promises never to use a nonce twice with a key: the simplest way is a key that is used once.
[[nodiscard]] Bytes xchacha_seal(BytesView key, BytesView nonce, BytesView context, BytesView plaintext);
[[nodiscard]] std::optional<Bytes> xchacha_open(BytesView key, BytesView nonce, BytesView context, BytesView sealed);

/// ChaCha20-Poly1305 (RFC 8439). `nonce`: chacha_nonce_bytes, from a counter: 12 random bytes are too few.
[[nodiscard]] Bytes chacha_seal(BytesView key, BytesView nonce, BytesView context, BytesView plaintext);
[[nodiscard]] std::optional<Bytes> chacha_open(BytesView key, BytesView nonce, BytesView context, BytesView sealed);

} // namespace godwit::crypto

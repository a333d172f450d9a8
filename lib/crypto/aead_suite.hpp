// SPDX-License-Identifier: Apache-2.0
// The AEADs that HPKE, MLS and SFrame name: AES-GCM and ChaCha20-Poly1305 (RFC 8439).
// The ciphertext carries its 16-byte tag at the end (RFC 5116).
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstdint>
#include <optional>

namespace godwit::crypto {

/// RFC 9180 section 7.3.
enum class AeadId : std::uint16_t { aes_128_gcm = 1, aes_256_gcm = 2, chacha20_poly1305 = 3 };

inline constexpr std::size_t aead_nonce_bytes = 12; ///< Nn of all.
inline constexpr std::size_t aead_tag_bytes = 16;   ///< Nt of all.

[[nodiscard]] constexpr std::size_t aead_key_bytes(AeadId id) noexcept
{
    return id == AeadId::aes_128_gcm ? 16 : 32;
}

/// Preconditions: key and nonce have the lengths above; a (key, nonce) pair is used once.
[[nodiscard]] Bytes aead_suite_seal(AeadId id, BytesView key, BytesView nonce, BytesView aad, BytesView plaintext);
/// nullopt when the tag does not verify.
[[nodiscard]] std::optional<WipedBytes> aead_suite_open(AeadId id, BytesView key, BytesView nonce, BytesView aad,
                                                        BytesView ciphertext);

} // namespace godwit::crypto

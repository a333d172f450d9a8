// SPDX-License-Identifier: Apache-2.0
// AES, which libsodium has only in part: GCM (NIST SP 800-38D), private to lib/crypto (aead_suite.hpp is the door), and
// counter mode (SP 800-38A section 6.5). By nettle, as hkdf.cpp. Keys of 16 bytes are AES-128, of 32 bytes AES-256.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>

namespace godwit::crypto {

/// Writes plaintext.size() + 16 bytes to `out`. Precondition: 16- or 32-byte key, 12-byte nonce.
void aes_gcm_seal(BytesView key, BytesView nonce, BytesView aad, BytesView plaintext, std::uint8_t* out);
/// Writes ciphertext.size() - 16 bytes to `out`; false (and zeroes) when the tag does not verify.
[[nodiscard]] bool aes_gcm_open(BytesView key, BytesView nonce, BytesView aad, BytesView ciphertext, std::uint8_t* out);

/// Adds the key stream from the 16-byte `initial_counter` on, big endian, to `in`: both ways. Authenticates nothing.
/// `out` has in.size() bytes and may be in.data().
void aes_ctr(BytesView key, BytesView initial_counter, BytesView in, std::uint8_t* out);

} // namespace godwit::crypto

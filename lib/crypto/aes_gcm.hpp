// SPDX-License-Identifier: Apache-2.0
// Private to lib/crypto: AES-128-GCM (NIST SP 800-38D), which libsodium does not have. By nettle, as hkdf.cpp.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>

namespace godwit::crypto {

/// Writes plaintext.size() + 16 bytes to `out`. Precondition: 16-byte key, 12-byte nonce.
void aes_128_gcm_seal(BytesView key, BytesView nonce, BytesView aad, BytesView plaintext, std::uint8_t* out);
/// Writes ciphertext.size() - 16 bytes to `out`; false (and zeroes) when the tag does not verify.
[[nodiscard]] bool aes_128_gcm_open(BytesView key, BytesView nonce, BytesView aad, BytesView ciphertext,
                                    std::uint8_t* out);

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
// Cipher suites, key derivation and AEADs of SFrame (RFC 9605 sections 4.4.2 and 4.5). Stateless; a nonce must be used
// once, which frame_key.hpp sees to.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/hkdf.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstdint>
#include <optional>

namespace godwit::sframe {

using crypto::WipedBytes;

/// Section 8.1, and 6 to 8 of the working group's later draft: AES-256 with short tags. Which one a call uses is agreed
/// outside of SFrame.
enum class CipherSuite : std::uint16_t {
    aes_128_ctr_hmac_sha256_80 = 0x0001,
    aes_128_ctr_hmac_sha256_64 = 0x0002,
    aes_128_ctr_hmac_sha256_32 = 0x0003,
    aes_128_gcm_sha256_128 = 0x0004,
    aes_256_gcm_sha512_128 = 0x0005,
    aes_256_ctr_hmac_sha512_80 = 0x0006,
    aes_256_ctr_hmac_sha512_64 = 0x0007,
    aes_256_ctr_hmac_sha512_32 = 0x0008,
};

/// The constants of section 4.5, in its names.
struct SuiteParameters {
    crypto::Sha2 hash{};
    std::size_t nka = 0; ///< Key of the cipher in the compound AEAD; 0: the AEAD is AES-GCM.
    std::size_t nk = 0;
    std::size_t nt = 0;
};
inline constexpr std::size_t aead_nn = 12; ///< Of all suites.

/// nullopt: a suite that this build does not have.
[[nodiscard]] std::optional<SuiteParameters> parameters_of(CipherSuite suite) noexcept;

/// Section 4.4.2.
struct KeyAndSalt {
    WipedBytes key;  ///< sframe_key, Nk bytes.
    WipedBytes salt; ///< sframe_salt, Nn bytes.
};
/// Precondition of this and the next three: the suite is one that parameters_of() has.
[[nodiscard]] KeyAndSalt derive_key_salt(CipherSuite suite, std::uint64_t kid, BytesView base_key);
/// The labels and the secret in between, for whoever checks a derivation step by step.
[[nodiscard]] Bytes key_label(CipherSuite suite, std::uint64_t kid);
[[nodiscard]] Bytes salt_label(CipherSuite suite, std::uint64_t kid);

/// The AEAD alone. Preconditions: Nk bytes of key, Nn of nonce, used once.
[[nodiscard]] Bytes aead_encrypt(CipherSuite suite, BytesView key, BytesView nonce, BytesView aad, BytesView plaintext);
/// nullopt when the tag does not verify.
[[nodiscard]] std::optional<WipedBytes> aead_decrypt(CipherSuite suite, BytesView key, BytesView nonce, BytesView aad,
                                                     BytesView ciphertext);

} // namespace godwit::sframe

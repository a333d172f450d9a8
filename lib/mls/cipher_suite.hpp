// SPDX-License-Identifier: Apache-2.0
// Cipher suites and the labelled primitives of RFC 9420 sections 5 and 8. All share HKDF-SHA256; 0x0001 and 0x0003
// have X25519 and Ed25519 and differ in the AEAD, 0x0002 has P-256 for both (docs/adr/0054-p256.md).
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/aead_suite.hpp"
#include "lib/crypto/ed25519.hpp"
#include "lib/crypto/hkdf.hpp"
#include "lib/crypto/hpke.hpp"
#include "lib/crypto/p256.hpp"
#include "lib/mls/codec.hpp"
#include "lib/port/entropy.hpp"

#include <string_view>

namespace godwit::mls {

/// Section 17.1. Any number may appear on the wire; is_supported() tells which this build has.
enum class CipherSuite : std::uint16_t {
    mls_128_dhkemx25519_aes128gcm_sha256_ed25519 = 0x0001,
    mls_128_dhkemp256_aes128gcm_sha256_p256 = 0x0002,
    mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519 = 0x0003,
};

[[nodiscard]] constexpr bool is_supported(CipherSuite suite) noexcept
{
    return suite == CipherSuite::mls_128_dhkemx25519_aes128gcm_sha256_ed25519 ||
           suite == CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256 ||
           suite == CipherSuite::mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519;
}

inline constexpr std::size_t kdf_nh = crypto::hkdf_hash_bytes; ///< KDF.Nh of every supported suite.
inline constexpr std::size_t aead_nn = crypto::aead_nonce_bytes;

using Hash = crypto::Sha256Digest;
using crypto::HpkeKeyPair;

/// The signature algorithm of a suite, in the numbers of TLS's SignatureScheme (RFC 8446 section 4.2.3).
enum class SignatureScheme : std::uint16_t { ecdsa_secp256r1_sha256 = 0x0403, ed25519 = 0x0807 };

struct SignatureKeyPair {
    Bytes public_key;
    /// Ed25519: seed, then public key; P-256: the scalar.
    WipedBytes private_key;
    SignatureScheme scheme = SignatureScheme::ed25519;

    SignatureKeyPair() = default;
    SignatureKeyPair(crypto::Ed25519KeyPair pair)
        : public_key(std::move(pair.public_key)), private_key(std::move(pair.private_key))
    {
    }
    SignatureKeyPair(SignatureScheme of, Bytes public_half, WipedBytes private_half)
        : public_key(std::move(public_half)), private_key(std::move(private_half)), scheme(of)
    {
    }
    /// Ed25519. Precondition: crypto::ed25519_seed_bytes.
    [[nodiscard]] static SignatureKeyPair from_seed(BytesView seed) { return crypto::Ed25519KeyPair::from_seed(seed); }
    /// Of any suite, from what others keep as the private key: a seed, or a scalar. nullopt: that is none.
    [[nodiscard]] static std::optional<SignatureKeyPair> from_private(CipherSuite suite, BytesView private_key);
    /// The private half is of this suite's form.
    [[nodiscard]] bool fits(CipherSuite suite) const noexcept;
};

/// Preconditions of all below: is_supported(suite).
[[nodiscard]] crypto::AeadId aead_of(CipherSuite suite) noexcept;
[[nodiscard]] crypto::KemId kem_of(CipherSuite suite) noexcept;
[[nodiscard]] crypto::HpkeSuite hpke_of(CipherSuite suite) noexcept;
[[nodiscard]] SignatureScheme signature_scheme_of(CipherSuite suite) noexcept;
[[nodiscard]] std::size_t aead_nk(CipherSuite suite) noexcept;

[[nodiscard]] Bytes hash(BytesView content);
[[nodiscard]] Bytes mac(BytesView key, BytesView content);
/// RefHash, section 5.2.
[[nodiscard]] Bytes ref_hash(std::string_view label, BytesView value);
/// ExpandWithLabel, section 8. `length_bytes` <= crypto::hkdf_expand_bytes_max.
[[nodiscard]] WipedBytes expand_with_label(BytesView secret, std::string_view label, BytesView context,
                                           std::size_t length_bytes);
[[nodiscard]] WipedBytes derive_secret(BytesView secret, std::string_view label);
/// DeriveTreeSecret, section 9.1.
[[nodiscard]] WipedBytes derive_tree_secret(BytesView secret, std::string_view label, std::uint32_t generation,
                                            std::size_t length_bytes);

/// SignWithLabel and VerifyWithLabel, section 5.1.2.
[[nodiscard]] Bytes sign_with_label(const SignatureKeyPair& key, std::string_view label, BytesView content);
[[nodiscard]] bool verify_with_label(CipherSuite suite, BytesView public_key, std::string_view label, BytesView content,
                                     BytesView signature);

struct HPKECiphertext {
    Bytes kem_output;
    Bytes ciphertext;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.kem_output, s.ciphertext);
    }
    friend bool operator==(const HPKECiphertext&, const HPKECiphertext&) = default;
};

/// EncryptContext of section 5.1.3: made once for all who are to open something in the same context.
[[nodiscard]] crypto::HpkeInfo encrypt_context(CipherSuite suite, std::string_view label, BytesView context);
/// EncryptWithLabel and DecryptWithLabel, section 5.1.3. invalid_recipient_key on a bad recipient key; on decryption
/// path_decrypt_failed stands for any failure, and callers translate it. Precondition: `key` is of the suite's KEM.
[[nodiscard]] MlsResult<HPKECiphertext> encrypt_with_label(const crypto::HpkeInfo& context, BytesView public_key,
                                                           BytesView plaintext, port::Entropy& entropy);
[[nodiscard]] MlsResult<HPKECiphertext> encrypt_with_label(CipherSuite suite, BytesView public_key,
                                                           std::string_view label, BytesView context,
                                                           BytesView plaintext, port::Entropy& entropy);
[[nodiscard]] MlsResult<WipedBytes> decrypt_with_label(CipherSuite suite, const HpkeKeyPair& key,
                                                       std::string_view label, BytesView context,
                                                       const HPKECiphertext& ciphertext);

/// True for a string that can be an HPKE public key at all: right length, not of low order, a point of the curve.
[[nodiscard]] bool is_hpke_public_key(CipherSuite suite, BytesView key);
[[nodiscard]] bool is_signature_public_key(CipherSuite suite, BytesView key);

[[nodiscard]] WipedBytes random_secret(port::Entropy& entropy, std::size_t size_bytes = kdf_nh);
/// DeriveKeyPair, and the pair of a private key that is kept: nullopt when it is none.
[[nodiscard]] HpkeKeyPair derive_hpke_key_pair(CipherSuite suite, BytesView ikm);
[[nodiscard]] std::optional<HpkeKeyPair> hpke_key_pair(CipherSuite suite, BytesView private_key);
[[nodiscard]] HpkeKeyPair generate_hpke_key_pair(CipherSuite suite, port::Entropy& entropy);
[[nodiscard]] SignatureKeyPair generate_signature_key_pair(CipherSuite suite, port::Entropy& entropy);
/// Ed25519, as suites 0x0001 and 0x0003 have it.
[[nodiscard]] SignatureKeyPair generate_signature_key_pair(port::Entropy& entropy);

} // namespace godwit::mls

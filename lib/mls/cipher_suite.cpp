// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/cipher_suite.hpp"
#include "lib/base/check.hpp"

#include <array>

namespace godwit::mls {
namespace {

constexpr std::string_view label_prefix = "MLS 1.0 ";

// { opaque label<V>; opaque content<V>; } with label = "MLS 1.0 " + Label: SignContent, EncryptContext. The content of
// messages is in it.
WipedBytes labelled(std::string_view label, BytesView content)
{
    Writer io;
    io.vector([&] {
        io.raw(as_bytes(label_prefix));
        io.raw(as_bytes(label));
    });
    io.opaque(content);
    return std::move(io).take();
}

} // namespace

std::optional<SignatureKeyPair> SignatureKeyPair::from_private(CipherSuite suite, BytesView private_key)
{
    if (!is_supported(suite)) return std::nullopt;
    if (signature_scheme_of(suite) == SignatureScheme::ed25519) {
        if (private_key.size() != crypto::ed25519_seed_bytes) return std::nullopt;
        return from_seed(private_key);
    }
    auto public_key = crypto::p256_public_of(private_key);
    if (!public_key) return std::nullopt;
    return SignatureKeyPair(SignatureScheme::ecdsa_secp256r1_sha256, std::move(*public_key),
                            crypto::to_wiped(private_key));
}

bool SignatureKeyPair::fits(CipherSuite suite) const noexcept
{
    if (!is_supported(suite) || scheme != signature_scheme_of(suite)) return false;
    if (scheme == SignatureScheme::ecdsa_secp256r1_sha256) return crypto::is_p256_private(private_key);
    return private_key.size() == crypto::ed25519_seed_bytes + crypto::ed25519_public_bytes;
}

crypto::AeadId aead_of(CipherSuite suite) noexcept
{
    GODWIT_ASSERT(is_supported(suite));
    return suite == CipherSuite::mls_128_dhkemx25519_chacha20poly1305_sha256_ed25519 ? crypto::AeadId::chacha20_poly1305
                                                                                     : crypto::AeadId::aes_128_gcm;
}

crypto::KemId kem_of(CipherSuite suite) noexcept
{
    GODWIT_ASSERT(is_supported(suite));
    return suite == CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256 ? crypto::KemId::p256 : crypto::KemId::x25519;
}

crypto::HpkeSuite hpke_of(CipherSuite suite) noexcept
{
    return {kem_of(suite), aead_of(suite)};
}

SignatureScheme signature_scheme_of(CipherSuite suite) noexcept
{
    GODWIT_ASSERT(is_supported(suite));
    return suite == CipherSuite::mls_128_dhkemp256_aes128gcm_sha256_p256 ? SignatureScheme::ecdsa_secp256r1_sha256
                                                                         : SignatureScheme::ed25519;
}

std::size_t aead_nk(CipherSuite suite) noexcept
{
    return crypto::aead_key_bytes(aead_of(suite));
}

Bytes hash(BytesView content)
{
    const Hash out = crypto::sha256_of({content});
    return Bytes(out.begin(), out.end());
}

Bytes mac(BytesView key, BytesView content)
{
    const Hash out = crypto::hmac_sha256_of(key, {content});
    return Bytes(out.begin(), out.end());
}

Bytes ref_hash(std::string_view label, BytesView value)
{
    Writer io;
    io.opaque(as_bytes(label));
    io.opaque(value);
    return hash(io.view());
}

WipedBytes expand_with_label(BytesView secret, std::string_view label, BytesView context, std::size_t length_bytes)
{
    // KDFLabel { uint16 length; opaque label<V>; opaque context<V>; }
    Writer io;
    io.integer(length_bytes, 2);
    io.vector([&] {
        io.raw(as_bytes(label_prefix));
        io.raw(as_bytes(label));
    });
    io.opaque(context);
    return crypto::hkdf_expand(secret, {io.view()}, length_bytes);
}

WipedBytes derive_secret(BytesView secret, std::string_view label)
{
    return expand_with_label(secret, label, {}, kdf_nh);
}

WipedBytes derive_tree_secret(BytesView secret, std::string_view label, std::uint32_t generation,
                              std::size_t length_bytes)
{
    Writer io;
    io(generation);
    return expand_with_label(secret, label, io.view(), length_bytes);
}

Bytes sign_with_label(const SignatureKeyPair& key, std::string_view label, BytesView content)
{
    const WipedBytes all = labelled(label, content);
    return key.scheme == SignatureScheme::ed25519 ? crypto::ed25519_sign(key.private_key, all)
                                                  : crypto::p256_sign(key.private_key, all);
}

bool verify_with_label(CipherSuite suite, BytesView public_key, std::string_view label, BytesView content,
                       BytesView signature)
{
    const WipedBytes all = labelled(label, content);
    return signature_scheme_of(suite) == SignatureScheme::ed25519 ? crypto::ed25519_verify(public_key, all, signature)
                                                                  : crypto::p256_verify(public_key, all, signature);
}

crypto::HpkeInfo encrypt_context(CipherSuite suite, std::string_view label, BytesView context)
{
    return {hpke_of(suite), labelled(label, context)};
}

MlsResult<HPKECiphertext> encrypt_with_label(CipherSuite suite, BytesView public_key, std::string_view label,
                                             BytesView context, BytesView plaintext, port::Entropy& entropy)
{
    return encrypt_with_label(encrypt_context(suite, label, context), public_key, plaintext, entropy);
}

MlsResult<HPKECiphertext> encrypt_with_label(const crypto::HpkeInfo& context, BytesView public_key, BytesView plaintext,
                                             port::Entropy& entropy)
{
    // GenerateKeyPair of RFC 9180 section 4: any 32 random bytes are a private key of X25519. For P-256 one in 2^32 is
    // none, so there they are what a pair is derived from.
    const WipedBytes random = random_secret(entropy, crypto::hpke_key_bytes);
    const auto ephemeral = context.suite().kem == crypto::KemId::x25519
                               ? *HpkeKeyPair::from_private(random)
                               : HpkeKeyPair::derive(random, context.suite().kem);
    auto sender = crypto::hpke_setup_sender(context, public_key, ephemeral);
    if (!sender) return MlsError::invalid_recipient_key;
    auto ciphertext = sender->context.seal({}, plaintext);
    GODWIT_ASSERT(ciphertext.has_value());
    return HPKECiphertext{std::move(sender->enc), std::move(*ciphertext)};
}

MlsResult<WipedBytes> decrypt_with_label(CipherSuite suite, const HpkeKeyPair& key, std::string_view label,
                                         BytesView context, const HPKECiphertext& ciphertext)
{
    auto receiver = crypto::hpke_setup_receiver(hpke_of(suite), ciphertext.kem_output, key, labelled(label, context));
    if (!receiver) return MlsError::path_decrypt_failed;
    auto plaintext = receiver->open({}, ciphertext.ciphertext);
    if (!plaintext) return MlsError::path_decrypt_failed;
    return std::move(*plaintext);
}

bool is_hpke_public_key(CipherSuite suite, BytesView key)
{
    return crypto::is_hpke_public_key(kem_of(suite), key);
}

bool is_signature_public_key(CipherSuite suite, BytesView key)
{
    return signature_scheme_of(suite) == SignatureScheme::ed25519 ? key.size() == crypto::ed25519_public_bytes
                                                                  : crypto::is_p256_public(key);
}

WipedBytes random_secret(port::Entropy& entropy, std::size_t size_bytes)
{
    WipedBytes out(size_bytes);
    entropy.fill(out);
    return out;
}

HpkeKeyPair derive_hpke_key_pair(CipherSuite suite, BytesView ikm)
{
    return HpkeKeyPair::derive(ikm, kem_of(suite));
}

std::optional<HpkeKeyPair> hpke_key_pair(CipherSuite suite, BytesView private_key)
{
    return HpkeKeyPair::from_private(private_key, kem_of(suite));
}

HpkeKeyPair generate_hpke_key_pair(CipherSuite suite, port::Entropy& entropy)
{
    return derive_hpke_key_pair(suite, random_secret(entropy, crypto::hpke_key_bytes));
}

SignatureKeyPair generate_signature_key_pair(CipherSuite suite, port::Entropy& entropy)
{
    if (signature_scheme_of(suite) == SignatureScheme::ed25519) return generate_signature_key_pair(entropy);
    // RFC 9180's DeriveKeyPair makes a scalar of any randomness.
    auto pair = HpkeKeyPair::derive(random_secret(entropy, crypto::p256_private_bytes), crypto::KemId::p256);
    return {SignatureScheme::ecdsa_secp256r1_sha256, std::move(pair.public_key), std::move(pair.private_key)};
}

SignatureKeyPair generate_signature_key_pair(port::Entropy& entropy)
{
    return SignatureKeyPair::from_seed(random_secret(entropy, crypto::ed25519_seed_bytes));
}

} // namespace godwit::mls

// SPDX-License-Identifier: Apache-2.0
#include "lib/sframe/cipher_suite.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/aead_suite.hpp"
#include "lib/crypto/aes.hpp"

#include <array>

namespace godwit::sframe {
namespace {

using crypto::Sha2;

static_assert(aead_nn == crypto::aead_nonce_bytes);

SuiteParameters known(CipherSuite suite)
{
    const auto parameters = parameters_of(suite);
    GODWIT_ASSERT(parameters.has_value());
    return *parameters;
}

crypto::AeadId gcm_of(const SuiteParameters& suite)
{
    return suite.nk == 16 ? crypto::AeadId::aes_128_gcm : crypto::AeadId::aes_256_gcm;
}

template <std::size_t N>
std::array<std::uint8_t, N> big_endian(std::uint64_t value)
{
    std::array<std::uint8_t, N> out{};
    for (std::size_t i = 0; i < N; ++i)
        out[N - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return out;
}

/// Label + KID + cipher_suite.
Bytes label(std::string_view text, CipherSuite suite, std::uint64_t kid)
{
    Bytes out = to_bytes(as_bytes(text));
    append(out, big_endian<8>(kid));
    append(out, big_endian<2>(static_cast<std::uint64_t>(suite)));
    return out;
}

/// compute_tag of section 4.5.1.
WipedBytes compute_tag(const SuiteParameters& suite, BytesView auth_key, BytesView nonce, BytesView aad, BytesView ct)
{
    const auto aad_len = big_endian<8>(aad.size()), ct_len = big_endian<8>(ct.size()),
               tag_len = big_endian<8>(suite.nt);
    auto tag = crypto::hmac_of(suite.hash, auth_key, {aad_len, ct_len, tag_len, nonce, aad, ct});
    tag.resize(suite.nt);
    return tag;
}

/// "append four zero bytes": the block counter.
std::array<std::uint8_t, 16> initial_counter(BytesView nonce)
{
    std::array<std::uint8_t, 16> out{};
    std::copy(nonce.begin(), nonce.end(), out.begin());
    return out;
}

} // namespace

std::optional<SuiteParameters> parameters_of(CipherSuite suite) noexcept
{
    switch (suite) {
    case CipherSuite::aes_128_ctr_hmac_sha256_80: return SuiteParameters{Sha2::sha256, 16, 48, 10};
    case CipherSuite::aes_128_ctr_hmac_sha256_64: return SuiteParameters{Sha2::sha256, 16, 48, 8};
    case CipherSuite::aes_128_ctr_hmac_sha256_32: return SuiteParameters{Sha2::sha256, 16, 48, 4};
    case CipherSuite::aes_128_gcm_sha256_128: return SuiteParameters{Sha2::sha256, 0, 16, 16};
    case CipherSuite::aes_256_gcm_sha512_128: return SuiteParameters{Sha2::sha512, 0, 32, 16};
    case CipherSuite::aes_256_ctr_hmac_sha512_80: return SuiteParameters{Sha2::sha512, 32, 96, 10};
    case CipherSuite::aes_256_ctr_hmac_sha512_64: return SuiteParameters{Sha2::sha512, 32, 96, 8};
    case CipherSuite::aes_256_ctr_hmac_sha512_32: return SuiteParameters{Sha2::sha512, 32, 96, 4};
    }
    return std::nullopt;
}

Bytes key_label(CipherSuite suite, std::uint64_t kid)
{
    return label("SFrame 1.0 Secret key ", suite, kid);
}

Bytes salt_label(CipherSuite suite, std::uint64_t kid)
{
    return label("SFrame 1.0 Secret salt ", suite, kid);
}

KeyAndSalt derive_key_salt(CipherSuite suite, std::uint64_t kid, BytesView base_key)
{
    const SuiteParameters parameters = known(suite);
    const WipedBytes sframe_secret = crypto::hkdf_extract(parameters.hash, {}, {base_key});
    return {crypto::hkdf_expand(parameters.hash, sframe_secret, {key_label(suite, kid)}, parameters.nk),
            crypto::hkdf_expand(parameters.hash, sframe_secret, {salt_label(suite, kid)}, aead_nn)};
}

Bytes aead_encrypt(CipherSuite suite, BytesView key, BytesView nonce, BytesView aad, BytesView plaintext)
{
    const SuiteParameters parameters = known(suite);
    GODWIT_ASSERT(key.size() == parameters.nk && nonce.size() == aead_nn);
    if (parameters.nka == 0) return crypto::aead_suite_seal(gcm_of(parameters), key, nonce, aad, plaintext);
    Bytes out(plaintext.size());
    crypto::aes_ctr(key.first(parameters.nka), initial_counter(nonce), plaintext, out.data());
    append(out, compute_tag(parameters, key.subspan(parameters.nka), nonce, aad, out));
    return out;
}

std::optional<WipedBytes> aead_decrypt(CipherSuite suite, BytesView key, BytesView nonce, BytesView aad,
                                       BytesView ciphertext)
{
    const SuiteParameters parameters = known(suite);
    GODWIT_ASSERT(key.size() == parameters.nk && nonce.size() == aead_nn);
    if (parameters.nka == 0) return crypto::aead_suite_open(gcm_of(parameters), key, nonce, aad, ciphertext);
    if (ciphertext.size() < parameters.nt) return std::nullopt;
    const BytesView inner = ciphertext.first(ciphertext.size() - parameters.nt);
    const WipedBytes tag = compute_tag(parameters, key.subspan(parameters.nka), nonce, aad, inner);
    if (!crypto::secure_equal(tag, ciphertext.last(parameters.nt))) return std::nullopt;
    WipedBytes out(inner.size());
    crypto::aes_ctr(key.first(parameters.nka), initial_counter(nonce), inner, out.data());
    return out;
}

} // namespace godwit::sframe

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/aead_suite.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/aes.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {

static_assert(aead_nonce_bytes == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
static_assert(aead_tag_bytes == crypto_aead_chacha20poly1305_ietf_ABYTES);

Bytes aead_suite_seal(AeadId id, BytesView key, BytesView nonce, BytesView aad, BytesView plaintext)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes(id) && nonce.size() == aead_nonce_bytes);
    Bytes out(plaintext.size() + aead_tag_bytes);
    if (id != AeadId::chacha20_poly1305) {
        aes_gcm_seal(key, nonce, aad, plaintext, out.data());
        return out;
    }
    sodium_ready();
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(), aad.data(),
                                              aad.size(), nullptr, nonce.data(), key.data());
    return out;
}

std::optional<WipedBytes> aead_suite_open(AeadId id, BytesView key, BytesView nonce, BytesView aad,
                                          BytesView ciphertext)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes(id) && nonce.size() == aead_nonce_bytes);
    if (ciphertext.size() < aead_tag_bytes) return std::nullopt;
    WipedBytes out(ciphertext.size() - aead_tag_bytes);
    if (id != AeadId::chacha20_poly1305) {
        if (!aes_gcm_open(key, nonce, aad, ciphertext, out.data())) return std::nullopt;
        return out;
    }
    sodium_ready();
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
                                                  aad.data(), aad.size(), nonce.data(), key.data()) != 0)
        return std::nullopt;
    return out;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/aead.hpp"

#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {
namespace {

// libsodium's two constructions have one signature each way.
using SealFunction = decltype(&crypto_aead_xchacha20poly1305_ietf_encrypt);
using OpenFunction = decltype(&crypto_aead_xchacha20poly1305_ietf_decrypt);

Bytes seal_by(SealFunction function, BytesView key, BytesView nonce, BytesView context, BytesView plaintext)
{
    sodium_ready();
    Bytes out(plaintext.size() + aead_tag_bytes);
    unsigned long long size = 0;
    function(out.data(), &size, plaintext.data(), plaintext.size(), context.data(), context.size(), nullptr,
             nonce.data(), key.data());
    GODWIT_ASSERT(size == out.size());
    return out;
}

std::optional<Bytes> open_by(OpenFunction function, BytesView key, BytesView nonce, BytesView context, BytesView sealed)
{
    if (sealed.size() < aead_tag_bytes) return std::nullopt;
    sodium_ready();
    Bytes out(sealed.size() - aead_tag_bytes);
    unsigned long long size = 0;
    const int answer = function(out.data(), &size, nullptr, sealed.data(), sealed.size(), context.data(),
                                context.size(), nonce.data(), key.data());
    if (answer != 0) return std::nullopt;
    GODWIT_ASSERT(size == out.size());
    return out;
}

} // namespace

static_assert(aead_key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(aead_key_bytes == crypto_aead_chacha20poly1305_ietf_KEYBYTES);
static_assert(aead_tag_bytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(aead_tag_bytes == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(xchacha_nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(chacha_nonce_bytes == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

Bytes seal_with_random_nonce(BytesView key, BytesView context, BytesView plaintext, port::Entropy& entropy)
{
    Bytes out(xchacha_nonce_bytes);
    entropy.fill(out);
    const Bytes sealed = xchacha_seal(key, out, context, plaintext);
    append(out, sealed);
    return out;
}

std::optional<Bytes> open_with_carried_nonce(BytesView key, BytesView context, BytesView sealed)
{
    if (sealed.size() < xchacha_nonce_bytes) return std::nullopt;
    return xchacha_open(key, sealed.first(xchacha_nonce_bytes), context, sealed.subspan(xchacha_nonce_bytes));
}

Bytes xchacha_seal(BytesView key, BytesView nonce, BytesView context, BytesView plaintext)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes && nonce.size() == xchacha_nonce_bytes);
    return seal_by(&crypto_aead_xchacha20poly1305_ietf_encrypt, key, nonce, context, plaintext);
}

std::optional<Bytes> xchacha_open(BytesView key, BytesView nonce, BytesView context, BytesView sealed)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes && nonce.size() == xchacha_nonce_bytes);
    return open_by(&crypto_aead_xchacha20poly1305_ietf_decrypt, key, nonce, context, sealed);
}

Bytes chacha_seal(BytesView key, BytesView nonce, BytesView context, BytesView plaintext)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes && nonce.size() == chacha_nonce_bytes);
    return seal_by(&crypto_aead_chacha20poly1305_ietf_encrypt, key, nonce, context, plaintext);
}

std::optional<Bytes> chacha_open(BytesView key, BytesView nonce, BytesView context, BytesView sealed)
{
    GODWIT_ASSERT(key.size() == aead_key_bytes && nonce.size() == chacha_nonce_bytes);
    return open_by(&crypto_aead_chacha20poly1305_ietf_decrypt, key, nonce, context, sealed);
}

} // namespace godwit::crypto

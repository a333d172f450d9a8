// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/signing.hpp"

#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {

static_assert(signing_seed_bytes == crypto_sign_SEEDBYTES);
static_assert(sizeof(SignatureBytes) == crypto_sign_BYTES);
static_assert(PublicKey::size_bytes == crypto_sign_PUBLICKEYBYTES);

SigningKey SigningKey::from_seed(BytesView seed)
{
    GODWIT_ASSERT(seed.size() == signing_seed_bytes);
    sodium_ready();
    SigningKey out;
    out.secret_ = SecretBytes(crypto_sign_SECRETKEYBYTES);
    crypto_sign_seed_keypair(out.public_key_.data(), out.secret_.span().data(), seed.data());
    return out;
}

SignatureBytes SigningKey::sign(BytesView message) const
{
    GODWIT_ASSERT(!secret_.empty()); // moved from
    SignatureBytes out{};
    crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), secret_.view().data());
    return out;
}

bool verify(const PublicKey& key, BytesView message, BytesView signature) noexcept
{
    if (signature.size() != crypto_sign_BYTES) return false;
    sodium_ready();
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

} // namespace godwit::crypto

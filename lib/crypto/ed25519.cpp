// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/ed25519.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {

Ed25519KeyPair Ed25519KeyPair::from_seed(BytesView seed)
{
    GODWIT_ASSERT(seed.size() == ed25519_seed_bytes);
    sodium_ready();
    Ed25519KeyPair out{Bytes(ed25519_public_bytes), WipedBytes(crypto_sign_SECRETKEYBYTES)};
    crypto_sign_seed_keypair(out.public_key.data(), out.private_key.data(), seed.data());
    return out;
}

std::optional<ExchangePublicKey> x25519_public_of(BytesView ed25519_public) noexcept
{
    if (ed25519_public.size() != ed25519_public_bytes) return std::nullopt;
    sodium_ready();
    ExchangePublicKey out{};
    if (crypto_sign_ed25519_pk_to_curve25519(out.data(), ed25519_public.data()) != 0) return std::nullopt;
    return out;
}

SecretArray<exchange_key_bytes> x25519_secret_of(BytesView ed25519_seed) noexcept
{
    GODWIT_ASSERT(ed25519_seed.size() == ed25519_seed_bytes);
    const auto pair = Ed25519KeyPair::from_seed(ed25519_seed);
    SecretArray<exchange_key_bytes> out;
    crypto_sign_ed25519_sk_to_curve25519(out.span().data(), pair.private_key.data());
    return out;
}

Bytes ed25519_sign(BytesView private_key, BytesView message)
{
    GODWIT_ASSERT(private_key.size() == crypto_sign_SECRETKEYBYTES);
    sodium_ready();
    Bytes out(ed25519_signature_bytes);
    crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), private_key.data());
    return out;
}

bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature) noexcept
{
    if (public_key.size() != ed25519_public_bytes || signature.size() != ed25519_signature_bytes) return false;
    sodium_ready();
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/exchange.hpp"

#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {

static_assert(exchange_key_bytes == crypto_scalarmult_BYTES && exchange_key_bytes == crypto_scalarmult_SCALARBYTES);

ExchangeKey ExchangeKey::generate(port::Entropy& entropy)
{
    ExchangeKey out;
    out.secret_ = SecretBytes::random(exchange_key_bytes, entropy);
    out.public_key_ = exchange_public_key(out.secret());
    return out;
}

ExchangeKey ExchangeKey::from_secret(BytesView secret)
{
    GODWIT_ASSERT(secret.size() == exchange_key_bytes);
    ExchangeKey out;
    out.secret_ = SecretBytes::copy_of(secret);
    out.public_key_ = exchange_public_key(out.secret());
    return out;
}

ExchangePublicKey exchange_public_key(BytesView secret)
{
    GODWIT_ASSERT(secret.size() == exchange_key_bytes);
    sodium_ready();
    ExchangePublicKey out{};
    GODWIT_ASSERT(crypto_scalarmult_base(out.data(), secret.data()) == 0);
    return out;
}

std::optional<SecretArray<32>> exchange(BytesView secret, BytesView public_key) noexcept
{
    GODWIT_ASSERT(secret.size() == exchange_key_bytes);
    if (public_key.size() != exchange_key_bytes) return std::nullopt;
    sodium_ready();
    SecretArray<32> out;
    // libsodium answers -1 for an all-zero result; the second look costs nothing and does not trust that.
    if (crypto_scalarmult(out.span().data(), secret.data(), public_key.data()) != 0) return std::nullopt;
    if (sodium_is_zero(out.view().data(), out.view().size()) != 0) return std::nullopt;
    return out;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
// Ed25519 (RFC 8032) over raw byte strings, as MLS cipher suites use it.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/exchange.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstddef>
#include <optional>

namespace godwit::crypto {

inline constexpr std::size_t ed25519_seed_bytes = 32;
inline constexpr std::size_t ed25519_public_bytes = 32;
inline constexpr std::size_t ed25519_signature_bytes = 64;

struct Ed25519KeyPair {
    Bytes public_key;       ///< 32 bytes.
    WipedBytes private_key; ///< 64 bytes: seed, then public key, so that signing derives nothing again.

    /// Precondition: seed has ed25519_seed_bytes.
    [[nodiscard]] static Ed25519KeyPair from_seed(BytesView seed);
    [[nodiscard]] BytesView seed() const noexcept { return BytesView(private_key).first(ed25519_seed_bytes); }
};

/// The X25519 form of a signing key, by the birational map of RFC 7748 section 4.1: what is sealed for a key that one
/// knows for signing only. nullopt: no point of the curve, or one of small order.
[[nodiscard]] std::optional<ExchangePublicKey> x25519_public_of(BytesView ed25519_public) noexcept;
/// The secret that belongs to it: the scalar of RFC 8032 section 5.1.5. Precondition: seed has ed25519_seed_bytes.
[[nodiscard]] SecretArray<exchange_key_bytes> x25519_secret_of(BytesView ed25519_seed) noexcept;

/// Precondition: private_key as in Ed25519KeyPair.
[[nodiscard]] Bytes ed25519_sign(BytesView private_key, BytesView message);
/// False on wrong lengths, non-canonical or low-order keys too.
[[nodiscard]] bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature) noexcept;

} // namespace godwit::crypto

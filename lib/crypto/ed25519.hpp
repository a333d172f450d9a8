// SPDX-License-Identifier: Apache-2.0
// Ed25519 (RFC 8032) over raw byte strings, as MLS cipher suites use it.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstddef>

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

/// Precondition: private_key as in Ed25519KeyPair.
[[nodiscard]] Bytes ed25519_sign(BytesView private_key, BytesView message);
/// False on wrong lengths, non-canonical or low-order keys too.
[[nodiscard]] bool ed25519_verify(BytesView public_key, BytesView message, BytesView signature) noexcept;

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/crypto/secret.hpp"

namespace godwit::crypto {

inline constexpr std::size_t signing_seed_bytes = 32;

/// An Ed25519 signature (RFC 8032 section 5.1.6): R ‖ S.
using SignatureBytes = std::array<std::uint8_t, 64>;

/// An Ed25519 key pair. Signatures are deterministic. What is signed must start with a context of its own ("godwit …
/// 1"), or be a transcript_hash, so that a signature for one purpose never serves another.
class SigningKey {
public:
    /// RFC 8032 section 5.1.5. `seed`: signing_seed_bytes; copied into guarded memory.
    [[nodiscard]] static SigningKey from_seed(BytesView seed);

    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
    [[nodiscard]] SignatureBytes sign(BytesView message) const;
    /// The seed: what is stored.
    [[nodiscard]] BytesView seed() const noexcept { return secret_.view().first(signing_seed_bytes); }

private:
    SigningKey() = default;
    SecretBytes secret_; // seed ‖ public key, libsodium's form
    PublicKey public_key_;
};

/// True when `signature` is `key`'s over `message`. False for anything else: wrong length, S not reduced, keys of small
/// order.
[[nodiscard]] bool verify(const PublicKey& key, BytesView message, BytesView signature) noexcept;

} // namespace godwit::crypto

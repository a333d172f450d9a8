// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/crypto/secret.hpp"

#include <optional>

namespace godwit::crypto {

inline constexpr std::size_t exchange_key_bytes = 32;

/// An X25519 public key (RFC 7748): u-coordinate, little-endian.
using ExchangePublicKey = std::array<std::uint8_t, exchange_key_bytes>;

/// An X25519 key pair.
class ExchangeKey {
public:
    [[nodiscard]] static ExchangeKey generate(port::Entropy& entropy);
    /// `secret`: exchange_key_bytes; copied into guarded memory. Clamped at use (RFC 7748 section 5).
    [[nodiscard]] static ExchangeKey from_secret(BytesView secret);

    [[nodiscard]] const ExchangePublicKey& public_key() const noexcept { return public_key_; }
    [[nodiscard]] BytesView secret() const noexcept { return secret_.view(); }

private:
    ExchangeKey() = default;
    SecretBytes secret_;
    ExchangePublicKey public_key_{};
};

/// The public key of `secret` (exchange_key_bytes).
[[nodiscard]] ExchangePublicKey exchange_public_key(BytesView secret);

/// The Diffie-Hellman value of RFC 7748 section 6.1. Never a key by itself: derive() one from it and both public keys.
/// nullopt when `public_key` has the wrong length or the result is all zero (a point of small order: somebody wants a
/// known key). `secret`: exchange_key_bytes.
[[nodiscard]] std::optional<SecretArray<32>> exchange(BytesView secret, BytesView public_key) noexcept;

} // namespace godwit::crypto

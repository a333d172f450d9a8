// SPDX-License-Identifier: Apache-2.0
// P-256 (NIST SP 800-186) as MLS suite 0x0002 and DHKEM(P-256) use it: Diffie-Hellman and ECDSA with SHA-256. By
// hogweed, nettle's other half (docs/adr/0054-p256.md says what it wipes and what it does not).
//
// Public keys are uncompressed points, 0x04 ‖ x ‖ y (SEC 1 section 2.3.3), and are looked at before anything is done
// with them: on the curve, coordinates reduced. The curve's cofactor is 1, so that is all there is to look at. Private
// keys are 32 bytes, big endian, of 1 to n - 1.
//
// What is noexcept allocates nothing here. What GMP allocates beneath it ends the process where there is no memory:
// that is GMP's way, and no exception.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"

#include <cstddef>
#include <optional>

namespace godwit::crypto {

inline constexpr std::size_t p256_private_bytes = 32;
inline constexpr std::size_t p256_public_bytes = 65;
/// The x-coordinate (RFC 9180 section 7.1.1).
inline constexpr std::size_t p256_shared_bytes = 32;
/// ECDSA-Sig-Value of RFC 3279 section 2.2.3 with two integers of 33 bytes.
inline constexpr std::size_t p256_signature_bytes_max = 72;

[[nodiscard]] bool is_p256_private(BytesView key) noexcept;
[[nodiscard]] bool is_p256_public(BytesView key) noexcept;
/// nullopt unless is_p256_private(private_key).
[[nodiscard]] std::optional<Bytes> p256_public_of(BytesView private_key);
/// nullopt unless both keys are.
[[nodiscard]] std::optional<WipedBytes> p256_shared(BytesView private_key, BytesView public_key);
/// ECDSA over SHA-256 of `message`, DER. The nonce is that of RFC 6979: the same message gives the same signature, and
/// no randomness is needed that could be bad. Precondition: is_p256_private(private_key).
[[nodiscard]] Bytes p256_sign(BytesView private_key, BytesView message);
/// False for what is not DER to the letter, too: a signature has one form.
[[nodiscard]] bool p256_verify(BytesView public_key, BytesView message, BytesView signature) noexcept;

} // namespace godwit::crypto

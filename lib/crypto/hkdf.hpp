// SPDX-License-Identifier: Apache-2.0
// SHA-2, HMAC (RFC 2104) and HKDF (RFC 5869): SHA-256 unless another hash is named. Inputs are lists of parts that are
// taken as one concatenated string, so that callers build no temporary buffers around secrets.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>

namespace godwit::crypto {

enum class Sha2 : std::uint8_t { sha256, sha512 };

/// Nh.
[[nodiscard]] constexpr std::size_t hash_bytes(Sha2 hash) noexcept
{
    return hash == Sha2::sha256 ? 32 : 64;
}

inline constexpr std::size_t hkdf_hash_bytes = hash_bytes(Sha2::sha256);
/// RFC 5869 section 2.3: L <= 255*HashLen.
inline constexpr std::size_t hkdf_expand_bytes_max = 255 * hkdf_hash_bytes;

using Sha256Digest = std::array<std::uint8_t, hkdf_hash_bytes>;
using Parts = std::initializer_list<BytesView>;

[[nodiscard]] Sha256Digest sha256_of(Parts parts) noexcept;
[[nodiscard]] Sha256Digest hmac_sha256_of(BytesView key, Parts parts) noexcept;
/// hash_bytes(hash) long.
[[nodiscard]] WipedBytes hmac_of(Sha2 hash, BytesView key, Parts parts);

/// RFC 5869 section 2.2; hash_bytes(hash) long.
[[nodiscard]] WipedBytes hkdf_extract(Sha2 hash, BytesView salt, Parts ikm);
[[nodiscard]] WipedBytes hkdf_extract(BytesView salt, Parts ikm);
/// RFC 5869 section 2.3. Precondition: length_bytes <= 255 * hash_bytes(hash).
[[nodiscard]] WipedBytes hkdf_expand(Sha2 hash, BytesView prk, Parts info, std::size_t length_bytes);
[[nodiscard]] WipedBytes hkdf_expand(BytesView prk, Parts info, std::size_t length_bytes);

} // namespace godwit::crypto

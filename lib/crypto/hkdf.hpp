// SPDX-License-Identifier: Apache-2.0
// SHA-256, HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869). Inputs are lists of parts that are taken as
// one concatenated string, so that callers build no temporary buffers around secrets.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/crypto/wiped.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>

namespace godwit::crypto {

inline constexpr std::size_t hkdf_hash_bytes = 32; ///< Nh of SHA-256.
/// RFC 5869 section 2.3: L <= 255*HashLen.
inline constexpr std::size_t hkdf_expand_bytes_max = 255 * hkdf_hash_bytes;

using Sha256Digest = std::array<std::uint8_t, hkdf_hash_bytes>;
using Parts = std::initializer_list<BytesView>;

[[nodiscard]] Sha256Digest sha256_of(Parts parts) noexcept;
[[nodiscard]] Sha256Digest hmac_sha256_of(BytesView key, Parts parts) noexcept;

/// RFC 5869 section 2.2; 32 bytes.
[[nodiscard]] WipedBytes hkdf_extract(BytesView salt, Parts ikm);
/// RFC 5869 section 2.3. Precondition: length_bytes <= hkdf_expand_bytes_max.
[[nodiscard]] WipedBytes hkdf_expand(BytesView prk, Parts info, std::size_t length_bytes);

} // namespace godwit::crypto

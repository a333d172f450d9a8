// SPDX-License-Identifier: Apache-2.0
// What protocols of the last century still ask for: STUN's MESSAGE-INTEGRITY and long-term keys (RFC 8489 sections 14.5
// and 9.2.2), the TURN REST credential. For nothing new. By nettle, as hkdf.cpp.
#pragma once

#include "lib/crypto/hkdf.hpp"

namespace godwit::crypto {

using Sha1Digest = std::array<std::uint8_t, 20>;
using Md5Digest = std::array<std::uint8_t, 16>;

/// HMAC-SHA1 (RFC 2104).
[[nodiscard]] Sha1Digest hmac_sha1_of(BytesView key, Parts parts) noexcept;
/// MD5 (RFC 1321): broken for collisions; here it only names the key of a password that is random.
[[nodiscard]] Md5Digest md5_of(Parts parts) noexcept;

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
// Long-term credentials (RFC 8489 section 9.2): a key from user name, realm and password, and whether a message was
// made with it. Comparisons take the same time whatever they compare.
#pragma once

#include "lib/crypto/wiped.hpp"
#include "relay/stun/message.hpp"

namespace godwit::relay::stun {

/// Section 18.5.
enum class PasswordAlgorithm : std::uint16_t { md5 = 1, sha256 = 2 };

/// Value of PASSWORD-ALGORITHMS (section 14.11) as our servers send it: SHA-256 rather than MD5, neither with
/// parameters.
inline constexpr std::array<std::uint8_t, 8> password_algorithms{0, 2, 0, 0, 0, 1, 0, 0};

/// Of PASSWORD-ALGORITHM (section 14.12). nullopt: none that we know, or with parameters.
[[nodiscard]] std::optional<PasswordAlgorithm> read_password_algorithm(BytesView value);

/// Section 18.5.1: MD5 or SHA-256 of user ":" realm ":" password, which are taken as they are (our own are ASCII).
[[nodiscard]] crypto::WipedBytes long_term_key(PasswordAlgorithm algorithm, BytesView user, BytesView realm,
                                               BytesView password);
/// Value of USERHASH (section 14.4).
[[nodiscard]] std::array<std::uint8_t, 32> userhash(BytesView user, BytesView realm);

/// The message was made with `key`: by MESSAGE-INTEGRITY-SHA256 (16 to 32 bytes of it) when it has one, else by
/// MESSAGE-INTEGRITY; false when it has neither. Over what stands before the attribute, with a length that ends behind
/// it (sections 14.5, 14.6).
[[nodiscard]] bool has_integrity(const Message& message, BytesView key);

} // namespace godwit::relay::stun

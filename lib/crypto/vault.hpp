// SPDX-License-Identifier: Apache-2.0
// The account vault: the account's Ed25519 seed, kept at the relay for the account's next device, under a key that only
// the password gives.
//
//   vault = 0x01 ‖ nonce (24) ‖ XChaCha20-Poly1305(vault_key, nonce, seed; context)         73 bytes
//   context = transcript_hash("godwit account vault 1", user, account key)
#pragma once

#include "lib/crypto/secret.hpp"

#include <godwit/result.hpp>

#include <string_view>

namespace godwit::crypto {

inline constexpr std::size_t vault_bytes = 1 + 24 + 32 + 16;

/// `vault_key`: 32 bytes; `account_seed`: 32 bytes, the seed of `account_key` (asserted).
[[nodiscard]] Bytes seal_vault(BytesView vault_key, std::string_view user, const PublicKey& account_key,
                               BytesView account_seed, port::Entropy& entropy);

/// The seed; it is certain to be the one of `account_key`. Errors: malformed (length, version), authentication_failed
/// (another key, user or account key, or altered).
[[nodiscard]] Result<SecretBytes> open_vault(BytesView vault_key, std::string_view user, const PublicKey& account_key,
                                             BytesView vault);

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
// From a password to keys. The password never leaves the device:
//
//   salt   = first 16 bytes of transcript_hash("godwit password salt 1", relay key, user)
//   master = Argon2id(password, salt, params), 32 bytes
//   login_secret = derive(master, "godwit login secret 1")     sent to the relay, which stores only a hash of it
//   vault_key    = derive(master, "godwit vault key 1")        never sent; opens the account vault (vault.hpp)
//
// The salt needs no round trip and differs per relay and user, so one table of guesses serves against one account only.
// A relay (or who steals its database) can still guess passwords offline, at the price of one Argon2id each: see
// docs/threat-model.md.
#pragma once

#include "lib/crypto/secret.hpp"

#include <godwit/result.hpp>

#include <string_view>

namespace godwit::crypto {

/// Cost of one guess, for us and for an attacker. All devices of an account must use the same: it is part of the
/// protocol.
struct PasswordParams {
    std::uint32_t passes = 3;
    std::uint64_t memory_bytes = 64 * 1024 * 1024; ///< RFC 9106 section 4, second recommended option, at one lane.
};

inline constexpr std::uint32_t password_passes_max = 16;
inline constexpr std::uint64_t password_memory_bytes_min = 8 * 1024; ///< libsodium's floor.
inline constexpr std::uint64_t password_memory_bytes_max = 1024ULL * 1024 * 1024;

/// For tests of everything that is not the password: about a hundred thousand times cheaper, and as much weaker. Never
/// in a product.
inline constexpr PasswordParams password_params_for_tests{1, password_memory_bytes_min};

struct PasswordKeys {
    SecretBytes login_secret; ///< 32 bytes.
    SecretBytes vault_key;    ///< 32 bytes.
};

/// The one rule for what a person thinks of to close something with: of accounts, and of archives. `what` names it in
/// the error: invalid_argument (not password_bytes_min..max).
[[nodiscard]] Result<void> check_password(std::string_view what, BytesView password);

/// Takes about 0.2 s and 64 MiB with the default params: not on a thread that must stay responsive.
/// Errors: invalid_argument (password not password_bytes_min..max, empty or too long user, params out of bounds),
/// quota_exceeded (the system has not memory_bytes to give).
[[nodiscard]] Result<PasswordKeys> derive_password_keys(std::string_view user, const PublicKey& relay_key,
                                                        std::string_view password, const PasswordParams& params = {});

/// Argon2id, version 1.3, one lane (RFC 9106). `salt`: 16 bytes; returns `out_bytes` (16..64). For passphrases of
/// stores. Errors as above.
[[nodiscard]] Result<SecretBytes> argon2id(BytesView password, BytesView salt, const PasswordParams& params,
                                           std::size_t out_bytes);

} // namespace godwit::crypto

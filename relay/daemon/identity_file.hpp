// SPDX-License-Identifier: Apache-2.0
// The relay's key, in its data directory: who has this file is this relay.
#pragma once

#include <godwit/result.hpp>

#include "lib/crypto/secret.hpp"

#include <optional>
#include <string>

namespace godwit::relay {

inline constexpr const char* identity_file_name = "identity.key";

/// Makes `directory` (0700) when its parent is there. Errors: storage_failed, and what to do.
[[nodiscard]] Result<void> ensure_directory(const std::string& directory);

/// The Ed25519 seed (32 bytes); nullopt: there is no such file. Errors: storage_failed, storage_corrupt (the file is
/// there and is not a key: never overwritten).
[[nodiscard]] Result<std::optional<crypto::SecretBytes>> read_identity(const std::string& directory);
/// A fresh one: mode 0600, on disk before this returns. Precondition: there is none. Errors: storage_failed.
[[nodiscard]] Result<crypto::SecretBytes> create_identity(const std::string& directory, port::Entropy& entropy);

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// The relay's key, in its data directory: who has this file is this relay.
#pragma once

#include <godwit/result.hpp>

#include "lib/crypto/secret.hpp"

#include <string>

namespace godwit::relay {

inline constexpr const char* identity_file_name = "identity.key";

/// Makes `directory` (0700) when its parent is there. Errors: storage_failed, and what to do.
[[nodiscard]] Result<void> ensure_directory(const std::string& directory);

/// The Ed25519 seed (32 bytes). The first start makes one (mode 0600, on disk before this returns). Errors:
/// storage_failed, storage_corrupt (the file is there and is not a key: never overwritten).
[[nodiscard]] Result<crypto::SecretBytes> load_identity(const std::string& directory, port::Entropy& entropy);

} // namespace godwit::relay

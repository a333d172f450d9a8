// SPDX-License-Identifier: Apache-2.0
// Device certificates: what binds a device and its sealing key to an account.
#pragma once

#include <godwit/result.hpp>

#include "lib/wire/content.hpp"

namespace godwit::seal {

/// Fills in account_key and signature. `account_seed`: Ed25519 seed of the account key, 32 bytes.
[[nodiscard]] wire::DeviceCertificate sign_certificate(wire::DeviceCertificate unsigned_certificate,
                                                       BytesView account_seed);

/// Decodes and verifies: signature by `account_key`, for `user`. Errors: malformed, authentication_failed.
[[nodiscard]] Result<wire::DeviceCertificate> verify_certificate(BytesView encoded, std::string_view user,
                                                                 const PublicKey& account_key);

} // namespace godwit::seal

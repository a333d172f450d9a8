// SPDX-License-Identifier: Apache-2.0
// identity: who is who. An account is an Ed25519 key; it certifies devices one by one and signs the list of all of
// them. Clients and relays judge by the same functions.
//
//   certificate.hpp      one device of an account
//   device_list.hpp      all of them, versioned: what makes adding and revoking visible
//   safety_number.hpp    what two people compare
//   conversation_id.hpp  the name of what two accounts have in common
#pragma once

#include <godwit/result.hpp>

#include "lib/wire/content.hpp"

namespace godwit::identity {

/// Fills in account_key and signature. `account_seed`: Ed25519 seed of the account key, 32 bytes.
[[nodiscard]] wire::DeviceCertificate sign_certificate(wire::DeviceCertificate unsigned_certificate,
                                                       BytesView account_seed);

/// Decodes and verifies: signature by `account_key`, for `user`. Errors: malformed, authentication_failed.
[[nodiscard]] Result<wire::DeviceCertificate> verify_certificate(BytesView encoded, std::string_view user,
                                                                 const PublicKey& account_key);

} // namespace godwit::identity

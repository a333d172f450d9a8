// SPDX-License-Identifier: Apache-2.0
// Linking a device without the password: the new device shows a code, a device of the account takes it in.
//
//   new device   code = "godwit-link:2:" ‖ base64url(device key (32) ‖ HPKE public key (32) ‖ secret (32) ‖ check (6))
//                check = BLAKE2b of these three: a code with a slip in it is none
//   old device   grant = HPKE (RFC 9180, mode PSK, suite of MLS 0x0003) to that key, psk = secret:
//                user, account key and seed, and the current device list
//
// Who has not seen the code can neither make a grant nor open one: the relay that carries it sees a device key.
#pragma once

#include <godwit/result.hpp>

#include "lib/crypto/wiped.hpp"
#include "lib/identity/device_list.hpp"
#include "lib/port/entropy.hpp"

namespace godwit::seal {

/// RFC 9180 section 5.1.2: a PSK MUST have at least 32 bytes of entropy.
inline constexpr std::size_t link_secret_bytes = 32;

/// The new device's side, kept while it waits.
struct LinkOffer {
    DeviceId device;
    crypto::WipedBytes hpke_private; ///< 32 bytes.
    crypto::WipedBytes secret;       ///< link_secret_bytes.
};
[[nodiscard]] LinkOffer make_link_offer(const DeviceId& device, port::Entropy& entropy);
[[nodiscard]] std::string link_code(const LinkOffer& offer);

struct LinkCode {
    DeviceId device;
    Bytes hpke_public;
    crypto::WipedBytes secret;
};
/// Errors: invalid_argument (not a code: the detail says what one looks like).
[[nodiscard]] Result<LinkCode> parse_link_code(std::string_view text);

struct LinkGrant {
    std::string user;
    PublicKey account_key;
    WipingBytes account_seed;
    Bytes device_list; ///< The current one: the new device signs the next, with itself.
};
[[nodiscard]] Bytes seal_link_grant(const LinkCode& code, const LinkGrant& grant, port::Entropy& entropy);
/// Key, seed and list belong together. Errors: authentication_failed.
[[nodiscard]] Result<LinkGrant> open_link_grant(const LinkOffer& offer, BytesView sealed);

} // namespace godwit::seal

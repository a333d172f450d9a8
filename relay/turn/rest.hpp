// SPDX-License-Identifier: Apache-2.0
// Time-limited credentials (draft-uberti-behave-turn-rest-00 section 2.2), as coturn's use-auth-secret knows them: the
// TURN server and whoever hands them out share a secret, and nothing has to be stored.
//
//   username = expiry ":" account      expiry in seconds since 1970
//   password = base64(HMAC-SHA1(secret, username))
#pragma once

#include "lib/base/bytes.hpp"

namespace godwit::relay::turn {

/// RFC 8489 section 14.3: USERNAME is shorter than 509 bytes.
inline constexpr std::size_t username_bytes_max = 508;

struct RestName {
    std::int64_t expires_s = 0;
    std::string_view account; ///< 1 byte and more; a view into the username.
};

[[nodiscard]] std::string rest_username(std::int64_t expires_s, std::string_view account);
[[nodiscard]] std::string rest_password(BytesView secret, std::string_view username);
/// nullopt: not of this form.
[[nodiscard]] std::optional<RestName> parse_rest_username(std::string_view username);

} // namespace godwit::relay::turn

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"

namespace godwit::tls {

/// HMAC-SHA1 (RFC 2104): the credential of the TURN REST scheme (draft-uberti-behave-turn-rest-00) and STUN's
/// MESSAGE-INTEGRITY (RFC 8489 section 14.5). For nothing new.
[[nodiscard]] std::array<std::uint8_t, 20> hmac_sha1(BytesView key, BytesView data);

} // namespace godwit::tls

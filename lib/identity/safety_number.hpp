// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"

#include <string>
#include <string_view>

namespace godwit::identity {

struct Named {
    std::string user;
    PublicKey account_key;
};

/// What two people read to each other: 60 decimal digits in twelve groups of five, the same on both sides. Each half is
/// 100 bits of an iterated hash over a user name and an account key (safety_number_rounds makes trying keys for a
/// half-equal number dearer), so it stays while devices come and go and changes with either account key.
[[nodiscard]] std::string safety_number(const Named& one, const Named& other);
inline constexpr std::uint32_t safety_number_rounds = 5200;

/// True when `text` is that number; spaces do not count.
[[nodiscard]] bool safety_number_matches(std::string_view text, const Named& one, const Named& other);

/// The same as text for a QR code, from one side: "godwit-verify:1:<own user>:<own key>:<their user>:<their key>", keys
/// in base64url.
[[nodiscard]] std::string verification_code(const Named& own, const Named& theirs);
/// True when `code` is what the other side shows about `own` and `theirs`.
[[nodiscard]] bool verification_matches(std::string_view code, const Named& own, const Named& theirs);

} // namespace godwit::identity

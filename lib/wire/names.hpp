// SPDX-License-Identifier: Apache-2.0
// Names and addresses in text: user names and relay addresses.
#pragma once

#include <godwit/ids.hpp>
#include <godwit/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace godwit::wire {

/// [a-z0-9][a-z0-9._-]{0,31}
[[nodiscard]] bool is_user_name(std::string_view text) noexcept;

/// What may stand as HOST in a relay address: a name, an IPv4 address, or an IPv6 address without brackets.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// The key of an application at a relay: 1…app_key_length_max of A-Z a-z 0-9 - _.
[[nodiscard]] bool is_app_key(std::string_view text) noexcept;

/// godwit://HOST:PORT#KEY or godwit://HOST:PORT/APP#KEY: HOST a name, an IPv4 or a [bracketed] IPv6 address, KEY the
/// relay's Ed25519 key in base64url (43 chars), APP the key of an application.
struct RelayAddress {
    std::string host; ///< Without brackets.
    std::uint16_t port = 0;
    PublicKey key;
    std::string app{}; ///< Empty: the relay's default application.
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const RelayAddress&, const RelayAddress&) = default;
};
/// Errors: invalid_argument; detail says which part is wrong and shows the form.
[[nodiscard]] Result<RelayAddress> parse_relay_address(std::string_view text);

} // namespace godwit::wire

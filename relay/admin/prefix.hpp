// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relay/store/policy_tables.hpp"
#include "transport/loop/address.hpp"

namespace godwit::relay::admin {

/// "198.51.100.0/24", "2001:db8::/32"; without a slash one address. nullopt: neither; bits set behind the prefix (which
/// says that another one is meant); shorter than bits_min.
[[nodiscard]] std::optional<AddressPrefix> parse_prefix(std::string_view text, unsigned bits_min = 1);
/// "192.0.2.1" or "2001:db8::1", without port and brackets.
[[nodiscard]] std::optional<loop::Address> parse_ip(std::string_view text);

} // namespace godwit::relay::admin

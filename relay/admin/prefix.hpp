// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relay/store/policy_tables.hpp"

namespace godwit::relay::admin {

/// "198.51.100.0/24", "2001:db8::/32"; without a slash one address. nullopt: neither; bits set behind the prefix (which
/// says that another one is meant); everybody (a length of 0).
[[nodiscard]] std::optional<AddressPrefix> parse_prefix(std::string_view text);

} // namespace godwit::relay::admin

// SPDX-License-Identifier: Apache-2.0
// Private to store: what is in relay.db, and how older files come to it.
#pragma once

#include "lib/sqlite/database.hpp"

#include <span>

namespace godwit::relay {

[[nodiscard]] sqlite::Schema schema();
/// Those that all others follow.
[[nodiscard]] std::span<const char* const> first_steps();

} // namespace godwit::relay

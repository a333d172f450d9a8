// SPDX-License-Identifier: Apache-2.0
// Private to store: what is in relay.db, and how older files come to it.
#pragma once

#include "lib/sqlite/database.hpp"

namespace godwit::relay {

[[nodiscard]] sqlite::Schema schema();

} // namespace godwit::relay

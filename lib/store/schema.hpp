// SPDX-License-Identifier: Apache-2.0
// The tables, and how older files get there.
#pragma once

#include "lib/sqlite/database.hpp"

namespace godwit::store {

/// Steps are append-only: a released step is never edited.
[[nodiscard]] const sqlite::Schema& schema();

} // namespace godwit::store

// SPDX-License-Identifier: Apache-2.0
// Private: the tables of the newest schema as salvage knows them again (lib/sqlite/salvage.hpp). No two are alike.
#pragma once

#include "lib/sqlite/salvage.hpp"

namespace godwit::store {

[[nodiscard]] std::span<const sqlite::Table> tables();
/// With the rules that rows must keep (rescue_rules.cpp).
[[nodiscard]] sqlite::Catalogue catalogue();
/// An entry of the index message_order, which has an entry for each message: its rowid.
[[nodiscard]] std::optional<std::int64_t> message_index_entry(const sqlite::Row& row);

} // namespace godwit::store

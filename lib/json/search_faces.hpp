// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: what is looked for, and what was found.
#pragma once

#include "lib/json/content.hpp"

namespace godwit::json {

/// Most kinds of one search.
inline constexpr std::size_t search_kinds_max = 16;

[[nodiscard]] Request read_search(Fields& in);
/// Its members, behind those that are there.
void put_results(Ordered& out, const SearchResults& results);

} // namespace godwit::json

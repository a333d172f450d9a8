// SPDX-License-Identifier: Apache-2.0
// Private to lib/store/search.
#pragma once

#include "lib/sqlite/database.hpp"

#include <string_view>
#include <type_traits>

namespace godwit::store::search {

/// Calls `row(statement)` for each row; one that returns bool ends it with false.
template <class Row, class... Values>
[[nodiscard]] Result<void> each_row(sqlite::Database& database, std::string_view sql, Row&& row,
                                    const Values&... values)
{
    auto statement = database.prepare(sql);
    if (!statement) return statement.error();
    statement->bind(values...);
    for (;;) {
        const auto there = statement->step();
        if (!there) return there.error();
        if (!*there) return {};
        if constexpr (std::is_same_v<std::invoke_result_t<Row&, const sqlite::Statement&>, bool>) {
            if (!row(*statement)) return {};
        } else {
            row(*statement);
        }
    }
}

} // namespace godwit::store::search

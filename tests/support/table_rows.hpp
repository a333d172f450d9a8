// SPDX-License-Identifier: Apache-2.0
// Everything in a database, for comparing what a repair has saved with what was there.
#pragma once

#include "lib/sqlite/salvage.hpp"

#include <doctest/doctest.h>
#include <map>
#include <set>
#include <string>

namespace godwit::test {

/// Table -> its rows, each as SQLite quotes it.
using Rows = std::map<std::string, std::multiset<std::string>>;

inline Rows rows_of(sqlite::Database& database, std::span<const sqlite::Table> tables)
{
    Rows out;
    for (const sqlite::Table& table : tables) {
        auto columns = database.prepare("SELECT group_concat('quote(' || name || ')', '||''|''||') FROM "
                                        "pragma_table_info('" +
                                        std::string(table.name) + "')");
        REQUIRE(columns.ok());
        REQUIRE(*columns->step());
        auto rows = database.prepare("SELECT " + std::string(columns->text(0)) + " FROM " + table.name);
        REQUIRE(rows.ok());
        while (*rows->step())
            out[table.name].emplace(rows->text(0));
    }
    return out;
}

} // namespace godwit::test

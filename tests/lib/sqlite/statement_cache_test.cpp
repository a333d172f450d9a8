// SPDX-License-Identifier: Apache-2.0
// Statements that are asked for again, and values that are not copied.
#include "support.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

Statement prepared(Database& database, std::string_view sql)
{
    auto out = database.prepare(sql);
    REQUIRE_MESSAGE(out.ok(), out.error().detail);
    return std::move(*out);
}

} // namespace

TEST_CASE("a statement that is out is compiled again, and both come back")
{
    auto database = must(Database::open_in_memory(schema()));
    constexpr std::string_view sql = "SELECT ?1";
    for (int round = 0; round < 3; ++round) {
        auto one = prepared(database, sql);
        auto other = prepared(database, sql);
        one.bind(1);
        other.bind(2);
        REQUIRE(*one.step());
        REQUIRE(*other.step());
        CHECK(one.integer(0) == 1);
        CHECK(other.integer(0) == 2);
    }
    auto later = prepared(database, sql);
    REQUIRE(*later.step());
    CHECK(later.is_null(0)); // what was bound before is forgotten
}

TEST_CASE("another text at the same place is another statement")
{
    auto database = must(Database::open_in_memory(schema()));
    std::string sql = "SELECT 11";
    for (int n = 11; n < 99; ++n) {
        sql.replace(7, 2, std::to_string(n)); // never moves
        auto statement = prepared(database, sql);
        REQUIRE(*statement.step());
        CHECK(statement.integer(0) == n);
    }
}

TEST_CASE("more texts than are kept: each still says what it says, and those that are out stay")
{
    auto database = must(Database::open_in_memory(schema()));
    auto out = prepared(database, "SELECT 'out'");
    for (int round = 0; round < 2; ++round)
        for (std::size_t n = 0; n < 2 * statements_kept_max; ++n) {
            auto statement = prepared(database, "SELECT " + std::to_string(n));
            REQUIRE(*statement.step());
            CHECK(statement.integer(0) == static_cast<std::int64_t>(n));
        }
    REQUIRE(*out.step());
    CHECK(out.text(0) == "out");
}

TEST_CASE("what is borrowed is read when the statement runs, and not kept by it")
{
    auto database = must(Database::open_in_memory(schema()));
    std::string text(5000, 'a');
    Bytes bytes(5000, 7);
    auto statement = prepared(database, "SELECT ?1, ?2, ?3");
    statement.borrow(text, bytes, std::optional<std::string>());
    text.front() = 'b'; // in place: a copy would not show it
    REQUIRE(*statement.step());
    CHECK(statement.text(0) == text);
    CHECK(to_bytes(statement.bytes(1)) == bytes);
    CHECK(statement.is_null(2));
    statement.bind(text, bytes, nullptr);
    text.assign(5000, 'c');
    REQUIRE(*statement.step());
    CHECK(statement.text(0).front() == 'b');
}

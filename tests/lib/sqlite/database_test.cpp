// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

struct IdTag;
using Id = FixedBytes<16, IdTag>;
enum class Colour : std::uint8_t { red = 3 };

} // namespace

TEST_CASE("values go in and come out as what they are")
{
    auto database = must(Database::open_in_memory(schema()));
    must(database.execute("CREATE TABLE t(a, b, c, d, e, f, g)"));
    Id id;
    id.bytes[15] = 9;
    must(database.run("INSERT INTO t VALUES(?1,?2,?3,?4,?5,?6,?7)", std::uint64_t{1} << 62, "text", id, Bytes{},
                      nullptr, Colour::red, std::optional<std::string>()));
    auto statement = database.prepare("SELECT a,b,c,d,e,f,g, typeof(d) FROM t");
    REQUIRE(statement.ok());
    REQUIRE(*statement->step());
    CHECK(statement->integer(0) == std::int64_t{1} << 62);
    CHECK(statement->text(1) == "text");
    CHECK(statement->fixed<Id>(2) == id);
    CHECK_FALSE(statement->fixed<Id>(1));
    CHECK(statement->bytes(3).empty());
    CHECK_FALSE(statement->is_null(3));
    CHECK(statement->is_null(4));
    CHECK(statement->integer(5) == 3);
    CHECK(statement->is_null(6));
    CHECK(statement->text(7) == "blob");
    CHECK_FALSE(*statement->step());
}

TEST_CASE("a transaction is all or nothing")
{
    auto database = must(Database::open_in_memory(schema()));
    {
        auto transaction = Transaction::begin(database);
        REQUIRE(transaction.ok());
        must(add_note(database, 1, "gone"));
    }
    CHECK(*count_notes(database) == 0);
    {
        auto transaction = Transaction::begin(database);
        REQUIRE(transaction.ok());
        must(add_note(database, 1, "kept"));
        must(transaction->commit());
    }
    CHECK(*count_notes(database) == 1);
    CHECK(database.changes() == 1);
    must(database.begin());
    CHECK(database.begin().error().code == ErrorCode::internal);
    database.rollback();
    database.rollback();
    CHECK_FALSE(database.in_transaction());
}

TEST_CASE("our own slips are named internal; values too large are refused")
{
    auto database = must(Database::open_in_memory(schema()));
    CHECK(database.execute("SELECT nonsense").error().code == ErrorCode::internal);
    CHECK(database.prepare("SELECT 1; SELECT 2").error().code == ErrorCode::internal);
    CHECK(database.prepare("").error().code == ErrorCode::internal);
    must(add_note(database, 1, "a"));
    CHECK(add_note(database, 1, "again").error().code == ErrorCode::internal);
    // bind more than there are parameters
    CHECK(database.run("DELETE FROM note WHERE id = ?1", 1, 2).error().code == ErrorCode::internal);
    const std::string largest(value_bytes_max - 1024, 'x');
    must(add_note(database, 2, largest));
    const std::string larger(value_bytes_max + 1, 'x');
    CHECK(add_note(database, 3, larger).error().code == ErrorCode::invalid_argument);
    CHECK(*count_notes(database) == 2);
    CHECK(database.prepare(std::string(sql_bytes_max + 1, ' ')).error().code == ErrorCode::internal);
}

TEST_CASE("hardened: no extensions, no attached files, no writing of the schema, no quoted strings by accident")
{
    auto database = must(Database::open_in_memory(schema()));
    CHECK_FALSE(database.execute("SELECT load_extension('x')").ok());
    CHECK_FALSE(database.execute("ATTACH 'other.db' AS other").ok());
    CHECK_FALSE(database.execute("PRAGMA writable_schema=ON; DELETE FROM sqlite_schema").ok());
    CHECK_FALSE(database.execute("SELECT \"not a column\"").ok());
}

TEST_CASE("the statement cache is bounded, and a statement may be out twice")
{
    auto database = must(Database::open_in_memory(schema()));
    must(add_note(database, 1, "a"));
    for (std::size_t i = 0; i < statements_kept_max * 2; ++i)
        must(database.run("SELECT " + std::to_string(i) + " FROM note"));
    auto one = database.prepare("SELECT id FROM note");
    auto two = database.prepare("SELECT id FROM note");
    REQUIRE(*one->step());
    REQUIRE(*two->step());
    CHECK(one->integer(0) == two->integer(0));
}

TEST_CASE("migrations: each step once, in order, and a failing step leaves nothing of itself")
{
    FaultDisk disk;
    const Key key = raw_key();
    static constexpr Migration broken[] = {{"CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"},
                                           {"CREATE TABLE half(x); CREATE TABLE note(id);"}};
    static constexpr Migration mended[] = {broken[0],
                                           {"CREATE TABLE half(x); INSERT INTO half SELECT text FROM note;"},
                                           {"ALTER TABLE half ADD COLUMN y;"}};
    auto how = options(disk, &key);
    {
        auto database = must(Database::open(how));
        must(add_note(database, 1, "first"));
        CHECK(*database.user_version() == 1);
    }
    how.schema.steps = broken;
    CHECK(Database::open(how).error().code == ErrorCode::internal);
    how.schema.steps = mended;
    {
        auto database = must(Database::open(how));
        CHECK(*database.user_version() == 3);
        auto statement = database.prepare("SELECT x, y FROM half");
        REQUIRE(*statement->step());
        CHECK(statement->text(0) == "first");
    }
    must(Database::open(how)); // nothing left to do
}

TEST_CASE("a newer or foreign file is refused untouched, encrypted or plain, with a log or without")
{
    const Key key = raw_key();
    for (const Key* with : {&key, static_cast<const Key*>(nullptr)}) {
        for (const bool killed : {false, true}) {
            CAPTURE(with != nullptr);
            CAPTURE(killed);
            FaultDisk disk;
            static constexpr Migration steps[] = {{"CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT);"},
                                                  {"CREATE TABLE later(x);"}};
            auto how = options(disk, with);
            how.schema.steps = steps;
            DiskImage before;
            {
                auto database = must(Database::open(how));
                must(add_note(database, 1, "from the future"));
                if (killed) before = disk.image_killed();
            }
            if (!killed) before = disk.image_killed();
            FaultDisk copy(before);
            how.vfs_name = copy.name();
            how.schema = schema();
            CHECK(Database::open(how).error().code == ErrorCode::storage_too_new);
            CHECK(copy.image_killed() == before);
            how.schema = {0x6f746872, steps};
            CHECK(Database::open(how).error().code == ErrorCode::storage_corrupt);
            CHECK(copy.image_killed() == before);
        }
    }
}

TEST_CASE("plain mode: the same face on ordinary SQLite files")
{
    FaultDisk disk;
    const auto how = options(disk, nullptr);
    {
        auto database = must(Database::open(how));
        must(add_note(database, 1, "in the clear"));
        CHECK(database.rekey(raw_key()).error().code == ErrorCode::unsupported);
        CHECK(Database::open(how).error().code == ErrorCode::storage_in_use);
    }
    auto database = must(Database::open(how));
    CHECK(*count_notes(database) == 1);
    must(database.check());
}

TEST_CASE("the log is folded in time, and cut back after a large transaction")
{
    const Key key = raw_key();
    for (const Key* with : {&key, static_cast<const Key*>(nullptr)}) {
        FaultDisk disk;
        auto database = must(Database::open(options(disk, with)));
        for (std::int64_t i = 0; i < 3 * wal_frames_before_checkpoint; ++i)
            must(add_note(database, i, filler(100, static_cast<std::uint64_t>(i))));
        const auto wal = disk.image_killed().at("home.db-wal").size();
        CHECK(wal < static_cast<std::size_t>(wal_frames_before_checkpoint + 100) * 4200);
        must(database.begin());
        for (std::int64_t i = 0; i < 1200; ++i)
            must(add_note(database, 100000 + i, filler(10000, static_cast<std::uint64_t>(i))));
        must(database.commit());
        CHECK(disk.image_killed().at("home.db-wal").size() > static_cast<std::size_t>(wal_bytes_kept_max));
        must(add_note(database, 999999, "one more"));
        CHECK(disk.image_killed().at("home.db-wal").size() <= static_cast<std::size_t>(wal_bytes_kept_max) * 101 / 100);
        must(database.check());
        must(database.checkpoint());
        CHECK(disk.image_killed().at("home.db-wal").empty());
        must(database.vacuum());
        must(database.check());
    }
}

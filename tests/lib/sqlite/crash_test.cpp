// SPDX-License-Identifier: Apache-2.0
// The promise: what commit() reported is there after any crash; what it did not report is there whole or not at all.
#include "support.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

constexpr int notes_each = 7;

/// Transactions of notes_each rows, some large enough to spill, with folding now and then. `reported` counts the
/// commits that said ok. Stops at the first error.
Result<void> work(Database& database, std::int64_t& reported, std::int64_t transactions)
{
    for (std::int64_t t = reported; t < transactions; ++t) {
        if (auto begun = database.begin(); !begun) return begun;
        for (std::int64_t i = 0; i < notes_each; ++i) {
            const std::size_t size = t % 5 == 4 ? 20000 : 200;
            auto added = add_note(database, t * notes_each + i, filler(size, static_cast<std::uint64_t>(t)));
            if (!added) {
                database.rollback();
                return added;
            }
        }
        if (t % 4 == 3) { // a transaction that changes its mind about pages that were spilled
            auto done = database.execute("SAVEPOINT s; UPDATE note SET text = text || 'zz'; ROLLBACK TO s; RELEASE s;"
                                         "UPDATE note SET text = text WHERE id % 2");
            if (!done) {
                database.rollback();
                return done;
            }
        }
        if (auto committed = database.commit(); !committed) return committed;
        ++reported;
        if (t % 12 == 11) // else the log is folded by itself, and begun anew over its old frames
            if (auto folded = database.checkpoint(); !folded) return folded;
    }
    return {};
}

struct Sight {
    DiskImage image;
    std::int64_t reported; // commits that had been reported when the image was taken
};

/// Opens the image as the next process would; then goes on working, to see that it can.
void survive(const Sight& sight, const Key* key)
{
    FaultDisk disk(sight.image);
    auto how = options(disk, key);
    how.cache_kib_max = 64;
    how.checkpoint_frames = 30;
    auto database = Database::open(how);
    if (!database) {
        FAIL_CHECK(database.error().detail);
        return;
    }
    auto checked = database->check();
    CHECK_MESSAGE(checked.ok(), (checked ? "" : checked.error().detail));
    const std::int64_t rows = *count_notes(*database);
    CHECK(rows % notes_each == 0);
    CHECK(rows / notes_each >= sight.reported);
    CHECK(rows / notes_each <= sight.reported + 1);
    std::int64_t reported = rows / notes_each;
    auto worked = work(*database, reported, reported + 2);
    CHECK_MESSAGE(worked.ok(), (worked ? "" : worked.error().detail));
}

} // namespace

TEST_CASE("crash images at every write, sync, truncate and delete: killed, power cut, torn")
{
    const Key key = raw_key();
    for (const Key* with : {&key, static_cast<const Key*>(nullptr)}) {
        CAPTURE(with != nullptr);
        FaultDisk disk;
        std::int64_t reported = 0;
        std::vector<Sight> killed;
        std::vector<Sight> cut;
        std::uint64_t seed = 1;
        disk.observe(disk_op_mutations, [&](DiskOp op, const std::string&) {
            ++seed;
            if (seed % 3 == 0 || op != DiskOp::write) killed.push_back({disk.image_killed(), reported});
            if (seed % 7 == 0 || op != DiskOp::write) {
                cut.push_back({disk.image_synced(), reported});
                cut.push_back({disk.image_torn(seed * 2), reported});
                cut.push_back({disk.image_torn(seed * 2 + 1), reported});
            }
        });
        {
            auto how = options(disk, with);
            how.cache_kib_max = 64;
            how.checkpoint_frames = 30;
            auto database = must(Database::open(how));
            must(work(database, reported, 18));
        }
        disk.observe(0, nullptr);
        MESSAGE("images: ", killed.size() + cut.size());
        REQUIRE(killed.size() > 50);
        REQUIRE(cut.size() > 100);
        // Plain SQLite gives no promise against torn sectors while it is creating the file: that is SQLite's business.
        for (const auto& sight : killed)
            survive(sight, with);
        for (const auto& sight : cut)
            if (with != nullptr) survive(sight, with);
    }
}

TEST_CASE("any single failing operation: an error or nothing, never a lost or half a transaction")
{
    const Key key = raw_key();
    const int faults[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC};
    for (const int fault : faults) {
        const unsigned ops =
            fault == SQLITE_IOERR_FSYNC ? disk_op_bit(DiskOp::sync) : disk_op_mutations & ~disk_op_bit(DiskOp::sync);
        for (std::uint64_t nth = 1; nth < 1000; nth += nth < 40 ? 1 : 9) {
            CAPTURE(fault);
            CAPTURE(nth);
            FaultDisk disk;
            disk.failed_sync_drops_writes(true);
            disk.fail(ops, nth, fault);
            const std::uint64_t before = disk.count(ops);
            std::int64_t reported = 0;
            {
                auto how = options(disk, &key);
                how.cache_kib_max = 64;
                how.checkpoint_frames = 30;
                auto database = Database::open(how);
                if (database) {
                    auto worked = work(*database, reported, 9);
                    if (!worked) {
                        CHECK_MESSAGE(worked.error().code == ErrorCode::storage_failed, worked.error().detail);
                        if (fault == SQLITE_IOERR_FSYNC) { // fail-stop: not one more acknowledgement
                            CHECK_FALSE(database->begin().ok());
                            CHECK_FALSE(count_notes(*database).ok());
                        } else { // a passing fault: the connection goes on
                            disk.fail(0, 0, 0);
                            auto resumed = work(*database, reported, reported + 7);
                            CHECK_MESSAGE(resumed.ok(), (resumed ? "" : resumed.error().detail));
                        }
                    }
                } else {
                    CHECK_MESSAGE(database.error().code == ErrorCode::storage_failed, database.error().detail);
                }
            }
            const bool ran_out = disk.count(ops) - before < nth;
            if (ran_out) break;
            disk.fail(0, 0, 0);
            survive({disk.image_killed(), reported}, &key);
            if (fault == SQLITE_IOERR_FSYNC) survive({disk.image_synced(), reported}, &key);
        }
    }
}

TEST_CASE("a commit that fails after its last frame was written does not bind the frames it leaves behind")
{
    // A transaction that changes pages it has spilled ends with a pass over its frames, to mend their checksums: behind
    // the commit frame. What follows is shorter and writes over them.
    const Key key = raw_key();
    std::uint64_t failures = 0;
    for (std::uint64_t nth = 1;; nth += 3) {
        CAPTURE(nth);
        FaultDisk disk;
        auto how = options(disk, &key);
        how.cache_kib_max = 64;
        auto database = must(Database::open(how));
        must(add_note(database, 0, "before"));
        must(database.begin());
        for (std::int64_t i = 1; i < 40; ++i)
            must(add_note(database, i, filler(3000, static_cast<std::uint64_t>(i))));
        must(database.execute("UPDATE note SET text = replace(text, 'a', 'b') WHERE id < 25"));
        disk.fail(disk_op_bit(DiskOp::write), nth, SQLITE_IOERR_WRITE);
        if (database.commit().ok()) break;
        ++failures;
        // Folding syncs the log, and then fails: the frames of the failed commit are on the disk, and not SQLite's.
        disk.fail(disk_op_bit(DiskOp::write), 1, SQLITE_IOERR_WRITE);
        CHECK_FALSE(database.checkpoint().ok());
        disk.fail(0, 0, 0);
        for (std::int64_t i = 1; i <= 30; ++i)
            must(add_note(database, i, "after"));
        for (const auto& image : {disk.image_killed(), disk.image_synced()}) {
            FaultDisk copy(image);
            auto again = must(Database::open(options(copy, &key)));
            CHECK(*count_notes(again) == 31);
            must(again.check());
        }
    }
    CHECK(failures > 10);
}

TEST_CASE("disk full at many levels: a clear error, reading works, and room brings it back")
{
    const Key key = raw_key();
    for (std::uint64_t level = 4096; level < 600000; level += 2979) {
        CAPTURE(level);
        FaultDisk disk;
        disk.limit(level);
        std::int64_t reported = 0;
        auto how = options(disk, &key);
        {
            auto database = Database::open(how);
            if (!database) {
                CHECK_MESSAGE(database.error().code == ErrorCode::storage_failed, database.error().detail);
            } else {
                auto worked = work(*database, reported, 60);
                REQUIRE_FALSE(worked.ok());
                CHECK(worked.error().code == ErrorCode::storage_failed);
                CHECK(*count_notes(*database) == reported * notes_each);
                disk.limit(50000000);
                must(work(*database, reported, reported + 3));
                disk.limit(level);
            }
        }
        {
            auto database = Database::open(how); // still full
            if (reported > 0) {
                REQUIRE_MESSAGE(database.ok(), database.error().detail);
                CHECK(*count_notes(*database) == reported * notes_each);
            }
        }
        disk.limit(50000000);
        survive({disk.image_killed(), reported}, &key);
    }
}

TEST_CASE("read-only: a clear error that says what to do")
{
    const Key key = raw_key();
    for (const Key* with : {&key, static_cast<const Key*>(nullptr)}) {
        FaultDisk disk;
        disk.read_only(true);
        auto fresh = Database::open(options(disk, with));
        REQUIRE_FALSE(fresh.ok());
        CHECK(fresh.error().code == ErrorCode::storage_failed);
        CHECK(fresh.error().detail.find("writable") != std::string::npos);
        disk.read_only(false);
        must(Database::open(options(disk, with)));
        disk.read_only(true);
        auto existing = Database::open(options(disk, with));
        REQUIRE_FALSE(existing.ok());
        CHECK(existing.error().code == ErrorCode::storage_failed);
        CHECK(existing.error().detail.find("writable") != std::string::npos);
    }
}

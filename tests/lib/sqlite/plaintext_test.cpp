// SPDX-License-Identifier: Apache-2.0
// Nothing readable ever reaches a file: a marker goes through every path by which SQLite likes to spill.
#include "support.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

constexpr std::string_view marker = "XyzzyMarkerString";

bool contains(const Bytes& bytes, std::string_view what)
{
    return std::search(bytes.begin(), bytes.end(), what.begin(), what.end()) != bytes.end();
}

/// Watches every write, not only what is left at the end.
class Watch {
public:
    explicit Watch(FaultDisk& disk) : disk_(disk)
    {
        disk_.observe(disk_op_bit(DiskOp::open) | disk_op_bit(DiskOp::sync) | disk_op_bit(DiskOp::truncate) |
                          disk_op_bit(DiskOp::remove),
                      [this](DiskOp, const std::string& path) {
                          paths_.push_back(path);
                          look();
                      });
    }
    void look()
    {
        for (const auto& [path, bytes] : disk_.image_killed()) {
            largest_ = std::max(largest_, bytes.size());
            found_ = found_ || contains(bytes, marker) || contains(bytes, "SQLite format");
        }
    }
    [[nodiscard]] bool found() const { return found_; }
    [[nodiscard]] std::size_t largest() const { return largest_; }
    [[nodiscard]] bool only_our_files() const
    {
        return std::all_of(paths_.begin(), paths_.end(),
                           [](const std::string& path) { return path == "home.db" || path == "home.db-wal"; });
    }

private:
    FaultDisk& disk_;
    bool found_ = false;
    std::size_t largest_ = 0;
    std::vector<std::string> paths_;
};

void exercise(Database& database)
{
    const auto text = [](std::int64_t i) {
        return std::string(marker) + " " + std::to_string(i) + " " + filler(300, static_cast<std::uint64_t>(i));
    };
    // A transaction far larger than the page cache, with updates that touch spilled pages again.
    must(database.begin());
    for (std::int64_t i = 0; i < 3000; ++i)
        must(add_note(database, i, text(i)));
    must(database.execute("UPDATE note SET text = text || 'x' WHERE id % 7 = 0"));
    must(database.execute("SAVEPOINT s; DELETE FROM note WHERE id % 3 = 0; ROLLBACK TO s; RELEASE s"));
    must(database.commit());
    // The same, rolled back.
    must(database.begin());
    must(database.execute("UPDATE note SET text = 'y' || text"));
    database.rollback();
    // Sorters, temporary b-trees, statement journals.
    must(database.run("SELECT text FROM note ORDER BY substr(text, 30)"));
    must(database.run("SELECT DISTINCT substr(text, 5) FROM note UNION SELECT text FROM note ORDER BY 1"));
    must(database.execute("CREATE TEMP TABLE scratch AS SELECT * FROM note; DROP TABLE scratch"));
    must(database.execute("CREATE INDEX by_text ON note(text); REINDEX; DROP INDEX by_text"));
    must(database.execute("CREATE TABLE copy AS SELECT * FROM note; CREATE UNIQUE INDEX u ON copy(text)"));
    must(database.execute("INSERT OR IGNORE INTO copy SELECT * FROM note"));
    // Full-text search.
    must(database.execute(
        "CREATE VIRTUAL TABLE words USING fts5(text, content='note', content_rowid='id', tokenize='trigram')"));
    must(database.execute("INSERT INTO words(words) VALUES('rebuild'); INSERT INTO words(words) VALUES('optimize')"));
    auto hit = database.prepare("SELECT count(*) FROM words WHERE words MATCH ?1");
    hit->bind(marker);
    REQUIRE(*hit->step());
    CHECK(hit->integer(0) == 3000);
    REQUIRE_FALSE(*hit->step());
}

} // namespace

TEST_CASE("spill, savepoints, sorts, indexes, FTS5 rebuild, VACUUM: no plaintext in any file at any time")
{
    FaultDisk disk;
    Watch watch(disk);
    const Key key = raw_key();
    auto how = options(disk, &key);
    how.cache_kib_max = 64;
    {
        auto database = must(Database::open(how));
        exercise(database);
        watch.look();
        must(database.execute("DELETE FROM copy WHERE id % 2 = 0"));
        must(database.vacuum());
        watch.look();
        must(database.check());
        must(database.checkpoint());
        CHECK(*count_notes(database) == 3000);
    }
    watch.look();
    CHECK_FALSE(watch.found());
    CHECK(watch.only_our_files());
    CHECK(watch.largest() > 1000000); // the watch did watch something
    auto database = must(Database::open(how));
    must(database.check());
    CHECK(*count_notes(database) == 3000);
}

TEST_CASE("the watch can see: plain mode shows the marker")
{
    FaultDisk disk;
    Watch watch(disk);
    {
        auto database = must(Database::open(options(disk, nullptr)));
        must(add_note(database, 1, marker));
    }
    watch.look();
    CHECK(watch.found());
}

TEST_CASE("a journal planted beside an encrypted store is not played back")
{
    const Key key = raw_key();
    FaultDisk disk;
    {
        auto database = must(Database::open(options(disk, &key)));
        must(add_note(database, 1, "mine"));
    }
    auto image = disk.image_killed();
    image["home.db-journal"] = Bytes(8192, 0xd9);
    FaultDisk planted(image);
    auto database = must(Database::open(options(planted, &key)));
    CHECK(*count_notes(database) == 1);
    must(database.check());
}

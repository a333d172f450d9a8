// SPDX-License-Identifier: Apache-2.0
// Keys, and bytes that changed behind our back.
#include "support.hpp"

#include "lib/sqlite/layout.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

constexpr std::int64_t notes = 40;

/// A store of a few pages: closed cleanly, or killed with four synced transactions in the log.
DiskImage sample(const Key& key, bool killed)
{
    FaultDisk disk;
    DiskImage image;
    {
        auto database = must(Database::open(options(disk, &key)));
        must(database.checkpoint());
        std::int64_t id = 0;
        for (int batch = 0; batch < 4; ++batch) {
            must(database.begin());
            for (int i = 0; i < notes / 4; ++i, ++id)
                must(add_note(database, id, filler(900, static_cast<std::uint64_t>(id))));
            must(database.commit());
        }
        image = disk.image_killed();
    }
    return killed ? image : disk.image_killed();
}

enum class Verdict { intact, corrupt, tail_reported, silent_damage };

/// Opens the image and reads everything.
Verdict judge(const DiskImage& image, const Key& key)
{
    FaultDisk disk(image);
    bool tail = false;
    auto how = options(disk, &key);
    how.on_wal_tail = [&](const WalTail&) { tail = true; };
    auto database = Database::open(how);
    if (!database) {
        CHECK_MESSAGE(database.error().code == ErrorCode::storage_corrupt, database.error().detail);
        return Verdict::corrupt;
    }
    const auto checked = database->check();
    if (!checked) {
        CHECK_MESSAGE(checked.error().code == ErrorCode::storage_corrupt, checked.error().detail);
        return Verdict::corrupt;
    }
    bool same = *count_notes(*database) == notes;
    for (std::int64_t id = 0; same && id < notes; ++id) {
        auto statement = database->prepare("SELECT text FROM note WHERE id = ?1");
        statement->bind(id);
        same = *statement->step() && statement->text(0) == filler(900, static_cast<std::uint64_t>(id));
    }
    if (same) return Verdict::intact;
    return tail ? Verdict::tail_reported : Verdict::silent_damage;
}

DiskImage flipped(DiskImage image, const std::string& path, std::size_t at)
{
    image.at(path).at(at) ^= 0x20;
    return image;
}

} // namespace

TEST_CASE("a raw key: round trip, and nothing of the content in the files")
{
    const Key key = raw_key();
    for (const bool killed : {false, true}) {
        const auto image = sample(key, killed);
        CHECK(image.count("home.db-wal") == (killed ? 1 : 0));
        CHECK(image.count("home.db-journal") == 0);
        CHECK(image.count("home.db-shm") == 0);
        CHECK(judge(image, key) == Verdict::intact);
        for (const auto& [path, bytes] : image)
            for (const std::string& text :
                 {filler(900, 0).substr(0, 12), std::string("SQLite format"), std::string("CREATE TABLE")})
                CHECK(std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) == bytes.end());
    }
}

TEST_CASE("the wrong key is told at once, and no byte changes")
{
    const Key keys[] = {raw_key(), passphrase("correct horse")};
    for (const Key& key : keys) {
        for (const bool killed : {false, true}) {
            const auto image = sample(key, killed);
            FaultDisk disk(image);
            for (const Key& wrong : {raw_key(8), passphrase("correct horse "), passphrase("Correct horse")}) {
                auto opened = Database::open(options(disk, &wrong));
                CHECK(opened.error().code == ErrorCode::wrong_key);
                CHECK(disk.image_killed() == image);
                CHECK(disk.count(disk_op_mutations) == 0);
            }
            CHECK(Database::open(options(disk, nullptr)).error().code == ErrorCode::wrong_key);
            CHECK(disk.image_killed() == image);
            must(Database::open(options(disk, &key)));
        }
    }
}

TEST_CASE("keys: what is refused")
{
    CHECK_FALSE(Key::raw(Bytes(31, 1)));
    CHECK_FALSE(Key::raw(Bytes(33, 1)));
    CHECK_FALSE(Key::raw(Bytes(32, 0)));
    CHECK_FALSE(Key::passphrase(""));
    CHECK(Key::passphrase(std::string(passphrase_bytes_max, 'x')).ok());
    CHECK_FALSE(Key::passphrase(std::string(passphrase_bytes_max + 1, 'x')));
    CHECK_FALSE(Key::passphrase("x", {KdfCost::ops_max + 1, 8192}));
    CHECK_FALSE(Key::passphrase("x", {1, KdfCost::memory_bytes_max + 1}));
    CHECK_FALSE(Key::passphrase("x", {1, KdfCost::memory_bytes_min - 1}));
}

TEST_CASE("passphrase: the cost is the file's, not the opener's")
{
    const auto image = sample(passphrase("open sesame"), false);
    FaultDisk disk(image);
    auto other_cost = Key::passphrase("open sesame", {2, 16384});
    REQUIRE(other_cost.ok());
    auto database = must(Database::open(options(disk, &*other_cost)));
    CHECK(*count_notes(database) == notes);
}

TEST_CASE("a flipped bit in the main file is always noticed")
{
    const Key key = raw_key();
    const auto image = sample(key, false);
    const auto& bytes = image.at("home.db");
    REQUIRE(bytes.size() > prefix_bytes + 4 * page_bytes);
    // One copy of the superblock suffices, and heals the other.
    for (std::size_t at = 0; at < prefix_bytes; at += 101) {
        CAPTURE(at);
        CHECK(judge(flipped(image, "home.db", at), key) == Verdict::intact);
    }
    for (std::size_t at = prefix_bytes; at < bytes.size(); at += 97) {
        CAPTURE(at);
        CHECK(judge(flipped(image, "home.db", at), key) == Verdict::corrupt);
    }
    for (std::size_t at : std::initializer_list<std::size_t>{0, 20, 50, 70, 100, 125, 136, 2000, 4080}) // both copies
        CHECK(judge(flipped(flipped(image, "home.db", at), "home.db", at + slot_bytes), key) == Verdict::corrupt);
}

TEST_CASE("one damaged superblock is healed by the next opening")
{
    const Key key = raw_key();
    const auto image = sample(key, false);
    FaultDisk disk(flipped(image, "home.db", 40));
    must(Database::open(options(disk, &key)));
    CHECK(disk.image_killed().at("home.db") == image.at("home.db"));
}

TEST_CASE("a store cut shorter than its superblock is no newborn while its log is there")
{
    const Key key = raw_key();
    auto image = sample(key, true);
    for (const std::size_t bytes : {std::size_t{4096}, std::size_t{3712}, std::size_t{128}, std::size_t{1}}) {
        CAPTURE(bytes);
        image["home.db"].resize(bytes);
        if (bytes == 4096) image["home.db"][40] ^= 1; // else it is a whole copy
        FaultDisk disk(image);
        CHECK(Database::open(options(disk, &key)).error().code == ErrorCode::storage_corrupt);
        CHECK(disk.image_killed() == image); // untouched: what is left can still be looked at
    }
}

TEST_CASE("a flipped bit in the log is never silent")
{
    const Key key = raw_key();
    const auto image = sample(key, true);
    const auto& wal = image.at("home.db-wal");
    const std::size_t units = (wal.size() - prefix_bytes) / unit_bytes;
    REQUIRE(units * unit_bytes + prefix_bytes == wal.size());
    REQUIRE(units > 12);
    std::size_t intact = 0;
    std::size_t corrupt = 0;
    std::size_t tail = 0;
    for (std::size_t at = 0; at < wal.size(); at += 131) {
        CAPTURE(at);
        switch (judge(flipped(image, "home.db-wal", at), key)) {
        case Verdict::intact:
            CHECK(at < prefix_bytes); // the header slot that is not in use
            ++intact;
            break;
        case Verdict::corrupt: ++corrupt; break;
        case Verdict::tail_reported:
            // Only the last transaction can be taken for a torn write, and then it is said.
            CHECK(at >= prefix_bytes + (units - units / 3) * unit_bytes);
            ++tail;
            break;
        case Verdict::silent_damage: FAIL_CHECK("silent"); break;
        }
    }
    CHECK(intact > 0);
    CHECK(corrupt > 0);
    CHECK(tail > 0);
}

TEST_CASE("units moved within a file, or borrowed from another, are refused")
{
    const Key key = raw_key();
    const auto image = sample(key, false);
    const auto other = sample(key, false); // same key, same notes, another data key
    const auto page = [](Bytes& bytes, std::size_t n) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(prefix_bytes + n * page_bytes);
    };
    {
        auto mixed = image;
        auto& bytes = mixed.at("home.db");
        std::swap_ranges(page(bytes, 2), page(bytes, 3), page(bytes, 4));
        CHECK(judge(mixed, key) == Verdict::corrupt);
    }
    {
        auto mixed = image;
        auto theirs = other.at("home.db");
        std::copy(page(theirs, 3), page(theirs, 4), page(mixed.at("home.db"), 3));
        CHECK(judge(mixed, key) == Verdict::corrupt);
    }
    {
        auto mixed = image; // their superblock on our pages
        auto theirs = other.at("home.db");
        std::copy(theirs.begin(), page(theirs, 0), mixed.at("home.db").begin());
        CHECK(judge(mixed, key) == Verdict::corrupt);
    }
    {
        const auto killed = sample(key, true);
        auto mixed = killed;
        auto& wal = mixed.at("home.db-wal");
        const auto unit = [&wal](std::size_t n) {
            return wal.begin() + static_cast<std::ptrdiff_t>(prefix_bytes + n * unit_bytes);
        };
        std::swap_ranges(unit(1), unit(2), unit(4));
        CHECK(judge(mixed, key) == Verdict::corrupt);
        auto borrowed = killed;
        borrowed.at("home.db-wal") = sample(key, true).at("home.db-wal");
        CHECK(judge(borrowed, key) == Verdict::corrupt);
    }
}

TEST_CASE("cut-off files are noticed")
{
    const Key key = raw_key();
    const auto image = sample(key, false);
    const std::size_t size = image.at("home.db").size();
    for (const std::size_t keep :
         {prefix_bytes, prefix_bytes + 100, prefix_bytes + page_bytes, size - page_bytes, size - 1}) {
        CAPTURE(keep);
        auto cut = image;
        cut.at("home.db").resize(keep);
        CHECK(judge(cut, key) == Verdict::corrupt);
    }
    // Garbage and foreign files, however small, are not written over.
    for (const std::size_t length : std::initializer_list<std::size_t>{1, 100, 512, 4096, 8192, 20000}) {
        CAPTURE(length);
        const DiskImage foreign{{"home.db", Bytes(length, 0x55)}};
        FaultDisk disk(foreign);
        CHECK(Database::open(options(disk, &key)).error().code == ErrorCode::storage_corrupt);
        CHECK(disk.image_killed() == foreign);
    }
    FaultDisk plain;
    must(Database::open(options(plain, nullptr)));
    CHECK(judge(plain.image_killed(), key) == Verdict::corrupt);
}

TEST_CASE("a log without its store is not written over: what it holds is all there is")
{
    const Key key = raw_key();
    auto image = sample(key, true);
    SUBCASE("gone")
    {
        image.erase("home.db");
    }
    SUBCASE("empty")
    {
        image.at("home.db").clear();
    }
    const Bytes log = image.at("home.db-wal");
    FaultDisk disk(image);
    for (int n = 0; n < 2; ++n) { // the first try has not made it look like a new one
        auto opened = Database::open(options(disk, &key));
        REQUIRE(!opened);
        CHECK(opened.error().code == ErrorCode::storage_corrupt);
        CHECK(disk.image_killed().at("home.db-wal") == log);
    }
    // Who wants to begin anew takes the log away, too.
    image.erase("home.db");
    image.erase("home.db-wal");
    FaultDisk fresh(image);
    must(Database::open(options(fresh, &key)));
}

TEST_CASE("a superblock from the future, or with an absurd cost, is refused")
{
    // The hash is ours to compute: what matters is that a forged cost never runs. (Flips are covered above.)
    const Key key = raw_key();
    const auto image = sample(key, false);
    auto zeros = image;
    std::fill_n(zeros.at("home.db").begin(), prefix_bytes, std::uint8_t{0});
    CHECK(judge(zeros, key) == Verdict::corrupt);
}

TEST_CASE("rekey: the new key opens, the old one does not, and it can change kind")
{
    const Key first = raw_key(1);
    const Key second = passphrase("second");
    const Key third = raw_key(3);
    FaultDisk disk;
    {
        auto database = must(Database::open(options(disk, &first)));
        must(add_note(database, 1, "kept"));
        must(database.rekey(second));
        must(add_note(database, 2, "after"));
        must(database.rekey(third));
    }
    CHECK(Database::open(options(disk, &first)).error().code == ErrorCode::wrong_key);
    CHECK(Database::open(options(disk, &second)).error().code == ErrorCode::wrong_key);
    auto database = must(Database::open(options(disk, &third)));
    CHECK(*count_notes(database) == 2);
    must(database.check());
}

TEST_CASE("rekey: a crash at any write leaves a store that the old or the new key opens")
{
    const Key old_key = raw_key(1);
    const Key new_key = raw_key(2);
    FaultDisk disk;
    auto database = must(Database::open(options(disk, &old_key)));
    must(add_note(database, 1, "kept"));
    std::vector<DiskImage> images;
    disk.observe(disk_op_mutations, [&](DiskOp, const std::string&) {
        images.push_back(disk.image_killed());
        images.push_back(disk.image_synced());
        for (std::uint64_t seed = 0; seed < 8; ++seed)
            images.push_back(disk.image_torn(seed));
    });
    must(database.rekey(new_key));
    disk.observe(0, nullptr);
    REQUIRE(images.size() >= 40);
    std::size_t by_old = 0;
    std::size_t by_new = 0;
    for (const auto& image : images) {
        for (const bool old_first : {true, false}) {
            FaultDisk copy(image);
            const Key& one = old_first ? old_key : new_key;
            const Key& two = old_first ? new_key : old_key;
            std::optional<Database> opened;
            if (auto attempt = Database::open(options(copy, &one))) {
                opened = std::move(*attempt);
                (old_first ? by_old : by_new) += 1;
            } else {
                CHECK(attempt.error().code == ErrorCode::wrong_key);
                opened = must(Database::open(options(copy, &two)));
            }
            CHECK(*count_notes(*opened) == 1);
            opened.reset();
            // Whoever opened it first has settled it: one key, not two.
            const bool old_opens = Database::open(options(copy, &old_key)).ok();
            const bool new_opens = Database::open(options(copy, &new_key)).ok();
            CHECK(old_opens != new_opens);
        }
    }
    CHECK(by_old > 0);
    CHECK(by_new > 0);
}

TEST_CASE("several databases at once, each with its own key")
{
    FaultDisk disk;
    const Key one_key = raw_key(1);
    const Key two_key = raw_key(2);
    auto one_options = options(disk, &one_key);
    auto two_options = options(disk, &two_key);
    one_options.path = "one.db";
    two_options.path = "two.db";
    auto one = must(Database::open(one_options));
    auto two = must(Database::open(two_options));
    for (std::int64_t i = 0; i < 50; ++i) {
        must(add_note(one, i, "one"));
        must(add_note(two, i, "two"));
    }
    must(one.check());
    must(two.check());
    CHECK(Database::open(one_options).error().code == ErrorCode::storage_in_use);
}

// SPDX-License-Identifier: Apache-2.0
// Damaged stores: the damage is found and named; what it did not touch is saved, nothing is invented; nothing waits for
// what is lost, and no key is kept that may be older than it was.
#include "samples.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/sqlite/layout.hpp"
#include "lib/sqlite/row_scan.hpp"
#include "lib/store/rescue.hpp"
#include "lib/store/rescue_tables.hpp"
#include "lib/store/schema.hpp"
#include "lib/store/store.hpp"
#include "tests/support/power_cuts.hpp"
#include "tests/support/table_rows.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <random>
#include <set>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;
using godwit::test::Rows;
using sqlite::DiskImage;
using sqlite::FaultDisk;

namespace {

constexpr std::uint64_t messages = 288;
constexpr std::uint64_t open_messages = 30; // the last of them

const sqlite::Key& key()
{
    static const auto out = sqlite::Key::raw(Bytes(32, 5));
    return *out;
}

std::unique_ptr<SqliteStore> open(const FaultDisk& disk, const char* path = "home.db")
{
    auto store = SqliteStore::open({path, &key(), {}, disk.name()});
    REQUIRE_MESSAGE(store.ok(), store.error().detail);
    return std::move(*store);
}

port::StoredMessage outgoing(std::uint64_t n)
{
    const bool is_open = n >= messages - open_messages;
    auto out = sample_message(n, n % 3, is_open ? MessageState::accepted : MessageState::delivered);
    out.message.from_device = sample_identity(4).device;
    if (n % 2 == 0) out.send_key = "key " + std::to_string(n);
    // Some run over several pages, each different: an overflow page taken for another would be noticed.
    if (n % 9 == 0) out.message.text = std::string(9000 + n * 3, static_cast<char>('a' + n % 26));
    return out;
}

/// A transaction each dozen messages, as ticks are: all of them fit into the log before it is folded.
void fill(SqliteStore& store)
{
    store.begin();
    store.put_identity(sample_identity(4));
    store.put_value("policy", Bytes{1});
    for (std::uint64_t n = 0; n < 12; ++n) {
        const std::string group = "mls/" + to_hex(cid(n).view());
        store.put_value(group + "/about", Bytes(60, static_cast<std::uint8_t>(n)));
        store.put_value(group + "/epoch", Bytes(6000, static_cast<std::uint8_t>(n)));
        store.put_value(group + "/ratchets", Bytes(3000, static_cast<std::uint8_t>(n)));
    }
    store.put_value("mls/index", Bytes(12 * 16, 3));
    store.put_value("mls/kp/index", Bytes(100, 4));
    for (std::uint64_t n = 0; n < 40; ++n)
        store.put_contact(sample_contact("user" + std::to_string(n), n));
    REQUIRE(store.commit().ok());
    for (std::uint64_t from = 0; from < messages; from += 24) {
        store.begin();
        for (std::uint64_t n = from; n < from + 24; ++n) {
            const bool is_open = n >= messages - open_messages;
            auto row = is_open || n % 9 == 0 ? outgoing(n) : sample_message(n, n % 3);
            row.quiet = n % 11 == 0;
            row.notified = row.notified || row.quiet;
            store.add_message(row);
            store.mark_seen(did(n % 4), mid(n), static_cast<std::int64_t>(n));
            store.put_heads(cid(n % 3), {{mid(n), static_cast<std::int64_t>(n)}});
            if (n % 10 == 0) store.hold(sample_held(1000 + n, n % 3));
            if (n % 4 == 0)
                store.put_annotation({cid(n % 3), mid(n), "reaction/+", "bob", static_cast<std::int64_t>(n),
                                      mid(5000 + n), Bytes{1}, Role::owner});
            if (n % 20 == 0) {
                store.put_register({"conversation/" + std::to_string(n) + "/draft", static_cast<std::int64_t>(n),
                                    Bytes(1 + n % 40, 6)});
                store.put_conversation({cid(n), ConversationKind::direct, "user" + std::to_string(n), 1000});
            }
            if (n < 12) store.put_due({did(7), "register/" + std::to_string(n), n % 2 == 0 ? mid(n) : MessageId{}});
            if (n % 30 == 0)
                store.put_notice({*NoticeId::from(mid(n).view()), static_cast<std::int64_t>(n), 1, n % 60 == 0,
                                  Bytes(20 + n, static_cast<std::uint8_t>(n & 255))});
            if (n % 5 == 0) {
                port::StoredFile file;
                file.id = *FileId::from(did(n).view());
                file.size_bytes = 100 * n;
                file.name = "photo " + std::to_string(n) + ".jpg";
                file.media_type = "image/jpeg";
                file.pieces = Bytes(n % 7, 0xff);
                file.added_ms = static_cast<std::int64_t>(n);
                store.put_file(file);
                store.put_file_grant({file.id, cid(n % 3), mid(n), "user1", n % 2 == 0, false, file.size_bytes,
                                      file.key, static_cast<std::int64_t>(n), 0});
                if (n % 2 == 0) store.put_file_had(file.id, "user2");
            }
            if (!is_open) continue;
            auto envelope = sample_envelope(n);
            envelope.content = Bytes(100 + n, 9);
            store.put_envelope(envelope);
            store.put_delivery(sample_delivery(n, 7));
            store.put_delivery(sample_delivery(n, 8));
        }
        REQUIRE(store.commit().ok());
    }
}

sqlite::OpenOptions reading(const FaultDisk& disk, const char* path)
{
    sqlite::OpenOptions out;
    out.path = path;
    out.key = &key();
    out.schema = schema();
    out.vfs_name = disk.name();
    return out;
}

Rows rows_in(const DiskImage& image, const char* path = "home.db")
{
    FaultDisk disk(image);
    auto database = sqlite::Database::open(reading(disk, path));
    REQUIRE_MESSAGE(database.ok(), database.error().detail);
    return godwit::test::rows_of(*database, tables());
}

/// What a kill leaves: main file and log.
const DiskImage& killed()
{
    static const DiskImage out = [] {
        FaultDisk disk;
        auto store = open(disk);
        fill(*store);
        return disk.image_killed();
    }();
    return out;
}

/// All in the main file.
const DiskImage& closed()
{
    static const DiskImage out = [] {
        FaultDisk disk(killed());
        {
            auto store = open(disk);
            store->begin();
            REQUIRE_FALSE(store->index_more()); // of the search index, which is none of the rows that are saved
            REQUIRE(store->commit().ok());
        }
        auto image = disk.image_killed();
        REQUIRE(image.size() == 1);
        return image;
    }();
    return out;
}

struct Outcome {
    Findings findings;
    Salvage salvage;
    Rows rows;
};

/// Examines and repairs; the new store must be a sound one that a client can use.
Result<Outcome> rescue(const DiskImage& image)
{
    FaultDisk disk(image);
    Outcome out;
    {
        auto remains = sqlite::Remains::open("home.db", key(), disk.name());
        if (!remains.ok()) return remains.error();
        auto findings = examine(*remains);
        REQUIRE_MESSAGE(findings.ok(), findings.error().detail);
        out.findings = *findings;
        auto salvaged = salvage(*remains, "new.db", key(), disk.name());
        REQUIRE_MESSAGE(salvaged.ok(), salvaged.error().detail);
        out.salvage = *salvaged;
    }
    const auto after = disk.image_killed();
    for (const auto& [path, content] : image)
        CHECK_MESSAGE(after.at(path) == content, path << " was touched");
    CHECK(after.count("new.db-wal") == 0);
    auto database = sqlite::Database::open(reading(disk, "new.db"));
    REQUIRE_MESSAGE(database.ok(), database.error().detail);
    auto checked = database->check();
    CHECK_MESSAGE(checked.ok(), (checked.ok() ? "" : checked.error().detail));
    CHECK(broken_rules(*database)->empty());
    out.rows = godwit::test::rows_of(*database, tables());
    return out;
}

DiskImage flipped(DiskImage image, const std::string& path, std::size_t at)
{
    image.at(path).at(at) ^= 0x10;
    return image;
}

std::size_t page_offset(std::size_t page)
{
    return sqlite::prefix_bytes + (page - 1) * sqlite::page_bytes;
}

/// Rows that are not in `from`, but for what putting in order changes on purpose.
std::vector<std::string> invented(const Rows& rows, const Rows& from, const char* table)
{
    std::vector<std::string> out;
    if (!rows.count(table)) return out;
    const auto& known = from.at(table);
    for (const auto& row : rows.at(table))
        if (known.count(row) == 0 && row.find("the store was damaged") == std::string::npos) out.push_back(row);
    return out;
}

bool mentions(const Findings& findings, const std::string& words)
{
    return std::any_of(findings.sentences.begin(), findings.sentences.end(),
                       [&](const std::string& sentence) { return sentence.find(words) != std::string::npos; });
}

/// A store that has lost its groups has none of their keys, and nothing sealed with them.
void check_groups_gone(const Rows& rows)
{
    if (rows.count("value"))
        for (const auto& row : rows.at("value"))
            CHECK_MESSAGE((row.find("/epoch") == std::string::npos && row.find("/ratchets") == std::string::npos &&
                           row.find("mls/kp") == std::string::npos),
                          row.substr(0, 80));
    if (rows.count("envelope"))
        for (const auto& row : rows.at("envelope"))
            CHECK_MESSAGE(row.ends_with("|X''"), row.substr(0, 80));
}

} // namespace

TEST_CASE("the tables are known by their columns, each row as one of its own table only")
{
    const Rows before = rows_in(closed());
    CHECK(before.size() == tables().size()); // the store above has a row in each
    FaultDisk disk(closed());
    auto remains = sqlite::Remains::open("home.db", key(), disk.name());
    REQUIRE(remains.ok());
    std::map<std::string, std::size_t> seen;
    std::size_t indexed = 0;
    CHECK(sqlite::scan_rows(*remains, [&](const sqlite::Row& row) {
              CHECK(row.whole);
              if (message_index_entry(row)) ++indexed;
              if (const auto* table = sqlite::table_of(tables(), row)) {
                  ++seen[table->name];
                  CHECK(sqlite::makes_sense(*table, row));
              }
          }) == 0);
    CHECK(indexed == messages);
    for (const auto& [table, rows] : before)
        CHECK_MESSAGE(seen[table] == rows.size(), table);
}

TEST_CASE("a sound store is found sound, with its log and without, and would be carried over whole")
{
    const Rows before = rows_in(killed());
    for (const DiskImage& image : {killed(), closed()}) {
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK(out->findings.sentences == std::vector<std::string>{});
        CHECK(out->salvage.complete());
        CHECK(out->salvage.groups);
        CHECK(out->salvage.identity);
        CHECK(out->rows == before);
        for (const auto& table : out->findings.tables)
            CHECK_MESSAGE(table.rows == before.at(table.table).size(), table.table);
    }
}

TEST_CASE("one damaged page, each in turn: named, and it costs the rows that stand in it and no other")
{
    const Rows before = rows_in(closed());
    const std::size_t pages = (closed().at("home.db").size() - sqlite::prefix_bytes) / sqlite::page_bytes;
    REQUIRE(pages > 100);
    std::map<std::string, std::size_t> lost; // a message -> pages whose loss took it
    std::size_t without_loss = 0;
    for (std::size_t page = 1; page <= pages; ++page) {
        CAPTURE(page);
        auto out = rescue(flipped(closed(), "home.db", page_offset(page) + page * 31 % sqlite::page_bytes));
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK(mentions(out->findings, "page " + std::to_string(page) + " fails authentication"));
        CHECK(out->salvage.pages_lost_unknown == 0); // the pages around it tell what it was
        std::set<std::string> hurt;
        std::uint64_t reported = 0;
        for (const auto& report : out->salvage.tables) {
            reported += report.pages_lost;
            const std::string& table = report.table;
            // Groups are given up, and held messages let go, on purpose.
            if (table == "value" || table == "envelope") continue;
            CHECK(invented(out->rows, before, table.c_str()) == std::vector<std::string>{});
            if (out->rows[table].size() == before.at(table).size()) continue;
            hurt.insert(table);
            if (table != "message") continue;
            CHECK(report.rows_lost == before.at(table).size() - out->rows[table].size());
            for (const auto& row : before.at(table))
                if (out->rows[table].count(row) == 0) ++lost[row];
        }
        if (hurt.count("sender")) hurt.erase("seen"); // marks of nobody
        if (hurt.count("envelope")) hurt.erase("delivery");
        CHECK(hurt.size() <= 1);
        CHECK(reported <= 1);
        if (hurt.empty()) ++without_loss;
        if (!hurt.empty()) CHECK_FALSE(out->salvage.complete());
        if (!out->salvage.groups) check_groups_gone(out->rows);
        const auto value = std::find_if(out->salvage.tables.begin(), out->salvage.tables.end(),
                                        [](const auto& report) { return report.table == "value"; });
        CHECK(out->salvage.groups == (value->pages_lost == 0 && out->salvage.identity && page != 1));
    }
    CHECK(without_loss > 10); // inner pages, indexes
    for (const auto& row : before.at("message")) {
        const bool long_one = row.size() > 4096;
        CHECK_MESSAGE((long_one ? lost[row] > 1 : lost[row] == 1), row.substr(0, 100) << ": " << lost[row]);
    }
}

TEST_CASE("the outbox waits for nothing that is lost: such messages are marked as failed, and only such")
{
    FaultDisk disk(closed());
    {
        auto store = open(disk);
        store->begin();
        store->put_value("x", Bytes{1}); // the log is there
        REQUIRE(store->commit().ok());
    }
    const auto image = disk.image_killed();
    const std::size_t pages = (image.at("home.db").size() - sqlite::prefix_bytes) / sqlite::page_bytes;
    std::size_t failures = 0;
    for (std::size_t page = 2; page <= pages; page += 3) {
        CAPTURE(page);
        auto out = rescue(flipped(image, "home.db", page_offset(page)));
        REQUIRE(out.ok());
        std::set<std::string> waiting;
        for (const auto& row : out->rows["envelope"])
            waiting.insert(row.substr(0, row.find('|')));
        std::size_t failed = 0;
        for (const auto& row : out->rows["message"])
            if (row.find("the store was damaged") != std::string::npos) ++failed;
        CHECK(failed == out->salvage.messages_failed);
        // Every message that was on its way still is, or says that it is not, or is itself what was lost.
        for (std::uint64_t n = messages - open_messages; n < messages; ++n) {
            const std::string id = "X'" + [&] {
                std::string hex = to_hex(mid(n).view());
                std::transform(hex.begin(), hex.end(), hex.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
                return hex;
            }() + "'";
            bool says = false;
            bool there = false;
            for (const auto& row : out->rows["message"]) {
                if (row.find(id) == std::string::npos) continue;
                there = true;
                says = row.find("the store was damaged") != std::string::npos;
            }
            CHECK((waiting.count(id) == 1 || says || !there));
            CHECK_FALSE((waiting.count(id) == 1 && says));
        }
        failures += failed;
    }
    CHECK(failures > 3);
}

TEST_CASE("superblock: one copy is enough, without both nothing can be read; a wrong key is not damage")
{
    for (const std::size_t slot : {std::size_t{0}, std::size_t{1}}) {
        auto out = rescue(flipped(closed(), "home.db", slot * sqlite::slot_bytes + 90));
        REQUIRE(out.ok());
        CHECK(mentions(out->findings, "superblock"));
        CHECK(out->salvage.complete());
        CHECK(out->salvage.groups);
        CHECK(out->rows == rows_in(closed()));
    }
    auto none = rescue(flipped(flipped(closed(), "home.db", 90), "home.db", sqlite::slot_bytes + 90));
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().code == ErrorCode::storage_corrupt);
    CHECK(none.error().detail.find("backup") != std::string::npos);
    FaultDisk disk(closed());
    const auto other = sqlite::Key::raw(Bytes(32, 6));
    CHECK(sqlite::Remains::open("home.db", *other, disk.name()).error().code == ErrorCode::wrong_key);
    CHECK(sqlite::Remains::open("nowhere.db", key(), disk.name()).error().code == ErrorCode::storage_failed);
    auto client = open(disk);
    CHECK(sqlite::Remains::open("home.db", key(), disk.name()).error().code == ErrorCode::storage_in_use);
}

TEST_CASE("cut off: what is left is saved, wherever the file ends")
{
    const Rows before = rows_in(closed());
    const std::size_t full = closed().at("home.db").size();
    std::size_t saved_before = SIZE_MAX;
    for (std::size_t end = full - 1; end > sqlite::prefix_bytes; end -= std::min<std::size_t>(end, 9777)) {
        CAPTURE(end);
        DiskImage image = closed();
        image.at("home.db").resize(end);
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK_FALSE(out->findings.sentences.empty());
        std::size_t saved = 0;
        for (const auto& [table, rows] : out->rows)
            saved += rows.size();
        if (out->rows != before) CHECK_FALSE(out->salvage.complete()); // not so when only the search index is cut off
        CHECK(saved <= saved_before);
        saved_before = saved;
        CHECK(invented(out->rows, before, "message") == std::vector<std::string>{});
    }
    for (const std::size_t end : {std::size_t{1}, sqlite::slot_bytes, sqlite::prefix_bytes - 1}) {
        DiskImage image = closed();
        image.at("home.db").resize(end);
        auto out = rescue(image);
        if (out.ok()) CHECK_FALSE(out->findings.sentences.empty());
    }
}

TEST_CASE("a damaged log: what was committed behind the damage is saved too, and no group is kept")
{
    const Rows before = rows_in(killed());
    const std::size_t units = (killed().at("home.db-wal").size() - sqlite::prefix_bytes) / sqlite::unit_bytes;
    REQUIRE(units > 100);
    REQUIRE(units < sqlite::wal_frames_before_checkpoint);
    std::size_t damaged = 0;
    std::size_t messages_saved = 0;
    for (std::size_t unit = 0; unit < units; unit += 9) {
        CAPTURE(unit);
        auto out = rescue(flipped(killed(), "home.db-wal", sqlite::prefix_bytes + unit * sqlite::unit_bytes + 77));
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        if (out->findings.sentences.empty()) { // of the last transaction: a torn write looks the same
            CHECK(unit + 64 > units);
            continue;
        }
        ++damaged;
        CHECK(mentions(out->findings, "write-ahead log"));
        CHECK(out->salvage.stale);
        CHECK_FALSE(out->salvage.complete());
        CHECK_FALSE(out->salvage.groups);
        check_groups_gone(out->rows);
        messages_saved += out->rows["message"].size();
    }
    CHECK(damaged > units / 9 / 2);
    CHECK(messages_saved > damaged * messages * 97 / 100);
    // Its header: each slot, then both.
    for (const std::size_t slot : {std::size_t{0}, std::size_t{1}}) {
        auto out = rescue(flipped(killed(), "home.db-wal", slot * sqlite::slot_bytes + 5));
        REQUIRE(out.ok());
        CHECK(out->rows["message"] == before.at("message"));
    }
    auto out = rescue(flipped(flipped(killed(), "home.db-wal", 5), "home.db-wal", sqlite::slot_bytes + 5));
    REQUIRE(out.ok());
    CHECK(mentions(out->findings, "lost its header"));
    CHECK_FALSE(out->salvage.groups);
    CHECK(out->rows["message"].size() + 20 > before.at("message").size());
}

TEST_CASE("a log that is cut off or gone: never taken for more than it is")
{
    const Rows before = rows_in(killed());
    const std::size_t full = killed().at("home.db-wal").size();
    for (std::size_t end = full - 1; end > 0; end -= std::min<std::size_t>(end, 20011)) {
        CAPTURE(end);
        DiskImage image = killed();
        image.at("home.db-wal").resize(end);
        auto out = rescue(image);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        CHECK(invented(out->rows, before, "message") == std::vector<std::string>{});
    }
    DiskImage image = killed();
    image.erase("home.db-wal");
    auto out = rescue(image); // older, and sound: nothing in it says that there was a log (ADR 0003)
    REQUIRE(out.ok());
    CHECK(invented(out->rows, before, "message") == std::vector<std::string>{});
}

TEST_CASE("many damages at once: never undefined, nothing invented, and what is made is a sound store")
{
    const Rows before = rows_in(closed());
    for (std::uint64_t seed = 1; seed <= godwit::test::images_wanted(150); ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        DiskImage image = dice() % 2 == 0 ? closed() : killed();
        for (std::uint64_t n = 1 + dice() % 12; n > 0; --n) {
            auto& [path, content] = *std::next(image.begin(), static_cast<long>(dice() % image.size()));
            const std::size_t at = dice() % content.size();
            const std::size_t length =
                std::min<std::size_t>(content.size() - at, 1 + dice() % (dice() % 4 == 0 ? 20000 : 8));
            for (std::size_t i = 0; i < length; ++i)
                content[at + i] = static_cast<std::uint8_t>(dice());
            if (dice() % 10 == 0) content.resize(at);
        }
        auto out = rescue(image);
        if (!out.ok()) {
            CHECK(out.error().code == ErrorCode::storage_corrupt);
            continue;
        }
        if (image.size() > 1) continue; // older versions of rows are rows too
        for (const char* table : {"identity", "contact", "message", "head", "held", "sender", "seen"})
            CHECK(invented(out->rows, before, table) == std::vector<std::string>{});
    }
}

// SPDX-License-Identifier: Apache-2.0
// The index of the history: it finds what reading everything would; what a post has lost is in no file any more; older
// homes, other tokenizers and damage.
#include "search_support.hpp"

#include "lib/store/rescue.hpp"
#include "lib/store/search/index.hpp"
#include "tests/support/memory_store.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;

TEST_CASE("the index finds what reading everything finds, whatever was edited, taken back or rolled back")
{
    const std::string pieces[] = {"咖啡", "咖", "啡馆", "tea", "teapot", "Tee", "ok ",
                                  " ",    "的", "的的", "3",   "👍",     "é"};
    constexpr std::uint64_t seeds[] = {1, 2, 3};
    for (const auto seed : seeds) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        const auto pick = [&](std::uint64_t n) { return dice() % n; };
        const auto text = [&] {
            std::string out;
            for (auto i = pick(6); i > 0; --i)
                out += pieces[pick(std::size(pieces))];
            return out;
        };
        FaultDisk disk;
        auto real = open(disk);
        testing::MemoryStore twin;
        std::uint64_t count = 0;
        for (int tick = 0; tick < 120; ++tick) {
            real->begin();
            twin.begin();
            const auto before = count;
            for (auto n = pick(200); n > 0; --n) {
                auto row = post(++count, text());
                row.message.conversation = cid(count % 3);
                real->add_message(row);
                twin.add_message(row);
            }
            for (auto n = pick(6); n > 0 && count > 0; --n) {
                auto row = twin.message(mid(1 + pick(count)));
                if (!row) continue;
                switch (pick(4)) {
                case 0: row->message.text = text(); break;
                case 1: row->message.text.clear(), row->message.recalled_ms = 5; break;
                case 2: row->message.text.clear(), row->shown = false; break;
                default: row->annotated = true; break;
                }
                real->update_post(*row);
                twin.update_post(*row);
            }
            real->index_more();
            if (pick(8) == 0) {
                real->rollback();
                twin.rollback();
                count = before;
            } else {
                commit(*real);
                commit(twin);
            }
            if (tick % 40 == 17) {
                real.reset();
                real = open(disk);
            }
            if (tick % 6 != 0) continue;
            for (const auto* query : {"咖啡", "咖", "咖啡馆", "tea", "te", "的", "的的的", "3", "é", "👍", "tee 啡"}) {
                port::SearchQuery wanted;
                wanted.text = query;
                wanted.limit = static_cast<std::uint32_t>(1 + pick(30));
                if (pick(2) == 0) wanted.conversation = cid(pick(3));
                if (pick(2) == 0) wanted.before = pick(count + 2);
                CHECK(tell(find(*real, wanted)) == tell(find(twin, wanted)));
            }
        }
        index_all(*real);
        REQUIRE(count > search::block_posts);
        for (const auto* query : {"咖啡馆", "te", "的的的", "👍"})
            CHECK(tell(find(*real, query)) == tell(find(twin, query)));
        real.reset();
        auto database = open_below(disk);
        CHECK(broken_rules(database)->empty());
    }
}

TEST_CASE("what was edited, taken back, burnt or has expired is found no more, and in no file")
{
    FaultDisk disk;
    auto store = open(disk);
    constexpr std::uint64_t posts = 9000;
    store->begin();
    for (std::uint64_t n = 1; n <= posts; ++n)
        add(*store, post(n, n % 100 == 0 ? "KanarienvogelXyz 金丝雀" + std::to_string(n) : "nothing 没有"));
    commit(*store);
    index_all(*store);
    CHECK(find(*store, "kanarien").hits.size() == 50);
    store.reset();
    // As typed, as the index folds it (its first word of a chunk is whole), and the bytes of characters.
    CHECK(count_in_files(disk, "KanarienvogelXyz") > 10);
    CHECK(count_in_files(disk, "kanarienvogelxyz") > 0);
    CHECK(count_in_files(disk, "金丝雀") > 10);

    store = open(disk);
    for (std::uint64_t n = 100; n <= posts; n += 100) {
        store->begin();
        auto row = *store->message(mid(n));
        if (n % 300 == 0) row.message.text = "something else 别的";
        if (n % 300 == 100) row.message.text.clear(), row.message.recalled_ms = 7;
        if (n % 300 == 200) row.message.text.clear(), row.shown = false;
        store->update_post(row);
        commit(*store);
        // At once, not when the store is closed.
        const auto files = disk.image_killed();
        if (files.count("home.db-wal")) CHECK(files.at("home.db-wal").size() <= sqlite::prefix_bytes);
    }
    CHECK(find(*store, "kanarien").hits.empty());
    CHECK(find(*store, "金丝").hits.empty());
    CHECK(find(*store, "雀").hits.empty());
    CHECK(find(*store, "别的").hits.size() == 30);
    const FaultDisk killed(disk.image_killed());
    CHECK(count_in_files(killed, "Kanarien") == 0);
    CHECK(count_in_files(killed, "kanarien") == 0);
    CHECK(count_in_files(killed, "金丝雀") == 0);
    CHECK(count_in_files(killed, "金丝") == 0);
    CHECK(count_in_files(killed, "nothing") > 0); // it can see
    store.reset();
    auto database = open_below(disk);
    CHECK(broken_rules(database)->empty());
}

TEST_CASE("a history from before there was an index comes into it bit by bit, and is searched meanwhile")
{
    FaultDisk disk;
    constexpr std::int64_t posts = 5000;
    {
        auto how = sqlite::OpenOptions();
        how.path = "home.db";
        how.key = &key();
        how.schema = schema();
        how.schema.steps = how.schema.steps.first(4);
        how.vfs_name = disk.name();
        auto old = sqlite::Database::open(how);
        REQUIRE(old.ok());
        const auto filled =
            old->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO message "
                     "SELECT i, zeroblob(16), randomblob(16), i, 160, 'bob', 'bob', zeroblob(32), 3, iif(i % 500 = 0, "
                     "'旧消息', 'old'), x'', i, i, 0, 3, '', '', 0, 0, 0, '', 0, 0, 1, 0, NULL, 1 FROM n",
                     posts);
        REQUIRE_MESSAGE(filled.ok(), filled.error().detail);
    }
    auto store = open(disk);
    int calls = 0;
    for (bool more = true; more; ++calls) {
        CHECK(find(*store, "旧消").hits.size() == 10);
        store->begin();
        more = store->index_more();
        commit(*store);
        if (calls % 2 == 0) { // however often it is interrupted
            store.reset();
            store = open(disk);
        }
    }
    CHECK(calls > 3);
    CHECK(find(*store, "旧消").hits.size() == 10);
    store->begin();
    CHECK_FALSE(store->index_more());
    CHECK_FALSE(store->dirty());
    commit(*store);
    store.reset();
    auto database = open_below(disk);
    auto blocks = database.prepare("SELECT sum(posts) FROM search_block");
    REQUIRE(blocks.ok());
    REQUIRE(*blocks->step());
    CHECK(blocks->integer(0) == posts / search::slice_posts * search::slice_posts);
}

TEST_CASE("an index of another tokenizer is made anew; meanwhile nothing of what goes stays in it")
{
    FaultDisk disk;
    auto store = open(disk);
    store->begin();
    for (std::uint64_t n = 1; n < 1200; ++n)
        add(*store, post(n, n == 9 ? "kanarienvogel" : "other"));
    commit(*store);
    index_all(*store);
    store.reset();
    {
        auto database = open_below(disk);
        REQUIRE(database.run("UPDATE search_block SET units = units + 1").ok());
    }
    store = open(disk);
    store->begin();
    auto row = *store->message(mid(9));
    row.shown = false;
    row.message.text.clear();
    store->update_post(row);
    commit(*store);
    CHECK(find(*store, "kanarien").hits.empty());
    CHECK(count_in_files(FaultDisk(disk.image_killed()), "kanarien") == 0);
    index_all(*store);
    CHECK(find(*store, "other").next != 0);
    store.reset();
    auto database = open_below(disk);
    CHECK(broken_rules(database)->empty());
    auto old = database.prepare("SELECT count(*) FROM search_block WHERE units != ?1");
    REQUIRE(old.ok());
    old->bind(sqlite::units_version);
    REQUIRE(*old->step());
    CHECK(old->integer(0) == 0);
}

TEST_CASE("check knows an index that is not what the history says, and repair makes it anew")
{
    const char* const damages[] = {
        "DELETE FROM search_chunk WHERE block = 0 AND first = (SELECT max(first) FROM search_chunk WHERE block = 0)",
        "UPDATE search_chunk SET entries = x'00' WHERE block = 256",
        "UPDATE search_chunk SET entries = CAST(entries || x'00ff' AS BLOB) WHERE block = 0",
        "DELETE FROM search_block WHERE first = 256",
        "UPDATE search_block SET posts = 8192 WHERE first = 0",
        "UPDATE message SET text = 'otherwise' WHERE arrival = 20",
    };
    for (const std::string damage : damages) {
        CAPTURE(damage);
        FaultDisk disk;
        {
            auto store = open(disk);
            store->begin();
            for (std::uint64_t n = 1; n < 800; ++n)
                add(*store, post(n, "needle " + std::to_string(n)));
            commit(*store);
            index_all(*store);
        }
        {
            auto database = open_below(disk);
            CHECK(broken_rules(database)->empty());
            const auto done = database.run(damage);
            REQUIRE_MESSAGE(done.ok(), done.error().detail);
        }
        auto remains = sqlite::Remains::open("home.db", key(), disk.name());
        REQUIRE(remains.ok());
        const auto findings = examine(*remains);
        REQUIRE(findings.ok());
        CHECK_MESSAGE(findings->sentences.size() == 1,
                      (findings->sentences.empty() ? std::string("nothing") : findings->sentences.front()));
        const auto saved = salvage(*remains, "new.db", key(), disk.name());
        REQUIRE_MESSAGE(saved.ok(), saved.error().detail);
        CHECK(saved->complete());
        auto store = SqliteStore::open({"new.db", &key(), {}, disk.name()});
        REQUIRE(store.ok());
        for (int round = 0; round < 2; ++round, index_all(**store)) {
            CHECK(find(**store, "needle 777").hits.size() == 1);
            CHECK(find(**store, "needle 30").hits.size() == 11);
        }
    }
}

TEST_CASE("a chunk that makes no sense is an error of the store, and not the end of the program")
{
    for (const char* entries : {"x'00'", "x'0001'", "x'01016100'", "x'00056e6565646c05'", "x'00066e6565646c65ff'",
                                "x'00066e6565646c6503ffff7f'", "x'00066e6565646c6503808040'"}) {
        CAPTURE(entries);
        FaultDisk disk;
        {
            auto store = open(disk);
            store->begin();
            for (std::uint64_t n = 1; n < 300; ++n)
                add(*store, post(n, "needle"));
            commit(*store);
            index_all(*store);
        }
        {
            auto database = open_below(disk);
            REQUIRE(database.run("UPDATE search_chunk SET first = x'61', entries = " + std::string(entries)).ok());
        }
        auto store = open(disk);
        port::SearchQuery query;
        query.text = "needle";
        CHECK(store->search(query).ok());
        CHECK(store->failed());
        store->begin();
        const auto done = store->commit();
        REQUIRE_FALSE(done.ok());
        CHECK(done.error().code == ErrorCode::storage_corrupt);
        store->rollback();
        // A post that says something else is taken out all the same: its block is made anew.
        store->begin();
        auto row = *store->message(mid(5));
        row.shown = false;
        row.message.text.clear();
        store->update_post(row);
        commit(*store);
        query.limit = 300;
        CHECK(find(*store, query).hits.size() == 298);
    }
}

TEST_CASE("chunks and lists: what is encoded decodes; whatever decodes is in order, and encodes again to what it was")
{
    std::mt19937_64 dice(11);
    for (int round = 0; round < 300; ++round) {
        std::vector<search::Entry> entries;
        std::string form;
        for (auto n = dice() % 80; n > 0; --n) {
            form.resize(std::min<std::size_t>(form.size(), dice() % 120));
            form += static_cast<char>(dice() % 256);
            std::vector<search::Place> places;
            for (std::uint32_t place = static_cast<std::uint32_t>(dice() % 400); place < search::block_posts;
                 place += 1 + static_cast<std::uint32_t>(dice() % (round % 2 == 0 ? 2000 : 3)))
                places.push_back(static_cast<search::Place>(place));
            entries.push_back({form, search::encode_places(places)});
            const auto again = search::decode_places(entries.back().posts);
            REQUIRE(again);
            CHECK(*again == places);
        }
        std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.form < b.form; });
        entries.erase(
            std::unique(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.form == b.form; }),
            entries.end());
        std::vector<search::Entry> again;
        for (const auto& chunk : search::encode_chunks(entries)) {
            auto some = search::decode_chunk(chunk.entries);
            REQUIRE(some);
            CHECK(some->front().form == chunk.first);
            again.insert(again.end(), some->begin(), some->end());
            // Damaged: no such chunk, or one that is in order.
            auto damaged = chunk.entries;
            damaged[dice() % damaged.size()] ^= static_cast<std::uint8_t>(1 + dice() % 255);
            if (dice() % 2 == 0) damaged.resize(dice() % damaged.size());
            const auto other = search::decode_chunk(damaged);
            if (other)
                CHECK(std::is_sorted(other->begin(), other->end(),
                                     [](const auto& a, const auto& b) { return a.form < b.form; }));
            search::Places marked;
            if (other)
                for (const auto& entry : *other)
                    (void)search::mark_places(entry.posts, marked);
        }
        CHECK(again == entries);
    }
}

TEST_CASE("what was to be said later, and was taken off, is in no file")
{
    FaultDisk disk;
    auto store = open(disk);
    store->begin();
    store->put_value("scheduled/1", as_bytes("KanarienvogelXyz"));
    commit(*store);
    store->begin();
    store->wipe_value("scheduled/1");
    commit(*store);
    CHECK_FALSE(store->value("scheduled/1"));
    CHECK(count_in_files(FaultDisk(disk.image_killed()), "Kanarien") == 0);

    // Likewise the name of a file that was thought better of.
    port::StoredFile file;
    file.id.bytes[0] = 1;
    file.name = "KanarienvogelXyz.png";
    store->begin();
    store->put_file(file);
    commit(*store);
    store->begin();
    store->remove_file(file.id);
    commit(*store);
    CHECK(count_in_files(FaultDisk(disk.image_killed()), "Kanarien") == 0);
}

TEST_CASE("what a cleared draft said is in no file")
{
    FaultDisk disk;
    auto store = open(disk);
    const auto put = [&](std::int64_t hlc_ms, std::string_view text) {
        store->begin();
        CHECK(store->put_register({"conversation/draft", hlc_ms, to_bytes(as_bytes(text))}));
        commit(*store);
    };
    put(1, "KanarienvogelXyz");
    CHECK(disk.image_killed().at("home.db-wal").size() > sqlite::prefix_bytes); // It stands in the log.
    put(2, "");
    CHECK(count_in_files(FaultDisk(disk.image_killed()), "Kanarien") == 0);
}

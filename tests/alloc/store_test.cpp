// SPDX-License-Identifier: Apache-2.0
// The store when memory runs out, SQLite's own included: an error of the transaction, and afterwards the state before
// it.
#include "tests/alloc/scarce.hpp"
#include "tests/lib/assembly/temporary_folder.hpp"
#include "tests/lib/store/samples.hpp"

#include "lib/store/rescue.hpp"
#include "lib/store/store.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::store;
using namespace godwit::store::test;
using godwit::test::at_each_allocation;

namespace {

const sqlite::Key& key()
{
    static const auto out = sqlite::Key::raw(Bytes(32, 5));
    return *out;
}

Result<std::unique_ptr<SqliteStore>> open(const std::string& path)
{
    return SqliteStore::open({path, &key(), {}, nullptr});
}

void tick(SqliteStore& store, std::uint64_t n)
{
    store.add_message(sample_message(n, 1, MessageState::accepted));
    store.put_envelope(sample_envelope(n));
    store.put_delivery(sample_delivery(n, 3));
    store.mark_seen(did(4), mid(n), 1);
    store.put_value("mls/ratchets", Bytes(3000, static_cast<std::uint8_t>(n)));
}

std::string state_of(SqliteStore& store)
{
    return tell(store.history(cid(1), 1000, {})) + tell(store.open_deliveries(0, 1000)) +
           tell(store.value("mls/ratchets"));
}

} // namespace

TEST_CASE("a tick of writes at each allocation: the whole of it, or an error and nothing of it")
{
    const godwit::test::TemporaryFolder folder;
    auto store = *open(folder / "a.db");
    store->begin();
    tick(*store, 1);
    REQUIRE(store->commit().ok());
    std::string before = state_of(*store);
    std::uint64_t failures = 0;
    for (std::uint64_t k = 1;; ++k) {
        CAPTURE(k);
        bool committed = false;
        bool struck = false;
        {
            const godwit::test::ScarceMemory scarce(k);
            try {
                store->begin();
                tick(*store, 1 + k);
                committed = store->commit().ok();
            } catch (const std::bad_alloc&) {
                committed = false;
            }
            struck = scarce.struck();
        }
        if (!committed) store->rollback();
        if (!committed) REQUIRE(state_of(*store) == before);
        if (committed) CHECK(store->has_message(cid(1), mid(1 + k)));
        before = state_of(*store);
        REQUIRE(store->check().ok());
        if (!struck) break;
        ++failures;
    }
    CHECK(failures > 30);
    CHECK(store->history(cid(1), 1000, {}).size() > 0);
}

TEST_CASE("indexing, searching and taking back at each allocation: the whole of it, or an error and nothing of it")
{
    const godwit::test::TemporaryFolder folder;
    {
        auto store = *open(folder / "a.db");
        store->begin();
        for (std::uint64_t n = 1; n < 520; ++n) {
            auto row = sample_message(n, 1);
            row.message.text = "咖啡 tea " + std::to_string(n);
            row.shown = true;
            row.extra.clear();
            store->add_message(row);
        }
        REQUIRE(store->commit().ok());
    }
    port::SearchQuery query;
    query.text = "咖啡 te 77";
    bool is_gone = false;
    bool is_right = true;
    const auto failures = at_each_allocation(
        [&] {
            auto opened = open(folder / "a.db"); // anew, so that the tokenizer is made in here
            if (!opened.ok()) return false;
            auto& store = **opened;
            try {
                store.begin();
                store.index_more();
                const auto page = store.search(query);
                if (!page.ok()) return false;
                if (page->hits.size() == 1) {
                    auto row = page->hits.front().row;
                    row.message.text.clear();
                    row.message.recalled_ms = 1;
                    store.update_post(row);
                }
                if (!store.commit().ok()) return store.rollback(), false;
                // Memory that ran out is an error, and nothing that is not found.
                is_right = is_right && (page->hits.size() == 1) == !is_gone;
                is_gone = true;
                return true;
            } catch (const std::bad_alloc&) {
                store.rollback();
                throw;
            }
        },
        [&] {
            auto store = *open(folder / "a.db");
            CHECK(store->search(query)->hits.empty() == is_gone);
        });
    CHECK(failures > 100);
    CHECK(is_gone);
    CHECK(is_right);
    const auto remains = sqlite::Remains::open(folder / "a.db", key());
    REQUIRE(remains.ok());
    CHECK(examine(*remains)->sentences.empty());
}

TEST_CASE("opening at each allocation: an error, and the file as it was")
{
    const godwit::test::TemporaryFolder folder;
    std::string before;
    {
        auto store = *open(folder / "a.db");
        store->begin();
        tick(*store, 1);
        REQUIRE(store->commit().ok());
        before = state_of(*store);
    }
    const auto failures = at_each_allocation(
        [&] {
            const auto store = open(folder / "a.db");
            if (!store.ok()) CHECK(store.error().code == ErrorCode::storage_failed);
            return store.ok();
        },
        [] {});
    CHECK(failures > 50);
    CHECK(state_of(**open(folder / "a.db")) == before);
}

TEST_CASE("check and repair at each allocation: an error or the right answer")
{
    const godwit::test::TemporaryFolder folder;
    {
        auto store = *open(folder / "a.db");
        store->begin();
        for (std::uint64_t n = 1; n < 30; ++n)
            tick(*store, n);
        REQUIRE(store->commit().ok());
    }
    int number = 0;
    const auto failures = at_each_allocation(
        [&] {
            const std::string made = folder / ("b" + std::to_string(++number) + ".db");
            const auto remains = sqlite::Remains::open(folder / "a.db", key());
            if (!remains.ok()) return false;
            const auto findings = examine(*remains);
            if (!findings.ok() || !findings->sentences.empty()) return false;
            const auto salvaged = salvage(*remains, made, key());
            return salvaged.ok() && salvaged->complete() && salvaged->groups;
        },
        [] {});
    CHECK(failures > 100);
    CHECK((*open(folder / ("b" + std::to_string(number) + ".db")))->history(cid(1), 1000, {}).size() == 29);
}

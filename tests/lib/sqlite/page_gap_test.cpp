// SPDX-License-Identifier: Apache-2.0
// What SQLite leaves behind in the unused middle of its pages does not reach the file.
#include "support.hpp"

#include "lib/sqlite/layout.hpp"
#include "lib/sqlite/page_gap.hpp"
#include "lib/sqlite/remains.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using namespace godwit::sqlite;
using namespace godwit::sqlite::test;

namespace {

using Page = std::array<std::uint8_t, page_bytes>;

/// A leaf of two cells at 4000 and 4020, every other byte 7.
Page leaf(std::size_t header = 0)
{
    Page out;
    out.fill(7);
    const std::uint8_t start[] = {13,         0, 0,         0,          2,         4000 >> 8,
                                  4000 & 255, 0, 4000 >> 8, 4000 & 255, 4020 >> 8, 4020 & 255};
    std::copy(std::begin(start), std::end(start), out.begin() + static_cast<std::ptrdiff_t>(header));
    return out;
}

std::ptrdiff_t zeros(const Page& page)
{
    return std::count(page.begin() + 12, page.end(), 0);
}

} // namespace

TEST_CASE("the gap of a b-tree page is wiped, its cells are not")
{
    Page page = leaf();
    wipe_gap(5, page.data());
    CHECK(zeros(page) == 4000 - 12);
    CHECK(std::all_of(page.begin() + 4000, page.end(), [](auto byte) { return byte == 7; }));
    Page first = leaf(100);
    wipe_gap(0, first.data());
    CHECK(std::count(first.begin() + 112, first.end(), 0) == 4000 - 112);
    CHECK(std::all_of(first.begin(), first.begin() + 100, [](auto byte) { return byte == 7; }));
}

TEST_CASE("what is no b-tree page, or no sound one, is left alone")
{
    const auto untouched = [](Page page) {
        const Page before = page;
        wipe_gap(5, page.data());
        return page == before;
    };
    Page page = leaf();
    page[0] = 0; // an overflow page, or a list of free pages
    CHECK(untouched(page));
    page = leaf();
    page[9] = 200; // a cell in the gap
    page[8] = 0;
    CHECK(untouched(page));
    page = leaf();
    page[3] = 255; // more cells than fit
    CHECK(untouched(page));
    page = leaf();
    page[5] = 255; // content beyond the page
    CHECK(untouched(page));
}

TEST_CASE("rows that came and went in any order leave nothing in any page")
{
    FaultDisk disk;
    const Key key = raw_key();
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(seed);
        const std::string path = "home.db";
        std::mt19937_64 dice(seed);
        auto how = options(disk, &key);
        {
            auto database = must(Database::open(how));
            must(database.execute(
                "CREATE TABLE IF NOT EXISTS word(k BLOB PRIMARY KEY, v BLOB NOT NULL) STRICT, WITHOUT ROWID"));
            std::vector<std::int64_t> canaries;
            for (int round = 0; round < 4000; ++round) {
                const auto n = static_cast<std::int64_t>(dice() % 1'000'000);
                const bool canary = dice() % 5 == 0;
                must(database.run(
                    "INSERT OR REPLACE INTO word VALUES(?1, ?2)", to_bytes(as_bytes(std::to_string(n))),
                    to_bytes(as_bytes(canary ? "XyzzyCanary" + std::to_string(n) : std::string(dice() % 60, 'y')))));
                if (canary) canaries.push_back(n);
            }
            must(database.checkpoint());
            std::shuffle(canaries.begin(), canaries.end(), dice);
            for (const auto n : canaries)
                must(database.run("DELETE FROM word WHERE k = ?1", to_bytes(as_bytes(std::to_string(n)))));
            must(database.checkpoint());
            must(database.check());
        }
        auto remains = Remains::open(path, key, disk.name());
        REQUIRE(remains.ok());
        Page page;
        constexpr std::string_view canary = "XyzzyCanary";
        for (std::uint32_t number = 1; number <= remains->damage().pages; ++number) {
            REQUIRE(remains->read_page(number, page.data()));
            CHECK(std::search(page.begin(), page.end(), canary.begin(), canary.end()) == page.end());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/transfer/piece_set.hpp"

#include <doctest/doctest.h>
#include <random>
#include <set>

using namespace godwit;
using namespace godwit::transfer;

TEST_CASE("a set of pieces behaves as a set of numbers")
{
    std::mt19937_64 dice(7);
    for (int round = 0; round < 200; ++round) {
        const auto pieces = static_cast<std::uint32_t>(dice() % 300);
        PieceSet set(pieces);
        PieceSet other(pieces);
        std::set<std::uint32_t> model;
        for (int step = 0; step < 40 && pieces > 0; ++step) {
            const auto first = static_cast<std::uint32_t>(dice() % (pieces + 20));
            const auto count =
                dice() % 4 == 0 ? static_cast<std::uint32_t>(dice()) : static_cast<std::uint32_t>(dice() % 90);
            if (dice() % 3 == 0) {
                set.remove(first);
                model.erase(first);
            } else {
                set.add(PieceRange{first, count});
                for (auto piece = first; piece < pieces && piece - first < count; ++piece)
                    model.insert(piece);
            }
            other.add(static_cast<std::uint32_t>(dice() % pieces));
        }
        REQUIRE(set.count() == model.size());
        REQUIRE(set.full() == (model.size() == pieces));
        for (std::uint32_t piece = 0; piece < pieces + 3; ++piece)
            REQUIRE(set.has(piece) == model.contains(piece));
        std::size_t in_ranges = 0;
        for (const auto& range : set.ranges(1000)) {
            for (std::uint32_t i = 0; i < range.count; ++i)
                REQUIRE(model.contains(range.first + i));
            in_ranges += range.count;
        }
        CHECK(in_ranges == model.size());
        CHECK(set.ranges(2).size() <= 2);
        std::uint32_t beyond = 0;
        while (beyond < pieces && (!set.has(beyond) || other.has(beyond)))
            ++beyond;
        CHECK(set.first_beyond(other) == beyond);
        CHECK(PieceSet::from_bytes(pieces, set.to_bytes()) == set);
        auto both = set;
        both.add(other);
        CHECK(both.first_beyond(other) == beyond);
        CHECK(both.count() >= set.count());
    }
    CHECK(PieceSet::all(130).full());
    CHECK(PieceSet(0).full());
}

TEST_CASE("bytes that are no set of so many pieces")
{
    CHECK_FALSE(PieceSet::from_bytes(9, Bytes{0xff}));
    CHECK_FALSE(PieceSet::from_bytes(9, Bytes{0xff, 0x02}));
    CHECK(PieceSet::from_bytes(9, Bytes{0xff, 0x01})->full());
    CHECK_FALSE(PieceSet::from_bytes(0, Bytes{0}));
}

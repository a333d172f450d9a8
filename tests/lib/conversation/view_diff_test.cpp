// SPDX-License-Identifier: Apache-2.0
#include "lib/conversation/view_diff.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>
#include <set>

using namespace godwit::conversation;

namespace {

using Keys = std::vector<std::string>;

/// What somebody who watches has after the steps: key and how often it was told anew.
Keys applied(Keys list, const Keys& after, const std::vector<DiffStep>& steps, std::set<std::string>& told)
{
    for (const auto& step : steps) {
        const auto at = [&](std::size_t i) { return list.begin() + static_cast<std::ptrdiff_t>(i); };
        switch (step.op) {
        case DiffStep::Op::remove:
            REQUIRE(step.index < list.size());
            list.erase(at(step.index));
            break;
        case DiffStep::Op::insert:
            REQUIRE(step.index <= list.size());
            list.insert(at(step.index), after.at(step.item));
            told.insert(after.at(step.item));
            break;
        case DiffStep::Op::move: {
            REQUIRE(step.from < list.size());
            const auto key = list[step.from];
            list.erase(at(step.from));
            REQUIRE(step.index <= list.size());
            list.insert(at(step.index), key);
            break;
        }
        case DiffStep::Op::update:
            REQUIRE(list.at(step.index) == after.at(step.item));
            told.insert(after.at(step.item));
            break;
        }
    }
    return list;
}

} // namespace

TEST_CASE("a message more, and the window's oldest goes")
{
    const auto steps = diff({"a", "b", "c"}, {"b", "c", "d"}, [](const auto&) { return false; });
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].op == DiffStep::Op::remove);
    CHECK(steps[0].index == 0);
    CHECK(steps[1].op == DiffStep::Op::insert);
    CHECK(steps[1].index == 2);
}

TEST_CASE("a conversation that moves to the top is one move and one update")
{
    const auto steps = diff({"a", "b", "c"}, {"c", "a", "b"}, [](const auto& key) { return key == "c"; });
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].op == DiffStep::Op::move);
    CHECK(steps[0].from == 2);
    CHECK(steps[0].index == 0);
    CHECK(steps[1].op == DiffStep::Op::update);
}

TEST_CASE("any list becomes any other, and whatever is new is told")
{
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        const auto some = [&] {
            Keys out;
            for (char c = 'a'; c < 'a' + 12; ++c)
                if (dice() % 3 != 0) out.emplace_back(1, c);
            std::shuffle(out.begin(), out.end(), dice);
            return out;
        };
        const auto before = some();
        const auto after = some();
        std::set<std::string> news;
        for (const auto& key : after)
            if (dice() % 4 == 0) news.insert(key);
        std::set<std::string> told;
        const auto steps = diff(before, after, [&](const auto& key) { return news.contains(key); });
        CHECK(applied(before, after, steps, told) == after);
        for (const auto& key : after)
            CHECK(told.contains(key) ==
                  (news.contains(key) || std::find(before.begin(), before.end(), key) == before.end()));
    }
}

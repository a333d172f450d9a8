// SPDX-License-Identifier: Apache-2.0
// Members in league against a group of many, with a relay that keeps to all rules: rubbish on rubbish, again and again.
#include "tests/lib/engine/group_story.hpp"
#include "tests/lib/engine/league.hpp"

using namespace godwit;
using namespace godwit::testing;

TEST_CASE("two members in league, rubbish on rubbish: the others take back both, and go on in the same epoch")
{
    League l(951);
    const auto before = l.epoch();
    const auto rejected = l.world.relay_counters().group_rejects;
    l.rubbish_on_rubbish(l.mallory, l.erin);
    REQUIRE(l.world.run_until([&] { return l.world.relay_counters().group_rejects == rejected + 2; }));
    l.world.run_for(seconds(5));
    for (auto* one : l.honest) {
        CHECK(told(*one, SecurityKind::commit_rejected) == 1);
        CHECK(told(*one, SecurityKind::group_rejoined) == 0);
        CHECK(group_of(*one, l.conversation).epoch() == before);
    }
    l.all_hear(l.carol, "still here");
    const auto put_out = l.alice.wait(l.alice.ask(request::GroupRemove{l.conversation, {"mallory", "erin"}}));
    CHECK(put_out.error.code == ErrorCode::ok);
    l.all_hear(l.dave, "without them");
    CHECK(l.epoch() > before);
}

TEST_CASE("again and again, beyond the pace of those who refuse it: they say so until they may, and it falls")
{
    League l(952);
    const auto before = l.epoch();
    std::uint64_t rounds = 0;
    const auto rubbish = [&](Client& by) {
        auto group = group_of(l.mallory, l.conversation);
        Lie lie;
        lie.tag = [](mls::AuthenticatedContent& content) { (*content.auth.confirmation_tag)[0] ^= 1; };
        lie.by = &by;
        const auto id = l.fresh_id();
        auto info = l.false_info(group, &by);
        info.signature[0] ^= 1; // Nobody can join what it leads to.
        return l.commit(by, group, id, l.lie(group, id, lie), info).error.code;
    };
    const auto rejected = l.world.relay_counters().group_rejects;
    for (auto* by : {&l.mallory, &l.erin})
        for (int n = 0; n < 3; ++n) {
            CHECK(rubbish(*by) == ErrorCode::ok);
            ++rounds;
            // Five at once, then one in twelve minutes.
            CHECK(l.world.run_until([&] { return l.world.relay_counters().group_rejects == rejected + rounds; },
                                    rounds <= 5 ? seconds(10) : minutes(15)));
            l.world.run_for(seconds(2));
        }
    CHECK(rubbish(l.mallory) == ErrorCode::rate_limited);
    for (auto* one : l.honest)
        CHECK(group_of(*one, l.conversation).epoch() >= before);
    l.all_hear(l.dave, "and we are still here");
    CHECK(l.world.run_until([&] { return l.head(l.alice) == l.head(l.carol) && l.head(l.carol) == l.head(l.dave); },
                            minutes(2)));
}

TEST_CASE("what is kept of a group that a commit has put us out of goes by time, with or without a relay")
{
    Crew crew(953, {"bob", "carol"});
    auto& carol = crew["carol"];
    const auto group = crew.create({"bob", "carol"});
    crew.must(crew.alice, request::GroupRemove{group, {"carol"}});
    crew.settle();
    const auto kept = [&] { return seal::load_group(carol.store, group).has_value(); };
    REQUIRE(kept());
    crew.world.relay_crash();
    crew.alice.crash();
    crew["bob"].crash();
    SUBCASE("when it is opened")
    {
        for (const bool over : {false, true}) {
            CAPTURE(over);
            carol.crash();
            carol.clock_skew_ms += over ? 2 * 24 * 3600 * 1000 : seal::departure_kept_ms - 24 * 3600 * 1000;
            carol.start();
            crew.world.run_for(seconds(1));
            CHECK(kept() == !over);
        }
    }
    SUBCASE("while it runs")
    {
        crew.world.run_for(hours(24 * 6));
        CHECK(kept());
        crew.world.run_for(hours(24 * 2 + 1)); // Looked for once a day, about.
        CHECK_FALSE(kept());
    }
}

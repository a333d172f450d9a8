// SPDX-License-Identifier: Apache-2.0
// Clocks that are wrong: what they say is overwritten like anything else, and what they date is found where it came.
#include "tests/lib/conversation/shelf.hpp"

using namespace godwit;
using namespace godwit::conversation;
using namespace godwit::testing;

namespace {

constexpr std::int64_t year_ms = 365LL * 24 * 3600 * 1000;

/// Two devices of two people; what one says both have, each by its own clock.
struct Both {
    Shelf ann{"ann"};
    Shelf bob{"bob"};
    std::uint32_t last = 100;

    void say(Shelf& by, content::Body body, std::int64_t ms, std::string words = {})
    {
        auto composed = compose(by.store, by.parties, message_named(++last),
                                {std::move(words), std::move(body), {}, {}, false, {}}, at_ms(ms));
        composed.row.message.from = by.parties.own_user;
        for (auto* one : {&ann, &bob}) {
            auto row = composed.row;
            row.message.state = one == &by ? MessageState::sent : MessageState::received;
            (void)conversation::take(one->store, row, {}, at_ms(one == &by ? ms : std::min(ms, now_ms)));
        }
    }
    std::int64_t now_ms = 10'000;
};

} // namespace

TEST_CASE(
    "a timer, a pin, a reaction and an edit of a clock that was a year ahead are overwritten by who has seen them")
{
    Both both;
    both.say(both.ann, content::Text{}, 100, "first");
    const auto id = message_named(101);
    const auto ahead = 10'000 + year_ms;
    both.say(both.ann, content::Timer{{60, content::Lifetime::From::sent}}, ahead);
    both.say(both.ann, content::Pin{id, true}, ahead);
    both.say(both.ann, content::Reaction{id, "+", true}, ahead);
    both.say(both.ann, content::Edit{id, {}, {}}, ahead, "second");
    CHECK(both.bob.shown(101).pinned);
    both.say(both.bob, content::Timer{{7, content::Lifetime::From::sent}}, 11'000);
    both.say(both.bob, content::Pin{id, false}, 11'000);
    both.say(both.ann, content::Reaction{id, "+", false}, 12'000); // Her clock was put right.
    both.say(both.ann, content::Edit{id, {}, {}}, 12'000, "third");
    for (auto* one : {&both.ann, &both.bob}) {
        CHECK(timer_of(one->store, chat).seconds == 7);
        CHECK_FALSE(one->shown(101).pinned);
        CHECK(one->shown(101).reactions.empty());
        CHECK(one->shown(101).text == "third");
    }
}

TEST_CASE("what is said in a time that nobody lives in counts nowhere, and does not stay where it was said")
{
    Both both;
    both.say(both.ann, content::Text{}, 100, "first");
    const auto id = message_named(101);
    // At the bound, and one past it.
    (void)both.bob.take(post(2, "ann", "", content::Pin{id, true}, 10'000 + stamp_ahead_ms_max), 10'000);
    CHECK(both.bob.shown(101).pinned);
    (void)both.bob.take(
        post(3, "ann", "", content::Timer{{60, content::Lifetime::From::sent}}, 10'001 + stamp_ahead_ms_max), 10'000);
    CHECK(timer_of(both.bob.store, chat).seconds == 0);
    // Her own device believed it.
    both.say(both.ann, content::Timer{{60, content::Lifetime::From::sent}}, 10'000 + 20 * year_ms);
    CHECK(timer_of(both.ann.store, chat).seconds == 60);
    CHECK(timer_of(both.bob.store, chat).seconds == 0);
    (void)both.ann.take(post(4, "bob", "", content::Timer{{7, content::Lifetime::From::sent}}, 11'000), 11'000);
    CHECK(timer_of(both.ann.store, chat).seconds == 7);
}

TEST_CASE("a device whose clock is ahead, and knows by how much, shows what disappears for its time; never for longer")
{
    Shelf here("bob");
    const auto expiry = [&](std::uint32_t n, std::int64_t ahead_ms) {
        auto row = lasting(n, "ann", {60, content::Lifetime::From::sent}, 1000);
        row.message.state = MessageState::received;
        (void)conversation::take(here.store, row, {}, at_ms(121'000), ahead_ms);
        return here.store.message_in(chat, message_named(n))->message.expires_ms;
    };
    CHECK(expiry(1, 0) == at_ms(61'000).wall_ms); // Over when it came.
    CHECK(expiry(2, 115'000) == at_ms(176'000).wall_ms);
    CHECK(expiry(3, 120'000) == at_ms(181'000).wall_ms);
    CHECK(expiry(4, 9'000'000) == at_ms(181'000).wall_ms); // A relay that lies: from when it came, at the latest.
}

TEST_CASE("a recall of a clock that was ahead for weeks is heard, and so is one after it was put right")
{
    constexpr std::int64_t weeks_ms = 40LL * 24 * 3600 * 1000;
    Both both;
    both.say(both.ann, content::Text{}, weeks_ms, "canary");
    both.say(both.ann, content::Recall{message_named(101)}, weeks_ms + 1000);
    both.say(both.ann, content::Text{}, weeks_ms + 2000, "still ahead");
    both.say(both.ann, content::Text{}, 11'000, "canary again");
    both.now_ms = 12'000;
    both.say(both.ann, content::Recall{message_named(104)}, 12'000);
    for (auto* one : {&both.ann, &both.bob}) {
        CHECK(one->shown(101).recalled_ms != 0);
        CHECK(one->shown(104).recalled_ms != 0);
        CHECK_FALSE(finds(one->store, "canary"));
    }
}

TEST_CASE("a clock that lies years behind: its messages stand where they came, and live as long as they should")
{
    Shelf here("bob");
    (void)here.take(text(1, "ann", "yesterday", 1000), 1000);
    auto slow = lasting(2, "ann", {60, content::Lifetime::From::sent}, -3 * year_ms);
    (void)here.take(slow, 5000);
    CHECK(here.store.history(chat, 9, std::nullopt).back().message.id == message_named(2));
    CHECK(here.store.next_expiry() == at_ms(65'000).wall_ms);
    // Behind by hours: its author had seen what it answers to.
    auto late = lasting(3, "ann", {60, content::Lifetime::From::sent}, 5000);
    late.message.sent_ms -= 3 * 3600 * 1000;
    (void)here.take(late, 6000);
    CHECK(here.store.message_in(chat, message_named(3))->message.expires_ms == at_ms(65'000).wall_ms);
    // What was long under way keeps its place.
    CHECK(sort_hlc(at_ms(0).wall_ms - under_way_ms_max + 1, -1, at_ms(0).wall_ms) ==
          at_ms(0).wall_ms - under_way_ms_max + 1);
    CHECK(sort_hlc(at_ms(0).wall_ms - under_way_ms_max, -1, at_ms(0).wall_ms) == at_ms(0).wall_ms);
}

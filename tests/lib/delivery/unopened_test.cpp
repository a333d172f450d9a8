// SPDX-License-Identifier: Apache-2.0
#include "lib/delivery/unopened.hpp"
#include "tests/lib/delivery/fixtures.hpp"

using namespace godwit;
using namespace godwit::delivery;
using namespace godwit::testing;
using std::chrono::hours;

namespace {

const DeviceId bob = device_named(1);
const DeviceId eve = device_named(2);

/// What the sender is told now.
std::size_t tell(Unopened& unopened, const DeviceId& device, Instant now)
{
    const auto ids = unopened.take(device);
    unopened.told(device, ids, now);
    return ids.size();
}

/// The sender seals it anew at once, each time, and it does not open.
std::size_t told_in(Unopened& unopened, const MessageId& id, Instant& now, Duration time, std::size_t& events)
{
    std::size_t told = 0;
    for (const auto end = now + time; now < end;) {
        if (unopened.owe(bob, id)) ++events;
        now = std::min(end, std::max(now, unopened.deadline()));
        for (const auto& device : unopened.due(now))
            told += tell(unopened, device, now);
    }
    return told;
}

} // namespace

TEST_CASE("what does not open is asked for at growing waits, and told once")
{
    Unopened unopened;
    Instant now{};
    std::size_t events = 0;
    CHECK(told_in(unopened, message_named(1), now, hours(1), events) <= 16);
    CHECK(events == 1);
    CHECK(told_in(unopened, message_named(1), now, hours(1), events) <= 7); // Each ten minutes.
    CHECK(events == 1);
    CHECK(unopened.was_asked(bob, message_named(1)));
    CHECK_FALSE(unopened.was_asked(eve, message_named(1)));
    CHECK(unopened.owe(bob, message_named(2))); // Another one is another event.
    SUBCASE("something opens: from the beginning")
    {
        unopened.settle(bob, message_named(3));
        now += unopened_gap_max;
        CHECK(tell(unopened, bob, now) >= 1);
        CHECK(unopened.owe(bob, message_named(4)));
        CHECK(unopened.deadline() == now + unopened_gap);
    }
    SUBCASE("others do not wait for that")
    {
        CHECK(unopened.owe(eve, message_named(1)));
        CHECK(unopened.deadline() <= now);
    }
    SUBCASE("in the end all of it is forgotten")
    {
        (void)tell(unopened, bob, now);
        now += unopened_gap_max + unopened_known;
        CHECK(unopened.due(now).empty());
        CHECK_FALSE(unopened.was_asked(bob, message_named(1)));
    }
}

TEST_CASE("many that do not open once, after a change of the group that came late, wait for nothing")
{
    Unopened unopened;
    Instant now{};
    for (std::uint8_t round = 0; round < 10; ++round) {
        for (std::uint8_t n = 0; n < 20; ++n)
            CHECK(unopened.owe(bob, message_named(static_cast<std::uint8_t>(20 * round + n))));
        REQUIRE(unopened.due(now).size() == 1);
        CHECK(tell(unopened, bob, now) == 20);
        now += unopened_gap;
    }
}

TEST_CASE("what could not be told was not asked for, and the first time that it is waits no longer for it")
{
    Unopened unopened;
    Instant now{};
    CHECK(unopened.owe(bob, message_named(1)));
    CHECK(unopened.owe(bob, message_named(2)));
    for (int n = 0; n < 10; ++n) { // Neither a link nor the relay.
        REQUIRE(unopened.due(now) == std::vector{bob});
        const auto ids = unopened.take(bob);
        CHECK(ids == std::vector{message_named(1), message_named(2)});
        unopened.give_back(bob, ids);
        CHECK_FALSE(unopened.owe(bob, message_named(1))); // Owed already.
        CHECK_FALSE(unopened.was_asked(bob, message_named(1)));
        now += unopened_gap;
        unopened.rest(bob, now);
    }
    CHECK(tell(unopened, bob, now) == 2);
    CHECK(unopened.was_asked(bob, message_named(1)));
    CHECK(unopened.owe(bob, message_named(3)));
    CHECK(unopened.deadline() == now + unopened_gap);
}

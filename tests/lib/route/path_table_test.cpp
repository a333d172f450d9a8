// SPDX-License-Identifier: Apache-2.0
#include "lib/route/path_table.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::route;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

DeviceId device(std::uint8_t n)
{
    DeviceId out;
    out.bytes[0] = n;
    return out;
}

constexpr Instant at(int ms)
{
    return Instant(milliseconds(ms));
}

const PathTable::Outside outside{PathPolicy::direct_first, true, true, false, seconds(2)};

} // namespace

TEST_CASE("content waits for a direct path once, then goes on without")
{
    PathTable table;
    const auto bob = device(1);
    auto choice = table.choose(bob, outside, false, at(0));
    CHECK(choice.ways.empty());
    CHECK(table.patience_until(bob) == never); // nobody waits: the clock does not run

    choice = table.choose(bob, outside, true, at(5000));
    CHECK(choice.ways.empty());
    CHECK(table.patience_until(bob) == at(7000));
    table.note_trouble(bob, "no direct path after 2.0 s: NAT did not open");
    CHECK(table.choose(bob, outside, true, at(6999)).ways.empty());

    choice = table.choose(bob, outside, true, at(7000));
    CHECK(choice.path() == Path::mailbox);
    CHECK(choice.reason == "no direct path after 2.0 s: NAT did not open");
    CHECK(choice.seek_direct);

    // The next message does not wait again: the experience holds …
    CHECK(table.choose(bob, outside, true, at(60000)).path() == Path::mailbox);
    // … until a direct path exists, which also forgives what was.
    REQUIRE(table.add(bob, 11, Path::direct));
    CHECK(table.choose(bob, outside, true, at(61000)).path() == Path::direct);
    table.remove(bob, 11);
    CHECK(table.choose(bob, outside, true, at(62000)).reason == "waiting for a direct path");
}

TEST_CASE("a path that died costs no second wait; a changed network does")
{
    PathTable table;
    const auto bob = device(1);
    REQUIRE(table.add(bob, 11, Path::direct));
    table.remove(bob, 11);
    table.lose_patience(bob, "direct path silent for 2.5 s", at(100));
    const auto choice = table.choose(bob, outside, true, at(100));
    CHECK(choice.path() == Path::mailbox);
    CHECK(choice.reason == "direct path silent for 2.5 s");
    table.wipe_all_slates();
    CHECK(table.choose(bob, outside, true, at(101)).ways.empty());
}

TEST_CASE("make before break: the newer of two links wins, the older is there until it goes")
{
    PathTable table;
    const auto bob = device(1);
    REQUIRE(table.add(bob, 11, Path::turned));
    REQUIRE(table.add(bob, 12, Path::direct));
    CHECK(table.best_link(bob, PathPolicy::direct_first)->link == 12);
    table.set_health(bob, 12, Health::dead);
    CHECK(table.best_link(bob, PathPolicy::direct_first)->link == 11);
    table.set_path(bob, 11, Path::direct);
    CHECK(table.best_link(bob, PathPolicy::direct_first)->path == Path::direct);
    CHECK(table.best_link(bob, PathPolicy::relay_only) == nullptr);
    table.remove(bob, 11);
    CHECK(table.best_link(bob, PathPolicy::direct_first) == nullptr);
}

TEST_CASE("ways_per_device_max is reached, and said")
{
    PathTable table;
    for (std::uint64_t link = 1; link <= ways_per_device_max; ++link)
        CHECK(table.add(device(1), link, Path::direct));
    CHECK_FALSE(table.add(device(1), 99, Path::direct));
    CHECK(table.add(device(2), 99, Path::direct));
}

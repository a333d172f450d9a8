// SPDX-License-Identifier: Apache-2.0
// The simulator's own parts, and that it is deterministic.
#include "tests/sim/disk.hpp"
#include "tests/sim/minimise.hpp"
#include "tests/sim/walk.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("the same seed gives the same world, twenty times")
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        const auto first = run_seed(seed);
        const auto second = run_seed(seed);
        CHECK(first.hash == second.hash);
        CHECK(first.happened == second.happened);
        CHECK(first.verdict == second.verdict);
        CHECK(first.accepted > 0);
    }
}

TEST_CASE("another seed gives another world")
{
    CHECK(run_seed(1).hash != run_seed(2).hash);
}

TEST_CASE("a step does the same when others are taken away: scenarios can be cut")
{
    const auto swarm = make_swarm(7, no_extras); // These have numbers of their own.
    const auto steps = make_steps(7, swarm);
    REQUIRE(steps.size() == swarm.steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
        CHECK(steps[i].index == i);
    const std::vector<std::uint32_t> few{3, 5};
    CHECK(run_seed(7, &few).steps.size() == 2);
    const std::vector<std::uint32_t> none;
    CHECK(run_seed(7, &none).verdict == "");
}

TEST_CASE("swarms differ: every kind of fault is there in some seeds and missing in others")
{
    std::array<int, step_kind_count> seen{};
    // Extras, by the first of their kinds.
    constexpr auto acts = static_cast<std::size_t>(StepKind::edit);
    constexpr auto groups = static_cast<std::size_t>(StepKind::group_create);
    constexpr auto files = static_cast<std::size_t>(StepKind::file_send);
    constexpr auto turnover = static_cast<std::size_t>(StepKind::device_parts);
    constexpr auto removals = static_cast<std::size_t>(StepKind::remove);
    int on_real_disks = 0;
    int with_ticker = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto swarm = make_swarm(seed, {true, true, true, true, true});
        CHECK(swarm.devices.size() >= 2);
        CHECK(swarm.devices.size() <= 9);
        for (std::size_t i = 0; i < step_kind_count; ++i)
            seen[i] += swarm.weights[i] > 0 || (i >= acts && i < groups && swarm.acts_percent > 0) ||
                               (i >= groups && i < files && swarm.groups_percent > 0) ||
                               (i >= files && i < turnover && swarm.files_percent > 0) ||
                               (i >= turnover && i < removals && swarm.turnover_percent > 0) ||
                               (i >= removals && swarm.removals_percent > 0)
                           ? 1
                           : 0;
        on_real_disks += swarm.client_disk == DiskKind::sqlite ? 1 : 0;
        with_ticker += swarm.drive == Drive::ticker ? 1 : 0;
    }
    for (std::size_t i = 0; i < step_kind_count; ++i) {
        CAPTURE(step_kinds[i]);
        CHECK(seen[i] > 20);
    }
    CHECK(on_real_disks > 10);
    CHECK(with_ticker > 100);
    CHECK(with_ticker < 200);
}

TEST_CASE("NATs: which pairs open, both ways round")
{
    const auto opens = [](Nat a, Nat b) {
        CHECK(opens_directly(a, b) == opens_directly(b, a));
        return opens_directly(a, b);
    };
    CHECK(opens(Nat::open, Nat::open));
    CHECK(opens(Nat::open, Nat::symmetric));
    CHECK(opens(Nat::endpoint_independent, Nat::symmetric));
    CHECK(opens(Nat::address_dependent, Nat::symmetric));
    CHECK_FALSE(opens(Nat::port_dependent, Nat::symmetric));
    CHECK_FALSE(opens(Nat::symmetric, Nat::symmetric));
    CHECK(opens(Nat::port_dependent, Nat::port_dependent));
    for (unsigned n = 0; n < nat_count; ++n)
        CHECK_FALSE(opens(Nat::udp_blocked, static_cast<Nat>(n)));
}

TEST_CASE("TURN: five addresses an account, none for ever, none after a crash")
{
    TurnServer turn;
    const Instant now{};
    std::vector<std::uint16_t> ports;
    for (std::size_t i = 0; i < turn_allocations_per_user_max; ++i)
        ports.push_back(turn.allocate("alice", now));
    CHECK(std::set(ports.begin(), ports.end()).size() == turn_allocations_per_user_max);
    CHECK(turn.allocate("alice", now) == 0);
    CHECK(turn.allocate("bob", now) != 0);
    turn.release(ports[0]);
    CHECK_FALSE(turn.has(ports[0], now));
    ports[0] = turn.allocate("alice", now);
    CHECK(turn.has(ports[0], now));
    turn.abandon(ports[0], now);
    CHECK(turn.has(ports[0], now + turn_lifetime - milliseconds(1)));
    CHECK(turn.allocate("alice", now + turn_lifetime - milliseconds(1)) == 0);
    CHECK_FALSE(turn.has(ports[0], now + turn_lifetime));
    CHECK(turn.allocate("alice", now + turn_lifetime) != 0);
    turn.crash();
    CHECK_FALSE(turn.has(ports[1], now));
}

TEST_CASE("a relayed path: there with an address at the TURN server, gone with the server")
{
    World world(1);
    world.network.turn_possible = true;
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    SUBCASE("behind NATs that do not let them meet")
    {
        alice.nat = bob.nat = Nat::symmetric;
    }
    SUBCASE("behind firewalls without UDP, each by an address of its own")
    {
        alice.nat = bob.nat = Nat::udp_blocked;
    }
    SUBCASE("who hides its address is met at the one that the server gave it")
    {
        world.network.direct_possible = false;
        alice.start();
        REQUIRE(alice.wait(alice.enter(true)).error.code == ErrorCode::ok);
        REQUIRE(alice.wait(alice.ask(request::SetPolicy{PathPolicy::relay_only})).error.code == ErrorCode::ok);
    }
    world.befriend(alice, bob);
    (void)alice.send("bob", "hello");
    REQUIRE(world.run_until([&] { return alice.live_peer_links(Path::turned) == 1; }));
    CHECK(alice.live_peer_links(Path::direct) == 0);
    CHECK(world.turn.given() >= 1);

    world.relay_crash();
    world.run_for(seconds(90));
    CHECK(alice.live_peer_links(Path::turned) == 0);
    CHECK(bob.live_peer_links(Path::turned) == 0);
    world.network.turn_silent = true;
    world.relay_start();
    world.run_for(seconds(20));
    CHECK(alice.live_peer_links(Path::turned) == 0); // Nobody gives it an address.
    world.network.turn_silent = false;
    (void)alice.send("bob", "again");
    CHECK(world.run_until([&] { return alice.live_peer_links(Path::turned) == 1; }, std::chrono::minutes(5)));
}

TEST_CASE("loss: none without it, bounded with it, and about as much as was asked for")
{
    std::mt19937_64 random(1);
    Network network;
    Losses losses;
    CHECK(losses.delay(network, random) == Duration(0));
    network.loss_percent = 40;
    for (const std::uint32_t burst : {1U, 8U}) {
        network.loss_burst = burst;
        int late = 0;
        for (int n = 0; n < 10'000; ++n) {
            const auto delay = losses.delay(network, random);
            CHECK(delay <= loss_delay_max);
            late += delay > Duration(0) ? 1 : 0;
        }
        CAPTURE(burst);
        CAPTURE(late);
        CHECK(late > 400);   // Bursts: few frames, and those for long.
        CHECK(late < 7'000); // In the good state 40 of 60 datagrams begin a burst of one.
    }
}

TEST_CASE("the minimiser finds the two that matter among a hundred")
{
    std::vector<std::uint32_t> all(100);
    for (std::uint32_t i = 0; i < 100; ++i)
        all[i] = i;
    std::size_t runs = 0;
    const auto fails = [&](const std::vector<std::uint32_t>& some) {
        ++runs;
        return std::count(some.begin(), some.end(), 17U) == 1 && std::count(some.begin(), some.end(), 83U) == 1;
    };
    CHECK(minimise(all, fails, 10'000) == std::vector<std::uint32_t>{17, 83});
    runs = 0;
    CHECK(minimise(all, fails, 5).size() >= 2);
    CHECK(runs <= 5);
}

TEST_CASE("a doomed commit: the process that comes next finds the disk without it")
{
    for (const auto kind : {DiskKind::memory, DiskKind::sqlite}) {
        CAPTURE(static_cast<int>(kind));
        ClientDisk disk(kind, 1);
        const auto put = [&](std::string_view name) {
            disk.store().begin();
            disk.store().put_value(name, as_bytes("1"));
            REQUIRE(disk.store().commit().ok());
        };
        put("kept");
        disk.doom(0, Leaves::nothing);
        CHECK_FALSE(disk.doomed());
        put("lost");
        CHECK(disk.doomed());
        disk.crash(Leaves::nothing);
        CHECK_FALSE(disk.doomed());
        CHECK(disk.store().value("kept").has_value());
        CHECK_FALSE(disk.store().value("lost").has_value());
        put("after");
        disk.crash(Leaves::torn);
        CHECK(disk.store().value("after").has_value());
    }
}

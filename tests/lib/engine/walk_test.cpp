// SPDX-License-Identifier: Apache-2.0
// A random walk: break anything, then heal, then every promise is checked. One seed is one world; a failure prints it.
// GODWIT_WALK_SEEDS=first-last runs others, GODWIT_TRACE=1 shows what the engines think.
#include "tests/sim/world.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

using namespace godwit;
using namespace godwit::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

relay::Config generous()
{
    relay::Config out;
    out.limits.contact_changes = {1'000'000, milliseconds(1)};
    out.limits.signals = {1'000'000, milliseconds(1)};
    out.limits.registrations_per_address = {1'000, milliseconds(1)};
    out.limits.mailbox_messages_max = 100'000;
    return out;
}

engine::Config impatient()
{
    engine::Config out;
    // A walk lasts minutes: what takes days in life must happen within it.
    out.mailbox_reoffer_ms = 20'000;
    out.mailbox_retry = seconds(2);
    return out;
}

struct Walk {
    World world;
    std::vector<Client*> clients;
    std::uint32_t words = 0;

    explicit Walk(std::uint64_t seed) : world(seed, generous())
    {
        world.network.turn_possible = world.random() % 2 == 0;
        auto& alice = world.client("alice", impatient());
        auto& bob = world.client("bob", impatient());
        world.befriend(alice, bob);
        clients = {&alice, &bob};
        if (pick(2) == 0) return;
        // A third device: what two of them say to each other reaches it by other ways, in another order.
        auto& phone = world.client("alice.phone", impatient());
        phone.start();
        REQUIRE(phone.wait(phone.enter(false)).error.code == ErrorCode::ok);
        REQUIRE(world.run_until([&] { return phone.status().connected && !phone.contacts().empty(); }));
        clients.push_back(&phone);
        world.run_for(seconds(1));
    }
    std::uint64_t pick(std::uint64_t n) { return world.random() % n; }
    Client& someone() { return *clients[pick(clients.size())]; }
    std::string other(const Client& one) { return World::account(one.name) == "alice" ? "bob" : "alice"; }
    bool at_rest()
    {
        for (auto* client : clients)
            if (!client->running() || !world.all_terminal(*client) || !client->store.conversations_with_held().empty())
                return false;
        return true;
    }

    void speak(Client& from)
    {
        if (!from.running()) return;
        const auto burst = pick(8) == 0 ? (pick(8) == 0 ? 150 : 20) : 1 + pick(3);
        for (std::uint64_t n = 0; n < burst && from.running(); ++n)
            from.ask(request::Send{other(from), from.name + " " + std::to_string(++words), {}});
    }
    void revive(Client& one)
    {
        if (!one.running()) one.start();
    }

    void step()
    {
        auto& one = someone();
        const auto what = pick(24);
        if (what < 18) world.say("step " + std::to_string(what) + " at " + one.name);
        switch (what) {
        case 0: one.crash(); break;
        case 1: one.crash_at(Seam::before_commit); break;
        case 2: one.crash_at(Seam::after_commit); break;
        case 3: one.crash_at(Seam::mid_speak); break;
        case 4: one.store.fail_at(1 + pick(30)); break;
        case 5: world.relay_crash(); break;
        case 6: world.relay_start(); break;
        case 7: world.cut(one); break;
        case 8: world.restore(one); break;
        case 9: world.break_links(one); break;
        case 10: world.network.direct_blackholed = !world.network.direct_blackholed; break;
        case 11: world.network.direct_possible = !world.network.direct_possible; break;
        case 12: world.network.quic_blocked = !world.network.quic_blocked; break;
        case 13: world.network.delay_max = milliseconds(10 + pick(pick(4) == 0 ? 3000 : 100)); break;
        case 14:
            if (one.running()) one.ask(request::NetworkChanged{});
            break;
        case 15: one.clock_skew_ms = static_cast<WallMs>(pick(1'200'000)) - 600'000; break;
        case 16:
            if (one.running()) one.ask(request::SetPolicy{static_cast<PathPolicy>(pick(4))});
            break;
        case 17: world.network.relay_extra = milliseconds(pick(3) == 0 ? 0 : pick(2'000)); break;
        default: speak(one); break;
        }
        for (auto* client : clients)
            if (pick(3) == 0) revive(*client);
        world.run_for(milliseconds(pick(pick(5) == 0 ? 6'000 : 400)));
    }

    void heal()
    {
        world.say("healed");
        world.network = Network{};
        world.relay_start();
        for (auto* client : clients) {
            world.restore(*client);
            client->store.fail_at(0);
            client->live_on();
            client->clock_skew_ms = 0;
            revive(*client);
        }
        world.run_for(milliseconds(100));
        for (auto* client : clients) {
            revive(*client);
            client->ask(request::SetPolicy{PathPolicy::direct_first});
        }
    }
};

std::pair<std::uint64_t, std::uint64_t> seeds()
{
    std::uint64_t first = 1;
    std::uint64_t last = 60;
    if (const char* named = std::getenv("GODWIT_WALK_SEEDS")) {
        char* rest = nullptr;
        first = last = std::strtoull(named, &rest, 10);
        if (*rest == '-') last = std::strtoull(rest + 1, nullptr, 10);
    }
    return {first, last};
}

} // namespace

TEST_CASE("random walk: whatever breaks, nothing accepted is lost, doubled or out of order")
{
    const auto [first, last] = seeds();
    std::size_t messages = 0;
    for (auto seed = first; seed <= last; ++seed) {
        INFO("seed " << seed);
        Walk walk(seed);
        std::string safety;
        for (int n = 0; n < 60 && safety.empty(); ++n) {
            walk.step();
            safety = walk.world.check_now(walk.clients);
        }
        CHECK_MESSAGE(safety.empty(), "seed " << seed << ": " << safety);
        walk.heal();
        const bool quiet = walk.world.run_until([&] { return walk.at_rest(); }, seconds(90));
        CHECK_MESSAGE(quiet, "seed " << seed << " does not come to rest");
        const auto verdict = walk.world.check_conversation(walk.clients);
        CHECK_MESSAGE(verdict.empty(), "seed " << seed << ": " << verdict);
        messages += walk.words;
        if (!quiet || !verdict.empty()) std::printf("walk: seed %llu failed\n", static_cast<unsigned long long>(seed));
    }
    std::printf("walk: seeds %llu to %llu, %zu messages offered\n", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(last), messages);
}

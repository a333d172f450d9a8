// SPDX-License-Identifier: Apache-2.0
// What attempts at a path are given, without a network: a TURN server that answers nothing must not stand in the way.
#include "lib/engine/peer_sessions.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct Silent : port::Trace {
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

/// One device with one TURN server, which looks for a path to a peer that never answers.
struct Seeker {
    engine::Config config;
    testing::MemoryStore store;
    test::SeededEntropy entropy{1};
    Silent trace;
    engine::Context context{config, store, entropy, trace, {}, {}, 0, 0};
    engine::PeerSessions sessions{context};
    DeviceId peer;
    Moment now{Instant(seconds(1000)), 0};

    Seeker()
    {
        peer.bytes.fill(2);
        engine::PeerSessions::Means means;
        means.own.bytes.fill(1);
        means.device_seed = Bytes(32, 1);
        means.turn_servers.resize(1);
        means.turn_servers[0].host = "turn.example.org";
        sessions.set_means(std::move(means));
    }
    /// What the attempt that begins now is told.
    engine::OpenPath seek()
    {
        context.effects.clear();
        sessions.forgive(peer);
        sessions.seek(peer, now);
        REQUIRE(context.effects.size() == 1);
        const auto* open = std::get_if<engine::OpenPath>(&context.effects.front());
        REQUIRE(open != nullptr);
        return *open;
    }
    void fails(const engine::OpenPath& open, Duration after)
    {
        now.mono += after;
        sessions.link_down(open.link, {ErrorCode::timed_out, {}, 0}, now);
    }
};

} // namespace

TEST_CASE("in another network: what is offered while the relay is away is offered again as soon as it is back")
{
    Seeker seeker;
    const auto first = seeker.seek();
    PublicKey key;
    key.bytes = seeker.peer.bytes;
    REQUIRE(seeker.sessions.link_up(first.link, key, Path::direct, "", seeker.now).has_value());
    const auto opened = [&] {
        std::optional<engine::LinkId> out;
        for (const auto& effect : std::exchange(seeker.context.effects, {}))
            if (const auto* open = std::get_if<engine::OpenPath>(&effect)) out = open->link;
        return out;
    };
    static_cast<void>(opened());
    seeker.sessions.network_changed(seeker.now);
    const auto lost = opened(); // its offer goes down with the relay's old session
    REQUIRE(lost);
    seeker.now.mono += milliseconds(10);
    seeker.sessions.relay_came_back(seeker.now);
    const auto again = opened();
    REQUIRE(again);
    CHECK(*again != *lost);
    // Nothing was under way: nothing begins.
    REQUIRE(seeker.sessions.link_up(*again, key, Path::direct, "", seeker.now).has_value());
    seeker.sessions.relay_came_back(seeker.now);
    CHECK_FALSE(opened());
}

TEST_CASE("a TURN server that gives no address is left out for a minute, where a direct path may do without it")
{
    Seeker seeker;
    const auto first = seeker.seek();
    CHECK(first.allow_turn);
    CHECK(first.turn_servers.size() == 1);
    seeker.fails(first, seconds(5));

    const auto second = seeker.seek();
    CHECK_FALSE(second.allow_turn);
    CHECK(second.turn_servers.empty());
    CHECK(second.allow_direct);
    seeker.fails(second, seconds(5)); // it was given none: that says nothing about the server

    seeker.now.mono += seconds(54);
    CHECK_FALSE(seeker.seek().allow_turn);
    seeker.sessions.close_all();
    seeker.now.mono += seconds(2);
    CHECK(seeker.seek().allow_turn);
}

TEST_CASE("a TURN server is not dead that gave an address, or had no time to")
{
    Seeker seeker;
    const auto first = seeker.seek();
    seeker.sessions.local_candidate(first.link,
                                    "candidate:1 1 UDP 1 198.51.100.10 4000 typ relay raddr 0.0.0.0 rport 0");
    seeker.fails(first, seconds(5));
    const auto second = seeker.seek();
    CHECK(second.allow_turn);
    seeker.fails(second, milliseconds(1499));
    CHECK(seeker.seek().allow_turn);
}

TEST_CASE("a dead TURN server is asked again at once when nothing goes without it, or in another network")
{
    Seeker seeker;
    seeker.fails(seeker.seek(), seconds(5));
    SUBCASE("policy forbids to show an address")
    {
        seeker.sessions.set_policy(PathPolicy::relay_only);
    }
    SUBCASE("the network changed")
    {
        seeker.sessions.network_changed(seeker.now);
    }
    CHECK(seeker.seek().allow_turn);
}

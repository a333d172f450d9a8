// SPDX-License-Identifier: Apache-2.0
#include "lib/route/choice.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::route;
using std::chrono::seconds;

namespace {

constexpr Instant at(int s)
{
    return Instant(seconds(s));
}

Way way(Path path, Health health = Health::up, std::uint64_t born = 1)
{
    return {path, health, 7 + born, born};
}

const char* health_name(Health health)
{
    return health == Health::up ? "up" : health == Health::suspect ? "suspect" : "dead";
}

} // namespace

TEST_CASE("better: the debate between two ways")
{
    struct Row {
        const char* argument;
        PathPolicy policy;
        Way winner;
        Way loser;
    };
    const auto first = PathPolicy::direct_first;
    const Row debate[] = {
        {"direct beats turned: nobody in between", first, way(Path::direct), way(Path::turned)},
        {"turned beats the mailbox: it is live", first, way(Path::turned), way(Path::mailbox)},
        {"direct beats the mailbox", first, way(Path::direct), way(Path::mailbox)},
        {"a suspect direct path is slow, not gone: content does not run to a relay for that", first,
         way(Path::direct, Health::suspect), way(Path::turned)},
        {"nor to the mailbox", first, way(Path::direct, Health::suspect), way(Path::mailbox)},
        {"but a dead one is gone", first, way(Path::mailbox), way(Path::direct, Health::dead)},
        {"of two direct ways the healthy one", first, way(Path::direct, Health::up, 1),
         way(Path::direct, Health::suspect, 2)},
        {"of two healthy ones the newer: its proof of life is fresher", first, way(Path::direct, Health::up, 2),
         way(Path::direct, Health::up, 1)},
        {"direct_only: turned is no way at all", PathPolicy::direct_only, way(Path::direct, Health::suspect),
         way(Path::turned)},
        {"relay_only: direct is no way at all, it shows my address", PathPolicy::relay_only, way(Path::mailbox),
         way(Path::direct)},
        {"relay_only: turned beats the mailbox", PathPolicy::relay_only, way(Path::turned), way(Path::mailbox)},
    };
    for (const auto& row : debate) {
        CAPTURE(row.argument);
        CHECK(better(row.winner, row.loser, row.policy));
        CHECK_FALSE(better(row.loser, row.winner, row.policy));
    }
}

TEST_CASE("better is a strict weak order over every pair and triple")
{
    std::vector<Way> all;
    for (auto path : {Path::direct, Path::turned, Path::mailbox})
        for (auto health : {Health::up, Health::suspect, Health::dead})
            for (std::uint64_t born : {1u, 2u})
                all.push_back(way(path, health, born));
    for (auto policy : {PathPolicy::direct_first, PathPolicy::direct_only, PathPolicy::relay_only, PathPolicy::race})
        for (const auto& a : all) {
            CAPTURE(path_name(a.path));
            CAPTURE(health_name(a.health));
            CHECK_FALSE(better(a, a, policy));
            for (const auto& b : all) {
                CHECK_FALSE((better(a, b, policy) && better(b, a, policy)));
                for (const auto& c : all)
                    if (better(a, b, policy) && better(b, c, policy)) CHECK(better(a, c, policy));
            }
        }
}

TEST_CASE("choose: the debate about content that wants to leave now")
{
    struct Row {
        const char* story;
        PathPolicy policy;
        std::vector<Way> ways;
        bool relay_ready;
        bool online;
        Instant patience_until;
        const char* trouble;
        std::vector<Path> want;
        const char* reason;
        bool seeks;
    };
    const auto first = PathPolicy::direct_first;
    const auto now = at(100);
    const Row debate[] = {
        {"the good day", first, {way(Path::direct)}, true, true, never, "", {Path::direct}, "direct path open", false},
        {"the relay is gone, the direct path is not",
         first,
         {way(Path::direct)},
         false,
         false,
         never,
         "",
         {Path::direct},
         "direct path open",
         false},
        {"peer online, nothing tried: wait for a direct path, and look for one",
         first,
         {},
         true,
         true,
         never,
         "",
         {},
         "waiting for a direct path",
         true},
        {"still within the two seconds", first, {}, true, true, at(101), "", {}, "waiting for a direct path", true},
        {"patience is over: mailbox, and go on looking",
         first,
         {},
         true,
         true,
         at(100),
         "no direct path after 2.0 s: NAT did not open",
         {Path::mailbox},
         "no direct path after 2.0 s: NAT did not open",
         true},
        {"the direct path died under us: no new wait",
         first,
         {},
         true,
         true,
         at(99),
         "direct path silent for 2.5 s",
         {Path::mailbox},
         "direct path silent for 2.5 s",
         true},
        {"peer offline: mailbox at once, nothing to look for",
         first,
         {},
         true,
         false,
         never,
         "",
         {Path::mailbox},
         "peer offline",
         false},
        {"turned while direct is being sought",
         first,
         {way(Path::turned)},
         true,
         true,
         never,
         "no direct path after 2.0 s: NAT did not open",
         {Path::turned},
         "TURN path open; no direct path after 2.0 s: NAT did not open",
         true},
        {"a dead link is no link",
         first,
         {way(Path::direct, Health::dead)},
         true,
         true,
         at(99),
         "",
         {Path::mailbox},
         "no direct path",
         true},
        {"a suspect link is a link",
         first,
         {way(Path::direct, Health::suspect)},
         true,
         true,
         at(99),
         "",
         {Path::direct},
         "direct path open",
         false},
        {"no relay, no link: wait", first, {}, false, true, never, "", {}, "not connected to the relay", false},

        {"direct_only waits for ever",
         PathPolicy::direct_only,
         {},
         true,
         true,
         at(1),
         "NAT did not open",
         {},
         "waiting for a direct path (policy direct_only): NAT did not open",
         true},
        {"direct_only and offline",
         PathPolicy::direct_only,
         {},
         true,
         false,
         never,
         "",
         {},
         "waiting for the peer to come online (policy direct_only)",
         false},
        {"direct_only does not take the turned way",
         PathPolicy::direct_only,
         {way(Path::turned)},
         true,
         true,
         never,
         "",
         {},
         "waiting for a direct path (policy direct_only)",
         true},

        {"relay_only: mailbox at once",
         PathPolicy::relay_only,
         {},
         true,
         true,
         never,
         "",
         {Path::mailbox},
         "policy relay_only",
         true},
        {"relay_only: turned when live",
         PathPolicy::relay_only,
         {way(Path::turned)},
         true,
         true,
         never,
         "",
         {Path::turned},
         "TURN path open",
         false},
        {"relay_only does not take the direct way",
         PathPolicy::relay_only,
         {way(Path::direct)},
         true,
         true,
         never,
         "",
         {Path::mailbox},
         "policy relay_only",
         false},

        {"race: everything at once, best first",
         PathPolicy::race,
         {way(Path::turned), way(Path::direct)},
         true,
         true,
         never,
         "",
         {Path::direct, Path::turned, Path::mailbox},
         "race: every live path at once",
         false},
        {"race does not wait",
         PathPolicy::race,
         {},
         true,
         true,
         never,
         "",
         {Path::mailbox},
         "race: every live path at once",
         true},
    };
    for (const auto& row : debate) {
        CAPTURE(row.story);
        Situation situation{row.policy, row.ways, row.relay_ready, row.online, true, row.patience_until, row.trouble};
        const auto choice = choose(situation, now);
        std::vector<Path> got;
        for (const auto& w : choice.ways)
            got.push_back(w.path);
        CHECK(got == row.want);
        CHECK(choice.reason == row.reason);
        CHECK(choice.seek_direct == row.seeks);
    }
}

TEST_CASE("relay_only without TURN servers looks for nothing: there is nothing that hides the address")
{
    Situation situation;
    situation.policy = PathPolicy::relay_only;
    situation.relay_ready = situation.peer_online = true;
    CHECK_FALSE(choose(situation, at(1)).seek_direct);
}

TEST_CASE("seconds_text")
{
    CHECK(seconds_text(std::chrono::milliseconds(2500)) == "2.5 s");
    CHECK(seconds_text(seconds(0)) == "0.0 s");
}

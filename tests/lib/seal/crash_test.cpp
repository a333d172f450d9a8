// SPDX-License-Identifier: Apache-2.0
// The process dies, the disk refuses: at every point. What was stored is what happened; no generation is used twice;
// what comes again is taken again.
#include "tests/lib/seal/four.hpp"
#include "tests/lib/seal/insider.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>

using namespace godwit;
using namespace godwit::test;
using seal::Groups;
using CommitVerdict = seal::CommitOutcome::Verdict;
using Verdict = seal::Opened::Verdict;

namespace {

/// Runs `body` in a tick whose n-th write fails, for n = 1, 2, … until none does; each time the device starts anew, as
/// if nothing had been. Returns how many points of failure there were.
int at_every_write(Member& member, const std::function<bool(Groups&)>& body)
{
    for (std::uint64_t n = 1;; ++n) {
        REQUIRE(n < 100);
        member.store.fail_at(n);
        member.store.begin();
        const bool done = body(*member.groups);
        member.groups->flush();
        const bool stored = member.store.commit().ok();
        member.store.fail_at(0);
        if (stored) {
            CHECK(done);
            return static_cast<int>(n) - 1;
        }
        member.crash();
    }
}

} // namespace

TEST_CASE("crash: the disk refuses at every write of every journey; redelivery is taken, sends go on")
{
    Four f;
    std::map<std::string, int> points;
    std::vector<DeviceId> bad;

    SUBCASE("a commit of somebody else")
    {
        const auto made = f.change(f.ann1);
        points["commit"] = at_every_write(f.bob1, [&](Groups& g) {
            return g.commit(made.id, f.ann1.id, made.commit, start_ms).verdict == CommitVerdict::applied;
        });
        f.bob1.crash();
        CHECK(f.commit(f.bob1, f.ann1, made).verdict == CommitVerdict::known);
        for (Member* member : {&f.ann2, &f.bob2})
            CHECK(f.commit(*member, f.ann1, made).verdict == CommitVerdict::applied);
        f.accepted(f.ann1);
    }
    SUBCASE("our own is prepared, accepted")
    {
        std::optional<seal::Outgoing> made;
        points["change"] = at_every_write(f.ann1, [&](Groups& g) {
            auto out = g.change(f.circle, {}, bad, start_ms);
            if (out.ok()) made = *out;
            return out.ok();
        });
        f.ann1.crash();
        REQUIRE(f.ann1.groups->pending().size() == 1);
        CHECK(f.ann1.groups->pending()[0].commit == made->commit);
        for (Member* member : {&f.ann2, &f.bob1, &f.bob2})
            CHECK(f.commit(*member, f.ann1, *made).verdict == CommitVerdict::applied);
        points["accepted"] =
            at_every_write(f.ann1, [&](Groups& g) { return g.accepted(f.conversation, start_ms).ok(); });
        f.ann1.crash();
        CHECK(f.ann1.groups->pending().empty());
    }
    SUBCASE("our own is refused, and overtaken")
    {
        const auto lost = f.change(f.ann1);
        points["refused"] = at_every_write(f.ann1, [&](Groups& g) {
            const bool had = g.is_pending(f.conversation);
            g.refused(f.conversation);
            return had;
        });
        f.ann1.crash();
        CHECK(f.ann1.groups->pending().empty());
        static_cast<void>(f.change(f.ann1));
        const auto made = f.change(f.bob2);
        points["overtaken"] = at_every_write(f.ann1, [&](Groups& g) {
            return g.commit(made.id, f.bob2.id, made.commit, start_ms).verdict == CommitVerdict::applied;
        });
        f.ann1.crash();
        CHECK(f.ann1.groups->pending().empty());
        for (Member* member : {&f.ann2, &f.bob1})
            CHECK(f.commit(*member, f.bob2, made).verdict == CommitVerdict::applied);
        f.accepted(f.bob2);
    }
    SUBCASE("a Welcome")
    {
        Member& bob3 = f.world.device("bob", "bob3");
        const auto made = f.change(f.ann1, f.world.packages({&bob3}));
        points["welcome"] = at_every_write(bob3, [&](Groups& g) { return g.welcome(made.welcome, start_ms).ok(); });
        bob3.crash();
        CHECK(bob3.groups->version(f.conversation).has_value());
        for (Member* member : {&f.ann2, &f.bob1, &f.bob2})
            CHECK(f.commit(*member, f.ann1, made).verdict == CommitVerdict::applied);
        f.accepted(f.ann1);
        f.all.push_back(&bob3);
    }
    SUBCASE("joining from outside, accepted")
    {
        std::optional<seal::Outgoing> made;
        points["rejoin"] = at_every_write(f.bob2, [&](Groups& g) {
            auto out = g.rejoin(f.circle, f.world.group_info, f.world.at_relay, start_ms);
            if (out.ok()) made = *out;
            return out.ok();
        });
        for (Member* member : {&f.ann1, &f.ann2, &f.bob1})
            CHECK(f.commit(*member, f.bob2, *made).verdict == CommitVerdict::applied);
        points["rejoined"] =
            at_every_write(f.bob2, [&](Groups& g) { return g.accepted(f.conversation, start_ms).ok(); });
    }
    SUBCASE("a new incarnation is created, accepted")
    {
        const auto packages = f.world.packages({&f.ann1, &f.ann2, &f.bob1});
        std::optional<seal::Outgoing> made;
        points["create"] = at_every_write(f.bob2, [&](Groups& g) {
            auto out = g.create(f.circle, 2, packages, bad, start_ms);
            if (out.ok()) made = *out;
            return out.ok();
        });
        points["created"] =
            at_every_write(f.bob2, [&](Groups& g) { return g.accepted(f.conversation, start_ms).ok(); });
        for (Member* member : {&f.ann1, &f.ann2, &f.bob1})
            points["welcome"] =
                at_every_write(*member, [&](Groups& g) { return g.welcome(made->welcome, start_ms).ok(); });
    }
    SUBCASE("sealing and opening")
    {
        std::optional<seal::Sealed> sealed;
        points["seal"] = at_every_write(f.ann1, [&](Groups& g) {
            auto out = g.seal(f.circle, seal::Purpose::content, message_id(1), as_bytes("once"));
            if (out.ok()) sealed = *out;
            return out.ok();
        });
        points["open"] = at_every_write(f.bob1, [&](Groups& g) {
            return g.open(seal::Purpose::content, message_id(1), f.ann1.id, sealed->bytes).verdict == Verdict::opened;
        });
        f.bob1.crash();
        CHECK(f.open(f.bob1, f.ann1, message_id(1), sealed->bytes).verdict == Verdict::repeated);
    }
    SUBCASE("abandoned")
    {
        points["abandon"] = at_every_write(f.ann1, [&](Groups& g) {
            const bool had = g.version(f.conversation).has_value();
            g.abandon(f.conversation);
            return had;
        });
        f.ann1.crash();
        CHECK_FALSE(f.ann1.groups->version(f.conversation).has_value());
        f.world.accept(f.bob1, f.found(f.bob1, 2));
    }
    for (const auto& [journey, count] : points) {
        std::printf("crash: %s failed at %d points\n", journey.c_str(), count);
        CHECK(count >= 2); // A write and the commit, at least.
    }
    f.everybody_talks();
}

TEST_CASE("crash: what dies before the commit was never there, what dies after it is")
{
    Four f;
    f.ann1.store.begin();
    const auto lost = f.ann1.groups->seal(f.circle, seal::Purpose::content, message_id(1), as_bytes("never left"));
    f.ann1.groups->flush();
    f.ann1.crash();
    // The same generation again, but the first one nobody has seen.
    const auto sent = f.seal(f.ann1, message_id(2), "left");
    const auto group = group_of(f.bob1, f.conversation);
    CHECK(generation_of(group, lost->bytes) == generation_of(group, sent.bytes));
    f.ann1.crash();
    const auto next = f.seal(f.ann1, message_id(3), "left too");
    CHECK(generation_of(group, sent.bytes) != generation_of(group, next.bytes));
    CHECK(f.open(f.bob1, f.ann1, message_id(2), sent.bytes).verdict == Verdict::opened);
    CHECK(f.open(f.bob1, f.ann1, message_id(3), next.bytes).verdict == Verdict::opened);
}

TEST_CASE("crash: a commit's own generation is stored with it, whoever forgets to flush")
{
    Four f;
    std::vector<DeviceId> bad;
    f.ann1.store.begin();
    const auto first = f.ann1.groups->change(f.circle, {}, bad, start_ms);
    REQUIRE(f.ann1.store.commit().ok()); // No flush.
    f.ann1.crash();
    f.ann1.tick([&](Groups& g) {
        g.refused(f.conversation);
        return 0;
    });
    const auto second = f.change(f.ann1);
    const auto group = group_of(f.bob1, f.conversation);
    CHECK(generation_of(group, first->commit) != generation_of(group, second.commit));
}

// Everything at random, with crashes in between; every ciphertext that left names a key that no other one names.
TEST_CASE("crash: a random walk never uses a generation twice")
{
    const char* given = std::getenv("GODWIT_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261125;
    const char* steps_given = std::getenv("GODWIT_WALK_STEPS");
    const int steps = steps_given != nullptr ? std::atoi(steps_given) : 600;
    std::printf("crash walk: GODWIT_SEED=%llu, %d steps\n", static_cast<unsigned long long>(seed), steps);
    CAPTURE(seed);
    SeededEntropy dice(seed);
    const auto roll = [&](std::uint64_t sides) { return dice.next_u64() % sides; };
    Four f(seed);
    using Key = std::tuple<std::uint64_t, std::uint32_t, int, std::uint32_t>;
    std::map<Key, Bytes> left; // Of one incarnation.
    const auto leaves = [&](const Key& key, const Bytes& bytes) {
        const auto [at, fresh] = left.emplace(key, bytes);
        CHECK_MESSAGE((fresh || at->second == bytes), "epoch " << std::get<0>(key) << " leaf " << std::get<1>(key)
                                                               << " generation " << std::get<3>(key));
    };
    std::optional<seal::Outgoing> in_flight;
    Member* committer = nullptr;
    int crashes = 0, commits = 0, messages = 0;
    for (int step = 0; step < steps; ++step) {
        Member& one = *f.all[roll(f.all.size())];
        const auto view = group_of(one, f.conversation); // Before the tick: the epoch that it speaks in.
        const bool dies = roll(4) == 0;
        one.store.begin();
        std::vector<Bytes> out;
        if (const auto what = roll(8); what < 5) {
            for (std::uint64_t i = 0; i <= roll(3); ++i) {
                auto sealed = one.groups->seal(f.circle, seal::Purpose::content, message_id(dice.next_u64()), Bytes(5));
                REQUIRE(sealed.ok());
                out.push_back(sealed->bytes);
                ++messages;
            }
        } else if (!in_flight && what < 7) {
            std::vector<DeviceId> bad;
            auto made = one.groups->change(f.circle, {}, bad, start_ms);
            if (made.ok()) {
                out.push_back(made->commit);
                if (!dies) {
                    in_flight = *made;
                    committer = &one;
                }
            }
        }
        if (dies) {
            ++crashes;
            if (roll(2) == 0) one.groups->flush();
            one.crash();
        } else {
            one.groups->flush();
            REQUIRE(one.store.commit().ok());
            for (const Bytes& bytes : out)
                leaves(generation_of(view, bytes), bytes);
            if (roll(5) == 0) one.crash();
        }
        if (in_flight && roll(6) == 0) {
            if (roll(3) == 0) {
                committer->tick([&](Groups& g) {
                    g.refused(f.conversation);
                    return 0;
                });
            } else {
                f.world.accept(*committer, *in_flight);
                ++commits;
            }
            in_flight.reset();
        }
    }
    std::printf("crash walk: %d messages, %d commits, %d crashes, %zu keys\n", messages, commits, crashes, left.size());
    CHECK(crashes > 0);
    CHECK(commits > 0);
    if (in_flight) f.world.accept(*committer, *in_flight);
    f.everybody_talks();
}

// SPDX-License-Identifier: Apache-2.0
// Stories of many who come in by a link, and are away: docs/adr/0069-applicants-are-gathered.md.
#include "tests/lib/engine/group_story.hpp"

#include "lib/engine/gathering.hpp"
#include "lib/seal/groups.hpp"
#include "relay/core/groups.hpp"

#include <array>

using namespace godwit;
using namespace godwit::testing;
using What = event::GroupChanged::What;

// The relay takes back no more than members follow back, and they follow no further than it takes back.
static_assert(seal::taken_back_max == relay::open_commits_max + relay::open_of_owner_more);

namespace {

/// Alice, and the group of whose link everybody knows.
struct Market {
    World world;
    Client& alice;
    ConversationId group;
    std::string link;

    explicit Market(std::uint64_t seed, relay::Config config = {}) : world(seed, config), alice(enroll("alice"))
    {
        group = std::get<ConversationId>(
            ask(alice, request::GroupCreate{ConversationKind::group, "market", {}, "", Role::admin, JoinRule::link})
                .value);
        link = std::get<std::string>(ask(alice, request::GroupLink{group}).value);
        world.run_for(seconds(5));
    }
    Client& enroll(const std::string& name)
    {
        auto& out = world.client(name);
        out.start();
        const auto answer = out.wait(out.enter(true));
        REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
        REQUIRE(world.run_until([&] { return out.status().connected; }));
        return out;
    }
    static event::Reply ask(Client& who, Request what) { return who.wait(who.ask(std::move(what))); }
    Client& ask_in(const std::string& name)
    {
        auto& out = enroll(name);
        const auto reply = ask(out, request::GroupJoin{link});
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        return out;
    }
    /// Three come in, stay until all have seen that, and go away.
    void three_come_and_go()
    {
        const std::array names{"bob", "carol", "dave"};
        for (const auto* name : names)
            ask_in(name);
        REQUIRE(world.run_until([&] { return members() == 4; }, minutes(1)));
        world.run_for(seconds(10));
        for (const auto* name : names)
            world.client(name).crash();
    }
    std::size_t members() { return std::get<GroupInfo>(ask(alice, request::GroupAbout{group}).value).members.size(); }
    std::uint64_t commits() { return world.relay_counters().group_commits; }
    /// Those that only the owner sees, until the relay does not want more.
    event::Reply fill()
    {
        for (int n = 0;; ++n) {
            request::GroupSet set{group};
            set.name = "market " + std::to_string(n);
            auto reply = ask(alice, set);
            if (reply.error.code != ErrorCode::ok) return reply;
        }
    }
};

engine::TakeIn who(int n)
{
    return {{}, "p" + std::to_string(n), {}, n};
}

} // namespace

TEST_CASE("gathering: few come in at once; of many, a commit takes in all who fit one, or it waits a little for others")
{
    engine::Gathering crowd;
    Instant now{std::chrono::hours(1)};
    const auto take = [&] {
        const auto count = std::min(crowd.most(), crowd.waiting().size());
        crowd.begin(count);
        std::size_t n = 0;
        crowd.forget([&](const engine::TakeIn&) { return n++ < count; });
        crowd.accepted(now);
    };
    int name = 0;
    for (std::size_t n = 0; n < engine::gathered_at_once; ++n) {
        REQUIRE(crowd.add(who(++name)));
        CHECK(crowd.due(now) <= now);
        take();
    }
    REQUIRE(crowd.add(who(++name)));
    CHECK_FALSE(crowd.add(who(name))); // Known.
    CHECK(crowd.due(now) == now + seconds(1));
    for (std::size_t n = 1; n < engine::taken_in_at_once_max; ++n)
        REQUIRE(crowd.add(who(++name)));
    CHECK(crowd.due(now) <= now);
    take();
    CHECK(crowd.empty());
    for (int n = 0; n < 10; ++n) {
        REQUIRE(crowd.add(who(++name)));
        now = std::max(now, crowd.due(now));
        take();
    }
    REQUIRE(crowd.add(who(++name)));
    CHECK(crowd.due(now) == now + engine::gathering_max);
    now += engine::gathered_window;
    CHECK(crowd.due(now) <= now);
    SUBCASE("while the relay holds commits nobody's is due")
    {
        crowd.begin(1);
        crowd.held(now + minutes(1));
        for (std::size_t n = 1; n < engine::gathered_max; ++n)
            REQUIRE(crowd.add(who(++name)));
        CHECK_FALSE(crowd.add(who(++name))); // So many wait, and no more.
        CHECK(crowd.due(now) == now + minutes(1));
        CHECK_FALSE(crowd.is_under_way());
    }
    SUBCASE("one who cannot come in keeps nobody else out")
    {
        for (int n = 1; n < 8; ++n)
            REQUIRE(crowd.add(who(++name)));
        for (const std::size_t count : {8U, 4U, 2U}) {
            crowd.begin(count);
            CHECK_FALSE(crowd.refused());
            CHECK(crowd.waiting().size() == 8);
            CHECK(crowd.most() == count / 2);
        }
        crowd.begin(1);
        CHECK(crowd.refused());
        CHECK(crowd.waiting().size() == 7);
        take();
        CHECK(crowd.most() == 2);
    }
}

TEST_CASE("a crowd asks by the link and most of them are away: all are in within minutes, by a few commits")
{
    Market m(761);
    constexpr std::size_t all = 140, awake = 5;
    const auto before = m.commits();
    for (std::size_t n = 1; n < all; ++n) {
        auto& one = m.ask_in("p" + std::to_string(n));
        if (n >= awake) one.crash();
    }
    CHECK(m.world.run_until([&] { return m.members() == all; }, minutes(3)));
    CHECK(m.commits() - before <= 20);
    CHECK(m.world.relay_counters().group_commits_held == 0);
    // Who was away has come in by that.
    auto& last = m.world.client("p139");
    last.start();
    CHECK(m.world.run_until([&] { return told(last, What::joined) == 1; }, minutes(1)));
    request::Send send;
    send.conversation = m.group;
    send.text = "all here";
    CHECK(m.ask(m.alice, send).error.code == ErrorCode::ok);
    CHECK(m.world.run_until([&] { return !last.heard.received.empty(); }, minutes(1)));
}

TEST_CASE(
    "who was let into a large group, and slept through more commits than trees are kept of, has all that was said")
{
    relay::Config config;
    config.limits.group_trees_kept = 2;
    Market m(766, config);
    constexpr std::size_t all = 240; // Their tree does not fit beside a Welcome.
    for (std::size_t n = 1; n < all; ++n) {
        m.ask_in("p" + std::to_string(n)).crash();
        if (n % 100 == 0) REQUIRE(m.world.run_until([&] { return m.members() == n + 1; }, minutes(3)));
    }
    REQUIRE(m.world.run_until([&] { return m.members() == all; }, minutes(3)));
    REQUIRE(m.world.relay_counters().group_trees_stored > 0);
    const auto trees_before = m.world.relay_counters().group_trees_stored;
    for (int n = 0; n < 6; ++n) {
        request::Send send;
        send.conversation = m.group;
        send.text = "message " + std::to_string(n);
        REQUIRE(m.ask(m.alice, send).error.code == ErrorCode::ok);
        request::GroupSet set{m.group};
        set.name = "market " + std::to_string(n);
        REQUIRE(m.ask(m.alice, set).error.code == ErrorCode::ok);
    }
    CHECK(m.world.relay_counters().group_trees_stored == trees_before + 6);
    auto& last = m.world.client("p239");
    last.start();
    CHECK(m.world.run_until([&] { return last.heard.received.size() == 6; }, minutes(5)));
    CHECK(m.world.relay_counters().group_trees_let_go == 0);
}

TEST_CASE("while the relay holds commits: who asks for one is told so, and applicants are gathered for the next")
{
    Market m(762);
    m.three_come_and_go();
    const auto reply = m.fill();
    CHECK(reply.error.code == ErrorCode::rate_limited);
    CHECK(reply.error.retry_after_ms >= 30'000);
    CHECK(m.ask(m.alice, request::GroupRemove{m.group, {"bob"}}).error.code == ErrorCode::rate_limited);
    for (int n = 0; n < 20; ++n)
        m.ask_in("p" + std::to_string(n)).crash();
    m.world.run_for(minutes(10));
    CHECK(m.members() == 4);
    const auto before = m.commits();
    // Her own, that nobody has refused.
    CHECK(m.world.run_until([&] { return m.members() == 24; }, minutes(60)));
    CHECK(m.commits() - before == 1);
    CHECK(m.ask(m.alice, request::GroupRemove{m.group, {"bob"}}).error.code == ErrorCode::ok);
}

TEST_CASE("who comes in by the link keeps the owner from nothing")
{
    Market m(763);
    m.three_come_and_go();
    // One by one, as fast as one commit is made for each.
    for (int n = 0; n < 45 && m.world.relay_counters().group_commits_held == 0; ++n) {
        m.ask_in("p" + std::to_string(n)).crash();
        m.world.run_for(seconds(35));
    }
    CHECK(m.world.relay_counters().group_commits_held > 0);
    m.ask_in("late").crash();
    const auto since = m.world.now();
    CHECK(m.ask(m.alice, request::GroupRemove{m.group, {"bob"}}).error.code == ErrorCode::ok);
    CHECK(m.world.now() - since < seconds(5));
    // Those who waited knew the link that bob knows. Whoever has the new one comes in when the oldest stands.
    m.link = std::get<std::string>(m.ask(m.alice, request::GroupLink{m.group}).value);
    const auto in = m.members();
    m.ask_in("later").crash();
    CHECK(m.world.run_until([&] { return m.members() == in + 1; }, minutes(60)));
}

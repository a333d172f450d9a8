// SPDX-License-Identifier: Apache-2.0
// What is given up when there is too much to do, in which order, and how it comes back.
#include "tests/relay/rig.hpp"

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

constexpr Shed levels[] = {Shed::nothing, Shed::strangers, Shed::logins,  Shed::presence,
                           Shed::turn,    Shed::media,     Shed::messages};

Strain strain(std::uint32_t per_mille)
{
    return {per_mille, 1000, 0, 0, {}, {}};
}

Strain just(Shed level)
{
    return strain(begins_at(level));
}

/// The relay_unavailable that says when to come back: 10 to 20 seconds.
void is_overload(const Error& why)
{
    CHECK(why.code == ErrorCode::relay_unavailable);
    CHECK(why.retry_after_ms >= 10'000);
    CHECK(why.retry_after_ms <= 20'000);
}

} // namespace

TEST_CASE("strain: the worst of memory, queues and ticks; what may be nothing is not watched")
{
    CHECK(Strain{}.per_mille() == 0);
    CHECK(Strain{5, 0, 5, 0, Duration(5), {}}.per_mille() == 0);
    CHECK(Strain{500, 1000, 0, 1000, {}, Duration(100)}.per_mille() == 500);
    CHECK(Strain{500, 1000, 600, 1000, {}, Duration(100)}.per_mille() == 600);
    CHECK(Strain{500, 1000, 600, 1000, Duration(70), Duration(100)}.per_mille() == 700);
    CHECK(Strain{~std::uint64_t{0}, 1, 0, 0, {}, {}}.per_mille() == 1'000'000);
}

TEST_CASE("each level begins at its figure and not one thousandth before; the order is the document's")
{
    std::uint32_t last = 0;
    for (const auto level : levels) {
        if (level == Shed::nothing) continue;
        CAPTURE(name_of(level));
        CHECK(begins_at(level) > last);
        last = begins_at(level);
        Shedding before, at;
        before.measure(strain(begins_at(level) - 1), Instant{});
        CHECK_FALSE(before.gives_up(level));
        CHECK(at.measure(just(level), Instant{}));
        CHECK(at.level() == level);
        for (const auto other : levels)
            CHECK(at.gives_up(other) == (other != Shed::nothing && other <= level));
    }
    CHECK(last < 1000);
}

TEST_CASE("it climbs at once, and comes down one level at a time when all has been calm for a while")
{
    Shedding shedding;
    Instant now{};
    CHECK(shedding.measure(just(Shed::messages), now));
    CHECK_FALSE(shedding.measure(just(Shed::messages), now));
    // One thousandth too little slack never counts as calm.
    for (int i = 0; i < 100; ++i)
        CHECK_FALSE(shedding.measure(strain(begins_at(Shed::messages) - shed_slack_per_mille + 1),
                                     now += std::chrono::seconds(1)));
    // Just enough of it, for just long enough.
    const auto calm = strain(begins_at(Shed::messages) - shed_slack_per_mille);
    CHECK_FALSE(shedding.measure(calm, now));
    CHECK_FALSE(shedding.measure(calm, now + shed_calm_time - Duration(1)));
    CHECK(shedding.measure(calm, now += shed_calm_time));
    CHECK(shedding.level() == Shed::media);
    // A breath in between, and the clock begins anew.
    CHECK_FALSE(shedding.measure(strain(0), now + Duration(1)));
    CHECK_FALSE(shedding.measure(strain(begins_at(Shed::media)), now + shed_calm_time - Duration(1)));
    CHECK_FALSE(shedding.measure(strain(0), now += shed_calm_time));
    for (const auto expected : {Shed::turn, Shed::presence, Shed::logins, Shed::strangers, Shed::nothing}) {
        CHECK_FALSE(shedding.measure(strain(0), now + shed_calm_time - Duration(1)));
        CHECK(shedding.measure(strain(0), now += shed_calm_time));
        CHECK(shedding.level() == expected);
    }
    CHECK_FALSE(shedding.measure(strain(0), now += shed_calm_time));
}

TEST_CASE("waits differ: at least what was meant, at most twice that")
{
    SeededEntropy entropy;
    std::set<Duration> waits;
    for (int i = 0; i < 200; ++i) {
        const auto wait = jittered(std::chrono::seconds(10), entropy);
        CHECK(wait >= std::chrono::seconds(10));
        CHECK(wait <= std::chrono::seconds(20));
        waits.insert(wait);
        is_overload(overloaded(entropy));
    }
    CHECK(waits.size() > 190);
}

TEST_CASE("strangers: whom the relay does not know is turned away, whom it knows gets in")
{
    World world;
    Device ann(world, 1), bo(world, 2), cy(world, 3);
    ann.join("ann", 100);
    bo.connect();
    CHECK(bo.ask(frame::LinkWait{}).error.code == ErrorCode::ok);
    cy.connect();
    world.core->strained(just(Shed::strangers), world.now);
    (void)world.tick();
    // Those who are in the door too, whatever they wait for; who is in is not touched.
    for (auto* const one : {&bo, &cy}) {
        CHECK(one->is_closed());
        is_overload(one->take<frame::Goodbye>().at(0).what);
    }
    CHECK_FALSE(ann.is_closed());
    Device dee(world, 4);
    dee.link = world.next_link++;
    world.core->link_up(dee.link, {dee.id, "192.0.2.1:1", "192.0.2.1"}, world.now);
    (void)world.tick();
    CHECK(dee.is_closed());
    is_overload(dee.take<frame::Goodbye>().at(0).what);
    ann.drop();
    ann.connect();
    CHECK(ann.code(frame::Resume{}) == ErrorCode::ok);
    // A known device asks for nothing that a stranger asks for.
    ann.drop();
    ann.connect();
    is_overload(ann.ask(frame::Login{"ann", secret_of("ann")}).error);
    CHECK(ann.code(frame::Resume{}) == ErrorCode::ok);
    CHECK(world.core->counters().overload_refused == 4);
    CHECK(world.core->counters().shed_level == 1);
}

TEST_CASE("logins: nobody comes in, and who is in notices nothing")
{
    World world;
    Device ann(world, 1), bo(world, 2);
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    bo.drop();
    world.core->strained(just(Shed::logins), world.now);
    bo.link = world.next_link++;
    world.core->link_up(bo.link, {bo.id, "192.0.2.1:1", "192.0.2.1"}, world.now);
    (void)world.tick();
    CHECK(bo.is_closed());
    is_overload(bo.take<frame::Goodbye>().at(0).what);
    CHECK(ann.put(bo, 1) == ErrorCode::ok);
    world.core->strained(strain(0), world.now);
    world.core->strained(strain(0), {world.now.mono + shed_calm_time, world.now.wall_ms});
    bo.resume();
    CHECK(bo.take<frame::MailboxDeliver>().size() == 1);
}

TEST_CASE("presence is told later, and then as it then is, once")
{
    World world;
    Device ann(world, 1), bo(world, 2);
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    ann.forget_frames();
    const auto calm = [&](int times) {
        world.core->strained(strain(0), world.now);
        for (int i = 0; i < times; ++i) {
            world.now.mono += shed_calm_time;
            world.core->strained(strain(0), world.now);
        }
        (void)world.tick();
    };
    world.core->strained(just(Shed::presence), world.now);
    (void)world.tick();
    bo.drop();
    CHECK(ann.take<frame::Presence>().empty());
    calm(1);
    const auto gone = ann.take<frame::Presence>();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].online.empty());
    calm(1);
    CHECK(ann.take<frame::Presence>().empty()); // once
}

TEST_CASE("requests: which are refused from which level on, and what is served on the worst of days")
{
    using namespace frame;
    const std::pair<RequestBody, Shed> table[] = {
        {RegisterAccount{}, Shed::strangers},
        {Login{}, Shed::strangers},
        {AddDevice{}, Shed::strangers},
        {LinkWait{}, Shed::strangers},
        {LinkGrant{}, Shed::strangers},
        {Resume{}, Shed::logins},
        {BlobPut{}, Shed::media},
        {BlobQuery{}, Shed::media},
        {BlobGet{}, Shed::media},
        {DirectoryFetch{}, Shed::media},
        {ReportFile{}, Shed::messages},
        {MailboxPut{}, Shed::messages},
        {GroupPut{}, Shed::messages},
        {GroupCommit{}, Shed::messages},
        {GroupFetch{}, Shed::messages},
        {GroupTreePut{}, Shed::messages},
        {GroupTreeGet{}, Shed::messages},
        {GroupJoin{}, Shed::messages},
        {GroupJoinsFetch{}, Shed::messages},
        {GroupRosterFetch{}, Shed::messages},
        {KeyPackagePublish{}, Shed::messages},
        {KeyPackageFetch{}, Shed::messages},
        {ContactAdd{}, Shed::messages},
        {ContactAccept{}, Shed::messages},
        {ContactUnblock{}, Shed::messages},
        {Logout{}, Shed::nothing},
        {DevicesPut{}, Shed::nothing},
        {ContactBlock{}, Shed::nothing},
        {ContactRemove{}, Shed::nothing},
        {BlobDrop{}, Shed::nothing},
        {FetchSession{}, Shed::nothing},
        {Signal{}, Shed::nothing},
        {GroupReject{}, Shed::nothing},
        {GroupJoinRefuse{}, Shed::nothing},
    };
    CHECK(std::size(table) == std::variant_size_v<AnyRequestBody>);
    for (const auto& [body, level] : table) {
        CAPTURE(body.index());
        CHECK(given_up_at(body) == level);
    }
}

TEST_CASE(
    "messages last: one thousandth before that level they are stored; at it they are refused, and nothing is lost")
{
    World world;
    Device ann(world, 1), bo(world, 2);
    ann.join("ann", 100);
    bo.join("bo", 200);
    befriend(ann, "ann", bo, "bo");
    world.core->strained(strain(begins_at(Shed::messages) - 1), world.now);
    CHECK(ann.put(bo, 1) == ErrorCode::ok);
    world.core->strained(just(Shed::messages), world.now);
    const auto refused = ann.ask(frame::MailboxPut{{bo.id}, envelope(2)});
    is_overload(refused.error);
    // What frees something goes on, and so does what was said before.
    const auto mail = bo.take<frame::MailboxDeliver>();
    REQUIRE(mail.size() == 1);
    bo.acknowledge({mail[0].sequence});
    CHECK(world.core->counters().content_envelopes_acknowledged == 1);
    CHECK(ann.code(frame::ContactBlock{"bo"}) == ErrorCode::ok);
    CHECK(ann.ask(ann.leaving("ann", 100)).error.code == ErrorCode::ok);
}

TEST_CASE("requests of an account: its burst, one more is told to wait, and revoking needs no patience")
{
    Config config;
    config.limits.requests = {5, std::chrono::seconds(1)};
    World world(config);
    Device ann(world, 1), phone(world, 2);
    ann.join("ann", 100);
    phone.enter("ann", 100);
    world.advance(std::chrono::minutes(1));
    for (int i = 0; i < 5; ++i)
        CHECK((i % 2 == 0 ? ann : phone).code(frame::FetchSession{}) == ErrorCode::ok); // its devices count together
    const auto slowed = ann.ask(frame::FetchSession{});
    CHECK(slowed.error.code == ErrorCode::rate_limited);
    CHECK(slowed.error.retry_after_ms == 1'000);
    CHECK(phone.code(frame::FetchSession{}) == ErrorCode::rate_limited);
    CHECK(world.core->counters().requests_throttled == 2);
    CHECK(ann.code(ann.revoking("ann", 100, phone.id)) == ErrorCode::ok);
    CHECK(phone.is_closed());
    world.advance(std::chrono::seconds(1));
    CHECK(ann.code(frame::FetchSession{}) == ErrorCode::ok);
    CHECK(ann.code(frame::FetchSession{}) == ErrorCode::rate_limited);
}

TEST_CASE("frames of a session: its burst is heard, one more ends it, and the device may come back")
{
    Config config;
    config.limits.frames = {6, std::chrono::seconds(1)};
    World world(config);
    Device ann(world, 1);
    ann.join("ann", 100);
    const auto ping = [&] {
        world.give(ann.link, frame::Ping{7});
        (void)world.tick();
    };
    for (int i = 0; i < 6; ++i)
        ping();
    CHECK(ann.take<frame::Pong>().size() == 6);
    CHECK_FALSE(ann.is_closed());
    ping();
    CHECK(ann.is_closed());
    const auto why = ann.take<frame::Goodbye>().at(0).what;
    CHECK(why.code == ErrorCode::rate_limited);
    CHECK(why.retry_after_ms >= 10'000);
    CHECK(world.core->counters().members_closed == 1);
    ann.resume();
}

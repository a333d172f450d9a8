// SPDX-License-Identifier: Apache-2.0
// Stories of what the operator says: to all and to one, on several devices, and by a relay that turned evil.
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 at -O1 takes the alternatives of a variant that is moved for uninitialised.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "tests/lib/engine/evil_story.hpp"

#include "lib/identity/notice.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

constexpr WallMs hour_ms = 3600 * 1000;

NoticeId id_of(std::uint64_t number)
{
    NoticeId out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    out.bytes.back() = 0x11;
    return out;
}

/// The operator speaks, to these accounts; to all when there are none.
void say(World& world, std::uint64_t number, std::vector<std::string> users = {}, WallMs lifetime_ms = 24 * hour_ms)
{
    relay::NoticeDraft draft;
    draft.id = id_of(number);
    draft.to_all = users.empty();
    draft.users = std::move(users);
    draft.title = "notice " + std::to_string(number);
    draft.text = "It says so.\nTwice.";
    draft.link = "https://relay.example/" + std::to_string(number);
    draft.lifetime_ms = lifetime_ms;
    world.relay.input([&](relay::Core& core, Moment now) {
        const auto said = core.notices().send(draft, now);
        REQUIRE_MESSAGE(said.ok(), said.error().detail);
    });
}

void withdraw(World& world, std::uint64_t number)
{
    world.relay.input(
        [&](relay::Core& core, Moment now) { REQUIRE(core.notices().withdraw(id_of(number), now).ok()); });
}

std::uint64_t reached(World& world, std::uint64_t number)
{
    std::uint64_t out = 0;
    world.relay.input([&](relay::Core& core, Moment now) {
        const auto state = core.notices().state(id_of(number), now);
        REQUIRE(state.ok());
        out = state->reach.devices_reached;
    });
    return out;
}

event::Reply ask(Client& client, Request what)
{
    return client.wait(client.ask(std::move(what)));
}

std::vector<Notice> notices(Client& client, request::Notices what = {})
{
    auto reply = ask(client, what);
    REQUIRE(reply.error.code == ErrorCode::ok);
    return std::get<std::vector<Notice>>(reply.value);
}

Texts titles(Client& client, const request::Notices& what = {})
{
    Texts out;
    for (const auto& one : notices(client, what))
        out.push_back(one.title + (one.read ? "" : " (new)"));
    return out;
}

/// Titles of the events, in order.
Texts told_titles(const Client& client)
{
    Texts out;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<event::NoticeReceived>(&event)) out.push_back(one->notice.title);
    return out;
}

template <class E>
std::size_t count(const Client& client)
{
    return static_cast<std::size_t>(std::count_if(client.heard.others.begin(), client.heard.others.end(),
                                                  [](const Event& event) { return std::holds_alternative<E>(event); }));
}

/// One that this relay could have signed.
wire::OperatorNotice notice(World& world, std::uint64_t number, const PublicKey& account = {})
{
    wire::OperatorNotice out;
    out.id = id_of(number);
    out.account = account;
    out.created_ms = world.wall_ms() + static_cast<WallMs>(number);
    out.expires_ms = out.created_ms + hour_ms;
    out.title = "notice " + std::to_string(number);
    return out;
}

Bytes signed_by_relay(const wire::OperatorNotice& what)
{
    return identity::sign_notice(what, World::relay_seed());
}

} // namespace

TEST_CASE("said to all: at once where they are, at the next start where they were away, once, and read on all devices")
{
    World world(1);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& tablet = world.client("alice.tablet");
    tablet.start();
    REQUIRE(tablet.wait(tablet.enter(false)).error.code == ErrorCode::ok);
    world.run_for(seconds(10));
    bob.crash();

    say(world, 1);
    world.run_for(seconds(2));
    for (auto* one : {&alice, &tablet}) {
        CHECK(told_titles(*one) == Texts{"notice 1"});
        const auto all = notices(*one);
        REQUIRE(all.size() == 1);
        CHECK(all[0].id == id_of(1));
        CHECK(all[0].to_all);
        CHECK(all[0].text == "It says so.\nTwice.");
        CHECK(all[0].link == "https://relay.example/1");
        CHECK(all[0].expires_ms - all[0].created_ms == 24 * hour_ms);
        CHECK_FALSE(all[0].read);
    }
    CHECK(reached(world, 1) == 2);

    // Nothing of it is in a conversation.
    const auto listed = ask(alice, request::Conversations{true});
    for (const auto& conversation : std::get<std::vector<Conversation>>(listed.value))
        CHECK_FALSE(conversation.last);

    bob.start();
    REQUIRE(world.run_until([&] { return told_titles(bob) == Texts{"notice 1"}; }));
    world.run_for(seconds(2));
    CHECK(reached(world, 1) == 3);
    CHECK(bob.status().frames_rejected == 0);

    // Read on one device of alice's, and a restart of all: it is read on both, and not told again.
    CHECK(ask(alice, request::MarkNoticesRead{}).error.code == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return count<event::NoticesRead>(tablet) == 1; }));
    CHECK(titles(tablet) == Texts{"notice 1"});
    world.relay_crash();
    world.relay.start();
    for (auto* one : {&alice, &tablet, &bob}) {
        one->crash();
        one->start();
    }
    world.run_for(seconds(20));
    CHECK(titles(alice) == Texts{"notice 1"});
    CHECK(titles(tablet) == Texts{"notice 1"});
    CHECK(titles(bob) == Texts{"notice 1 (new)"});
    for (auto* one : {&alice, &tablet, &bob})
        CHECK(told_titles(*one).size() == 1);
}

TEST_CASE(
    "said to one account: nobody else hears of it; pages, newest first; how far it is read is the furthest of all")
{
    World world(2);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    world.befriend(alice, bob);
    auto& tablet = world.client("alice.tablet");
    tablet.start();
    REQUIRE(tablet.wait(tablet.enter(false)).error.code == ErrorCode::ok);
    world.run_for(seconds(10));
    for (std::uint64_t n = 1; n <= 5; ++n)
        say(world, n, {"alice"});
    world.run_for(seconds(2));
    CHECK(titles(bob).empty());
    CHECK(notices(alice).at(0).to_all == false);
    CHECK(titles(alice, {2, {}}) == Texts{"notice 5 (new)", "notice 4 (new)"});
    CHECK(titles(alice, {2, id_of(4)}) == Texts{"notice 3 (new)", "notice 2 (new)"});
    CHECK(ask(alice, request::Notices{2, id_of(77)}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(alice, request::Notices{0, {}}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(alice, request::Notices{request::notices_kept_max + 1, {}}).error.code == ErrorCode::invalid_argument);
    CHECK(ask(alice, request::MarkNoticesRead{id_of(77)}).error.code == ErrorCode::invalid_argument);

    // Both devices mark while they do not hear of each other; the later word is the lesser one.
    world.relay_crash();
    world.break_links(tablet);
    alice.wait(alice.ask(request::MarkNoticesRead{id_of(4)}));
    world.run_for(seconds(5));
    tablet.wait(tablet.ask(request::MarkNoticesRead{id_of(2)}));
    CHECK(titles(tablet) == Texts{"notice 5 (new)", "notice 4 (new)", "notice 3 (new)", "notice 2", "notice 1"});
    world.relay.start();
    REQUIRE(world.run_until([&] { return count<event::NoticesRead>(tablet) == 1; }, minutes(2)));
    world.run_for(seconds(10));
    for (auto* one : {&alice, &tablet})
        CHECK(titles(*one) == Texts{"notice 5 (new)", "notice 4", "notice 3", "notice 2", "notice 1"});
    CHECK(count<event::NoticesRead>(alice) == 0); // nothing new to it
}

TEST_CASE("withdrawn: it goes from devices that have it, and comes back to none, whatever the order")
{
    Story s(3);
    s.befriend();
    s.bob.crash();
    say(s.world, 1);
    say(s.world, 2);
    s.world.run_for(seconds(2));
    withdraw(s.world, 1);
    s.world.run_for(seconds(2));
    CHECK(titles(s.alice) == Texts{"notice 2 (new)"});
    CHECK(count<event::NoticeWithdrawn>(s.alice) == 1);
    s.bob.start();
    REQUIRE(s.world.run_until([&] { return !told_titles(s.bob).empty(); }));
    s.world.run_for(seconds(2));
    CHECK(told_titles(s.bob) == Texts{"notice 2"});
    CHECK(count<event::NoticeWithdrawn>(s.bob) == 0);

    // The relay shows the first one again, and takes one back before it was said.
    auto first = notice(s.world, 1), third = notice(s.world, 3);
    s.evil.push(s.alice, frame::NoticeDeliver{100, signed_by_relay(first)});
    auto gone = third;
    gone.withdrawn = true;
    gone.title.clear();
    s.evil.push(s.alice, frame::NoticeDeliver{101, signed_by_relay(gone)});
    s.evil.push(s.alice, frame::NoticeDeliver{102, signed_by_relay(third)});
    s.world.run_for(seconds(2));
    CHECK(titles(s.alice) == Texts{"notice 2 (new)"});
    CHECK(told_titles(s.alice) == Texts{"notice 1", "notice 2"});
    CHECK(count<event::NoticeWithdrawn>(s.alice) == 1);
}

TEST_CASE("an evil relay: another key, another account's, altered, over, or nonsense: counted, and nobody hears of it")
{
    Story s(4);
    s.befriend();
    const auto alice_key = s.alice.store.identity()->account_key;
    const auto bob_key = s.bob.store.identity()->account_key;
    std::uint64_t acknowledged = 0;
    s.evil.on_way_up = [&](Client&, frame::ClientFrame& what) {
        if (std::holds_alternative<frame::NoticeAck>(what)) ++acknowledged;
        return true;
    };
    const auto right = notice(s.world, 1, alice_key);
    auto passed_off = *identity::verify_notice(signed_by_relay(right), s.world.relay_address().key, alice_key);
    passed_off.account = {};
    auto altered = passed_off;
    altered.account = alice_key;
    altered.title = "send me your password";
    auto over = notice(s.world, 2);
    over.created_ms = s.world.wall_ms() - 2 * hour_ms;
    over.expires_ms = s.world.wall_ms() - 1;
    auto with_controls = notice(s.world, 3);
    with_controls.text = "\x1b[2J";
    auto bad_link = notice(s.world, 4);
    bad_link.link = "javascript:alert(1)";
    auto too_long = notice(s.world, 5);
    too_long.text = std::string(notice_text_bytes_max + 1, 'x');
    auto endless = notice(s.world, 6);
    endless.expires_ms = endless.created_ms;
    const std::vector<std::pair<const char*, Bytes>> tricks{
        {"another relay's key", identity::sign_notice(notice(s.world, 9), Bytes(32, 2))},
        {"another account's", signed_by_relay(notice(s.world, 9, bob_key))},
        {"what was said to one, as said to all", wire::encode(passed_off)},
        {"another title", wire::encode(altered)},
        {"over", signed_by_relay(over)},
        {"control characters", signed_by_relay(with_controls)},
        {"a link that is none", signed_by_relay(bad_link)},
        {"too long a text", signed_by_relay(too_long)},
        {"over before it begins", signed_by_relay(endless)},
        {"nonsense", Bytes{1, 2, 3}},
    };
    std::uint64_t sequence = 100;
    for (const auto& [trick, bytes] : tricks) {
        CAPTURE(trick);
        const auto before = s.alice.status().frames_rejected;
        s.evil.push(s.alice, frame::NoticeDeliver{++sequence, bytes});
        s.world.run_for(seconds(1));
        CHECK(s.alice.status().frames_rejected == before + 1);
        CHECK(titles(s.alice).empty());
        CHECK(told_titles(s.alice).empty());
        CHECK(acknowledged == 0);
        CHECK(s.alice.status().connected);
    }
    // The right one, and what was said to Alice, shown to Bob.
    s.evil.push(s.alice, frame::NoticeDeliver{++sequence, signed_by_relay(right)});
    s.evil.push(s.bob, frame::NoticeDeliver{++sequence, signed_by_relay(right)});
    s.world.run_for(seconds(1));
    CHECK(titles(s.alice) == Texts{"notice 1 (new)"});
    CHECK(titles(s.bob).empty());
    CHECK(acknowledged == 1);
    s.goes_on();
}

TEST_CASE("the relay's clock says what is over, not the device's")
{
    World world(5);
    auto& alice = world.client("alice");
    auto& bob = world.client("bob");
    alice.clock_skew_ms = 48 * hour_ms;
    bob.clock_skew_ms = -48 * hour_ms;
    world.befriend(alice, bob);
    say(world, 1, {}, hour_ms);
    world.run_for(seconds(2));
    for (auto* one : {&alice, &bob})
        CHECK(told_titles(*one) == Texts{"notice 1"});
    CHECK(reached(world, 1) == 2);
}

TEST_CASE("the newest are kept: as many as there is room for, and one more")
{
    Story s(6);
    s.befriend();
    for (std::uint64_t n = 1; n <= request::notices_kept_max + 1; ++n)
        s.evil.push(s.alice, frame::NoticeDeliver{n, signed_by_relay(notice(s.world, n))});
    s.world.run_for(seconds(5));
    CHECK(told_titles(s.alice).size() == request::notices_kept_max + 1);
    const auto all = titles(s.alice, {request::notices_kept_max, {}});
    CHECK(all.size() == request::notices_kept_max);
    CHECK(all.front() == "notice " + std::to_string(request::notices_kept_max + 1) + " (new)");
    CHECK(all.back() == "notice 2 (new)");
}

TEST_CASE("a device dies at each seam of the tick that takes a notice: it is there in the end, and once")
{
    for (const auto seam : {Seam::before_commit, Seam::after_commit, Seam::mid_speak, Seam::after_speak}) {
        CAPTURE(static_cast<int>(seam));
        World world(7);
        auto& alice = world.client("alice");
        auto& bob = world.client("bob");
        world.befriend(alice, bob);
        world.run_for(seconds(20));
        alice.crash_at(seam);
        say(world, 1);
        world.run_for(seconds(1));
        CHECK_FALSE(alice.running());
        alice.start();
        world.run_for(seconds(10));
        CHECK(titles(alice) == Texts{"notice 1 (new)"});
        CHECK(reached(world, 1) == 2);
        CHECK(told_titles(alice).size() <= 2);
    }
}

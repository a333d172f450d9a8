// SPDX-License-Identifier: Apache-2.0
// Stories of calls between engines: who hears it ring, who has it, what media is told, and what stands in the history.
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 at -O1 takes the alternatives of a variant that is moved for uninitialised.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "relay/core/wanted.hpp"
#include "tests/lib/engine/device_story.hpp"

using namespace godwit;
using namespace godwit::testing;

using std::chrono::milliseconds;

namespace {

template <class E>
std::vector<E> events(const Client& client)
{
    std::vector<E> out;
    for (const auto& event : client.heard.others)
        if (const auto* one = std::get_if<E>(&event)) out.push_back(*one);
    return out;
}

std::optional<CallOutcome> outcome(const Client& client, const CallId& call)
{
    std::optional<CallOutcome> out;
    for (const auto& one : events<event::CallEnded>(client))
        if (one.call.id == call) {
            REQUIRE_FALSE(out.has_value()); // it ends once
            out = one.outcome;
        }
    return out;
}

bool is(const Client& client, const CallId& call, CallState state)
{
    const auto all = events<event::CallChanged>(client);
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& one) { return one.call.id == call && one.call.state == state; });
}

bool rang(const Client& client, const CallId& call)
{
    const auto all = events<event::CallIncoming>(client);
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.call.id == call; });
}

std::vector<CallRecord> records(Client& client, const std::string& with, const CallId& call)
{
    std::vector<CallRecord> out;
    for (const auto& message : client.history(with))
        if (const auto record = call_record_of(message)) {
            if (message.id.bytes == call.bytes) out.push_back(*record);
        }
    return out;
}

std::uint32_t unread(Client& client)
{
    const auto list = std::get<std::vector<Conversation>>(client.wait(client.ask(request::Conversations{})).value);
    std::uint32_t out = 0;
    for (const auto& one : list)
        out += one.unread;
    return out;
}

CallId place(Client& from, const std::string& to)
{
    request::CallPlace place;
    place.to = to;
    const auto answer = from.wait(from.ask(std::move(place)));
    REQUIRE_MESSAGE(answer.error.code == ErrorCode::ok, answer.error.detail);
    return std::get<CallId>(answer.value);
}

struct Phones : Story {
    Client& tablet; ///< Bob's second device.

    explicit Phones(std::uint64_t seed) : Story(seed), tablet(enter("bob.tablet")) {}

    CallId ring()
    {
        const auto call = place(alice, "bob");
        REQUIRE(world.run_until([&] { return rang(bob, call) && rang(tablet, call); }));
        REQUIRE(world.run_until([&] { return is(alice, call, CallState::ringing); }));
        return call;
    }
    CallId talk_to_bob()
    {
        const auto call = ring();
        REQUIRE(code(bob, request::CallAnswer{}) == ErrorCode::ok);
        REQUIRE(world.run_until([&] { return is(alice, call, CallState::active) && is(bob, call, CallState::active); },
                                seconds(30)));
        return call;
    }
};

} // namespace

TEST_CASE("it rings on both devices, one answers, the other stops; media gets one key; the record is one everywhere")
{
    Phones s(1);
    std::map<Client*, std::uint32_t> unread_before; // the greeting of the story, where it is
    for (auto* one : {&s.alice, &s.bob, &s.tablet})
        unread_before[one] = unread(*one);
    const auto call = s.talk_to_bob();
    REQUIRE(s.world.run_until([&] { return outcome(s.tablet, call).has_value(); }));
    CHECK(outcome(s.tablet, call) == CallOutcome::answered_elsewhere);
    CHECK_FALSE(s.tablet.media.calls.contains(call));

    const auto& here = s.alice.media.calls.at(call);
    const auto& there = s.bob.media.calls.at(call);
    CHECK(here.begin->offerer);
    CHECK_FALSE(there.begin->offerer);
    CHECK(here.begin->peer == id_of(s.bob));
    CHECK(there.begin->peer == id_of(s.alice));
    CHECK(here.begin->keys.epoch == there.begin->keys.epoch);
    CHECK(here.begin->keys.base_key == there.begin->keys.base_key);
    CHECK(here.begin->keys.base_key.size() == port::call_key_bytes);
    CHECK(here.begin->keys.own_leaf != there.begin->keys.own_leaf);
    CHECK(here.ways.back().link != 0);

    // Mute, and pictures in a call that had none.
    request::CallSetMedia set;
    set.muted = true;
    set.camera = true;
    CHECK(code(s.alice, set) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return !events<event::CallPeerMedia>(s.bob).empty(); }));
    const auto told = events<event::CallPeerMedia>(s.bob).back();
    CHECK(told.upgrade);
    CHECK(told.call.theirs.muted);
    CHECK(told.call.theirs.camera);
    CHECK(s.bob.media.calls.at(call).parts.back().theirs.muted);
    CHECK(s.alice.media.calls.at(call).parts.back().own.camera);

    s.world.run_for(minutes(2)); // longer than any silence that is borne
    CHECK_FALSE(outcome(s.alice, call));
    CHECK(code(s.bob, request::CallHangUp{}) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return outcome(s.alice, call).has_value(); }));
    CHECK(outcome(s.alice, call) == CallOutcome::completed);
    CHECK(outcome(s.bob, call) == CallOutcome::completed);
    CHECK(s.alice.media.calls.at(call).ended);
    CHECK(s.bob.media.calls.at(call).ended);
    for (auto* one : {&s.alice, &s.bob, &s.tablet}) {
        const std::string with = one == &s.alice ? "bob" : "alice";
        REQUIRE(s.world.run_until([&] { return !records(*one, with, call).empty(); }, minutes(2)));
        const auto all = records(*one, with, call);
        REQUIRE(all.size() == 1);
        CHECK(all[0].caller == "alice");
        CHECK(all[0].outcome == CallOutcome::completed);
        CHECK(all[0].active_ms >= 120'000);
        CHECK(unread(*one) == unread_before[one]); // whoever has talked knows it
    }

    // The next call has another key, in the same epoch.
    const auto next = s.talk_to_bob();
    CHECK(s.alice.media.calls.at(next).begin->keys.base_key != s.alice.media.calls.at(call).begin->keys.base_key);
}

TEST_CASE("a program that ends, or is frozen, hangs up: both sides hear it; what rings there rings on elsewhere")
{
    Phones s(30);
    CHECK_FALSE(s.alice.end_calls());
    SUBCASE("in the middle of a call")
    {
        const auto call = s.talk_to_bob();
        CHECK(s.bob.end_calls());
        CHECK(outcome(s.bob, call) == CallOutcome::completed);
        CHECK(s.bob.media.calls.at(call).ended);
        REQUIRE(s.world.run_until([&] { return outcome(s.alice, call).has_value(); }, seconds(5)));
        CHECK(outcome(s.alice, call) == CallOutcome::completed);
        CHECK_FALSE(s.bob.end_calls());
    }
    SUBCASE("before an answer")
    {
        const auto call = s.ring();
        CHECK(s.alice.end_calls());
        CHECK(outcome(s.alice, call) == CallOutcome::cancelled);
        REQUIRE(s.world.run_until([&] { return outcome(s.bob, call) && outcome(s.tablet, call); }, seconds(5)));
        CHECK(outcome(s.bob, call) == CallOutcome::cancelled);
    }
    SUBCASE("where it rings")
    {
        const auto call = s.ring();
        CHECK(s.bob.end_calls());
        CHECK(outcome(s.bob, call) == CallOutcome::cancelled);
        s.world.run_for(seconds(5));
        CHECK_FALSE(outcome(s.tablet, call));
        CHECK_FALSE(outcome(s.alice, call));
        REQUIRE(code(s.tablet, request::CallAnswer{}) == ErrorCode::ok);
        CHECK(s.world.run_until([&] { return is(s.alice, call, CallState::active); }, seconds(30)));
    }
}

TEST_CASE("both call each other: one call goes on, answered by itself")
{
    Phones s(2);
    const auto first = s.alice.ask(request::CallPlace{"bob", {}, false, {}});
    const auto second = s.bob.ask(request::CallPlace{"alice", {}, false, {}});
    const auto ours = std::get<CallId>(s.alice.wait(first).value);
    const auto theirs = std::get<CallId>(s.bob.wait(second).value);
    const auto goes_on = std::min(ours, theirs), gave_way = std::max(ours, theirs);
    REQUIRE(s.world.run_until(
        [&] { return is(s.alice, goes_on, CallState::active) && is(s.bob, goes_on, CallState::active); }, minutes(1)));
    Client& loser = gave_way == ours ? s.alice : s.bob;
    CHECK(outcome(loser, gave_way) == CallOutcome::superseded);
    CHECK(code(s.alice, request::CallHangUp{}) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return outcome(s.bob, goes_on).has_value(); }));
    CHECK(outcome(s.bob, goes_on) == CallOutcome::completed);
    CHECK(records(s.alice, "bob", gave_way).empty());
}

TEST_CASE("rejected on one device, it stops on the other; the third account hears that this one is busy")
{
    Phones s(3);
    auto call = s.ring();
    CHECK(code(s.tablet, request::CallReject{}) == ErrorCode::ok);
    for (auto* one : {&s.alice, &s.bob, &s.tablet}) {
        REQUIRE(s.world.run_until([&] { return outcome(*one, call).has_value(); }));
        CHECK(outcome(*one, call) == CallOutcome::declined);
    }
    REQUIRE(s.world.run_until([&] { return records(s.bob, "alice", call).size() == 1; }, minutes(2)));

    call = s.talk_to_bob();
    auto& carol = s.world.client("carol");
    s.world.befriend(carol, s.bob);
    const auto other = place(carol, "bob");
    REQUIRE(s.world.run_until([&] { return outcome(carol, other).has_value(); }));
    CHECK(outcome(carol, other) == CallOutcome::busy);
    CHECK_FALSE(outcome(s.bob, call));
    // The account that is in a call here is not in one everywhere; who calls twice is told so.
    CHECK(code(s.alice, request::CallPlace{"bob", {}, false, {}}) == ErrorCode::conflict);
}

TEST_CASE("missed: given up, not answered in time, and by who calls and dies")
{
    Phones s(4);
    auto call = s.ring();
    CHECK(code(s.alice, request::CallHangUp{}) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return records(s.tablet, "alice", call).size() == 1; }, minutes(2)));
    CHECK(records(s.tablet, "alice", call)[0] == CallRecord{"alice", CallOutcome::cancelled, false, 0});
    CHECK(outcome(s.bob, call) == CallOutcome::cancelled);
    CHECK(unread(s.tablet) == 1); // Who has missed one does not.
    CHECK(unread(s.alice) == 0);

    call = s.ring();
    REQUIRE(s.world.run_until([&] { return outcome(s.bob, call).has_value(); }, minutes(2)));
    CHECK(outcome(s.bob, call) == CallOutcome::no_answer);
    CHECK(outcome(s.alice, call) == CallOutcome::no_answer);

    // Nobody says how it ended: who rang writes it down, and once.
    call = s.ring();
    s.alice.crash();
    REQUIRE(s.world.run_until([&] { return outcome(s.bob, call) && outcome(s.tablet, call); }, minutes(2)));
    CHECK(outcome(s.bob, call) == CallOutcome::lost);
    s.alice.start();
    s.world.run_for(minutes(3));
    for (auto* one : {&s.alice, &s.bob, &s.tablet}) {
        const auto all = records(*one, one == &s.alice ? "bob" : "alice", call);
        REQUIRE(all.size() == 1);
        CHECK(all[0].outcome == CallOutcome::lost);
        CHECK(all[0].caller == "alice");
    }
}

TEST_CASE("a phone that sleeps is woken by who calls, and it rings there while they still wait")
{
    relay::Config config;
    config.events = {relay::EventKind::device_wanted};
    World world(9, config, DiskKind::sqlite);
    auto &alice = world.client("alice"), &bob = world.client("bob");
    world.befriend(alice, bob);
    world.run_for(seconds(15));
    bob.crash(); // suspended: the process is frozen, and its links are gone
    world.run_for(minutes(2));
    const auto wanted = [&] { return relay::EventTable(world.relay.disk.store()).after(0, 100); };
    REQUIRE(wanted().empty());
    const auto call = place(alice, "bob");
    REQUIRE(world.run_until([&] { return !wanted().empty(); }));
    CHECK(wanted().front().kind == "device.wanted");
    CHECK(wanted().front().target == "bob");
    CHECK(wanted().front().detail.find(to_hex(own_list(bob).front().view())) != std::string::npos);
    world.run_for(seconds(6)); // of the operator's program, the platform's push, and the system that starts the app
    CHECK_FALSE(outcome(alice, call));
    bob.start();
    REQUIRE(world.run_until([&] { return rang(bob, call); }, seconds(10)));
    REQUIRE(code(bob, request::CallAnswer{}) == ErrorCode::ok);
    REQUIRE(world.run_until([&] { return is(alice, call, CallState::active) && is(bob, call, CallState::active); },
                            seconds(30)));
    CHECK(wanted().size() == 1);
}

TEST_CASE("one side dies in a call: the other hears that it is lost, and the one that comes back is in no call")
{
    Phones s(5);
    const auto call = s.talk_to_bob();
    s.bob.crash();
    REQUIRE(s.world.run_until([&] { return outcome(s.alice, call).has_value(); }, minutes(2)));
    CHECK(outcome(s.alice, call) == CallOutcome::lost);
    s.bob.start();
    const auto calls = s.bob.wait(s.bob.ask(request::Calls{}));
    CHECK(std::get<std::vector<CallInfo>>(calls.value).empty());
}

TEST_CASE("who is blocked or removed is in no call any more, at once, and hears that it is over")
{
    for (const bool block : {true, false}) {
        CAPTURE(block);
        Phones s(9);
        const auto call = s.talk_to_bob();
        if (block)
            CHECK(code(s.bob, request::ContactBlock{"alice"}) == ErrorCode::ok);
        else
            CHECK(code(s.bob, request::ContactRemove{"alice"}) == ErrorCode::ok);
        CHECK(outcome(s.bob, call) == CallOutcome::completed);
        CHECK(s.bob.media.calls.at(call).ended);
        REQUIRE(s.world.run_until([&] { return outcome(s.alice, call).has_value(); }, seconds(2)));
        CHECK(outcome(s.alice, call) == CallOutcome::completed);
    }
    // By another device of the account: here it ends as soon as that is known.
    Phones s(10);
    const auto call = s.talk_to_bob();
    CHECK(code(s.tablet, request::ContactBlock{"alice"}) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return outcome(s.bob, call).has_value(); }, seconds(5)));
    CHECK(s.bob.media.calls.at(call).ended);
}

TEST_CASE("a refused block or removal has changed nothing: the call goes on")
{
    Phones s(11);
    const auto call = s.talk_to_bob();
    s.world.relay_crash();
    REQUIRE(s.world.run_until([&] { return !s.bob.connected(); }, seconds(30)));
    CHECK(code(s.bob, request::ContactBlock{"alice"}) == ErrorCode::not_connected);
    CHECK(code(s.bob, request::ContactRemove{"alice"}) == ErrorCode::not_connected);
    CHECK_FALSE(outcome(s.bob, call));
    CHECK_FALSE(s.bob.media.calls.at(call).ended);
}

TEST_CASE("media that does not flow ends the call in time")
{
    Phones s(6);
    s.alice.media.flows = s.bob.media.flows = false;
    const auto call = s.ring();
    CHECK(code(s.bob, request::CallAnswer{}) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return outcome(s.alice, call) && outcome(s.bob, call); }, minutes(1)));
    CHECK(outcome(s.alice, call) == CallOutcome::failed);
    CHECK(outcome(s.bob, call) == CallOutcome::failed);
}

TEST_CASE("a device that joins in mid-call: media gets the keys of the new epoch, on both sides the same")
{
    Phones s(7);
    const auto call = s.talk_to_bob();
    s.enter("alice.laptop");
    REQUIRE(s.world.run_until(
        [&] { return !s.alice.media.calls.at(call).later.empty() && !s.bob.media.calls.at(call).later.empty(); },
        minutes(2)));
    const auto& here = s.alice.media.calls.at(call).later.back();
    const auto& there = s.bob.media.calls.at(call).later.back();
    CHECK(here.epoch == there.epoch);
    CHECK(here.base_key == there.base_key);
    CHECK_FALSE(outcome(s.alice, call));
}

TEST_CASE("what is refused: strangers, groups, oneself, bad sources, calls that are not there")
{
    Phones s(8);
    auto& carol = s.world.client("carol");
    s.world.befriend(carol, s.alice);
    CHECK(code(carol, request::CallPlace{"bob", {}, false, {}}) == ErrorCode::not_a_contact);
    CHECK(code(s.alice, request::CallPlace{"alice", {}, false, {}}) == ErrorCode::invalid_argument);
    CallDevices devices;
    devices.audio_source = "missing";
    CHECK(code(s.alice, request::CallPlace{"bob", {}, false, devices}) == ErrorCode::no_such_file);
    for (auto* one : {&s.alice, &s.bob}) {
        CHECK(code(*one, request::CallAnswer{}) == ErrorCode::invalid_argument);
        CHECK(code(*one, request::CallReject{}) == ErrorCode::invalid_argument);
        CHECK(code(*one, request::CallHangUp{}) == ErrorCode::invalid_argument);
        CHECK(code(*one, request::CallHangUp{CallId{}}) == ErrorCode::invalid_argument);
        CHECK(code(*one, request::CallStats{}) == ErrorCode::invalid_argument);
    }
    s.world.run_for(seconds(5));
    CHECK(events<event::CallIncoming>(s.bob).empty());

    // Two ring: it has to be said which.
    s.world.befriend(carol, s.bob);
    const auto first = s.ring();
    const auto second = place(carol, "bob");
    REQUIRE(s.world.run_until([&] { return rang(s.bob, second); }));
    CHECK(code(s.bob, request::CallAnswer{}) == ErrorCode::invalid_argument);
    CHECK(code(s.bob, request::CallReject{second}) == ErrorCode::ok);
    CHECK(code(s.bob, request::CallAnswer{first, false, {}}) == ErrorCode::ok);
}

TEST_CASE("who decodes VP9 says so, each hears it of the other, and what is wished goes to the media")
{
    Phones s(12);
    s.alice.media.vp9 = false;
    request::CallPlace call_bob;
    call_bob.to = "bob";
    call_bob.video = true;
    call_bob.devices.video_codec = VideoCodec::vp9;
    const auto placed = s.alice.wait(s.alice.ask(std::move(call_bob)));
    REQUIRE(placed.error.code == ErrorCode::ok);
    const auto call = std::get<CallId>(placed.value);
    REQUIRE(s.world.run_until([&] { return rang(s.bob, call); }));
    REQUIRE(code(s.bob, request::CallAnswer{}) == ErrorCode::ok);
    REQUIRE(s.world.run_until(
        [&] { return is(s.alice, call, CallState::active) && is(s.bob, call, CallState::active); }, seconds(30)));
    const auto &here = *s.alice.media.calls.at(call).begin, &there = *s.bob.media.calls.at(call).begin;
    CHECK(here.devices.video_codec == VideoCodec::vp9);
    CHECK(there.devices.video_codec == VideoCodec::vp8);
    CHECK(here.theirs.vp9);
    CHECK_FALSE(here.own.vp9);
    CHECK_FALSE(there.theirs.vp9);
    CHECK(there.own.vp9);
    // What is set in mid-call leaves it as it is.
    request::CallSetMedia set;
    set.muted = true;
    CHECK(code(s.bob, set) == ErrorCode::ok);
    REQUIRE(s.world.run_until([&] { return !events<event::CallPeerMedia>(s.alice).empty(); }));
    CHECK(events<event::CallPeerMedia>(s.alice).back().call.theirs.vp9);
}

TEST_CASE("a device without media: it does not ring; an account of nothing else says so at once")
{
    Story s(9);
    ClientOptions options;
    options.media = false;
    auto& deaf = s.world.client("dave", options);
    s.world.befriend(s.alice, deaf);
    CHECK(code(deaf, request::CallPlace{"alice", {}, false, {}}) == ErrorCode::unsupported);
    const auto call = place(s.alice, "dave");
    REQUIRE(s.world.run_until([&] { return outcome(s.alice, call).has_value(); }));
    CHECK(outcome(s.alice, call) == CallOutcome::unsupported);
    CHECK(events<event::CallIncoming>(deaf).empty());
}

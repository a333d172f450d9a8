// SPDX-License-Identifier: Apache-2.0
// Stories of a group's call between engines: who is in it, what their media is told, and what happens to both when the
// group changes.
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 at -O1 takes the alternatives of a variant that is moved for uninitialised.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "tests/lib/engine/group_story.hpp"

using namespace godwit;
using namespace godwit::testing;

namespace {

/// Alice knows everybody; nobody else knows each other.
struct Conference : Crew {
    ConversationId group;

    explicit Conference(std::uint64_t seed, const std::vector<std::string>& others)
        : Crew(seed, others), group(create(others))
    {
    }
    CallId call(Client& who, bool video = false)
    {
        request::CallPlace place;
        place.conversation = group;
        place.video = video;
        const auto reply = ask(who, place);
        REQUIRE_MESSAGE(reply.error.code == ErrorCode::ok, reply.error.detail);
        return std::get<CallId>(reply.value);
    }
    std::optional<CallInfo> info(Client& who, const CallId& id)
    {
        const auto reply = ask(who, request::Calls{});
        for (const auto& one : std::get<std::vector<CallInfo>>(reply.value))
            if (one.id == id) return one;
        return std::nullopt;
    }
    /// "bob carol!": who is in it besides this device; ! where nothing flows.
    std::string seen(Client& who, const CallId& id)
    {
        const auto call = info(who, id);
        if (!call) return "over";
        std::vector<std::string> names;
        for (const auto& one : call->members)
            names.push_back(one.user + (one.active ? "" : "!"));
        std::sort(names.begin(), names.end());
        std::string out;
        for (const auto& one : names)
            out += (out.empty() ? "" : " ") + one;
        return out;
    }
    bool until_seen(Client& who, const CallId& id, const std::string& text)
    {
        const bool met = world.run_until([&] { return seen(who, id) == text; }, seconds(40));
        if (!met) MESSAGE(who.name << " sees " << seen(who, id));
        return met;
    }
    std::vector<CallRecord> records(Client& who, const CallId& id)
    {
        std::vector<CallRecord> out;
        for (const auto& message : history(who, group))
            if (message.id.bytes == id.bytes)
                if (const auto record = call_record_of(message)) out.push_back(*record);
        return out;
    }
    const SimMedia::Call& media(Client& who, const CallId& id) { return who.media.calls.at(id); }
    DeviceId device(Client& who) { return id_of(who); }
};

std::size_t told(const Client& client, event::CallMemberChanged::What what)
{
    const auto events = all<event::CallMemberChanged>(client);
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const auto& one) { return one.what == what; }));
}

} // namespace

TEST_CASE("a group's call: rings at all; who comes has a link with everybody, also with who is no contact; one record")
{
    Conference c(801, {"bob", "carol", "dave"});
    auto &bob = c["bob"], &carol = c["carol"], &dave = c["dave"];
    const auto id = c.call(c.alice);
    for (auto* one : {&bob, &carol, &dave}) {
        REQUIRE(c.world.run_until([&] { return !all<event::CallIncoming>(*one).empty(); }));
        const auto call = all<event::CallIncoming>(*one).front().call;
        CHECK(call.id == id);
        CHECK(call.group);
        CHECK(call.conversation == c.group);
        CHECK(call.with == "alice");
        CHECK(call.members.size() == 1);
    }
    REQUIRE(c.code(bob, request::CallAnswer{}) == ErrorCode::ok);
    REQUIRE(c.until_seen(c.alice, id, "bob"));
    REQUIRE(c.until_seen(bob, id, "alice"));
    REQUIRE(c.code(carol, request::CallAnswer{}) == ErrorCode::ok);
    // Bob and Carol have never heard of each other but by this group.
    REQUIRE(c.until_seen(carol, id, "alice bob"));
    REQUIRE(c.until_seen(bob, id, "alice carol"));
    REQUIRE(c.until_seen(c.alice, id, "bob carol"));
    CHECK(bob.live_peer_links(Path::direct) == 2);

    // One key for all, under which each has a leaf of its own; each pair knows who is who.
    const auto &at_alice = c.media(c.alice, id), &at_bob = c.media(bob, id), &at_carol = c.media(carol, id);
    CHECK(at_alice.begin->keys.base_key == at_carol.begin->keys.base_key);
    CHECK(at_bob.begin->keys.base_key == at_carol.begin->keys.base_key);
    CHECK(at_bob.begin->keys.own_leaf != at_carol.begin->keys.own_leaf);
    CHECK(at_bob.peers.at(c.device(carol)).offerer != at_carol.peers.at(c.device(bob)).offerer);
    CHECK_FALSE(dave.media.calls.contains(id));
    CHECK(at_alice.peers.at(c.device(carol)).theirs.vp9);
    CHECK(at_carol.peers.at(c.device(c.alice)).theirs.vp9);

    // Dave lets it ring, and comes late.
    c.settle(minutes(2));
    CHECK(c.seen(dave, id) == "alice! bob! carol!");
    CHECK(c.info(dave, id)->state == CallState::open);
    REQUIRE(c.code(dave, request::CallAnswer{}) == ErrorCode::ok);
    REQUIRE(c.until_seen(dave, id, "alice bob carol"));
    REQUIRE(c.until_seen(carol, id, "alice bob dave"));

    // Who began it may leave, and come again.
    CHECK(c.code(c.alice, request::CallHangUp{}) == ErrorCode::ok);
    REQUIRE(c.until_seen(bob, id, "carol dave"));
    CHECK(c.media(c.alice, id).ended);
    CHECK_FALSE(c.media(bob, id).peers.contains(c.device(c.alice)));
    CHECK(c.call(c.alice) == id); // to call the group is to join
    REQUIRE(c.until_seen(c.alice, id, "bob carol dave"));
    CHECK(c.media(c.alice, id).begins == 2);

    for (auto* one : {&c.alice, &bob, &carol, &dave})
        CHECK(c.code(*one, request::CallHangUp{}) == ErrorCode::ok);
    c.settle(seconds(30));
    for (auto* one : {&c.alice, &bob, &carol, &dave}) {
        CAPTURE(one->name);
        CHECK(c.seen(*one, id) == "over");
        const auto records = c.records(*one, id);
        REQUIRE(records.size() == 1);
        CHECK(records[0].caller == "alice");
        CHECK(records[0].outcome == CallOutcome::completed);
        CHECK(records[0].members == 4);
        CHECK(records[0].active_ms > 100'000);
    }
}

TEST_CASE(
    "a group's call: an epoch in the middle of it is new keys for all; who is put out of the group hears nothing more")
{
    Conference c(802, {"bob", "carol", "dave"});
    auto &bob = c["bob"], &carol = c["carol"], &dave = c["dave"];
    const auto id = c.call(c.alice);
    for (auto* one : {&bob, &carol, &dave}) {
        REQUIRE(c.world.run_until([&] { return !all<event::CallIncoming>(*one).empty(); }));
        REQUIRE(c.code(*one, request::CallAnswer{}) == ErrorCode::ok);
    }
    REQUIRE(c.until_seen(dave, id, "alice bob carol"));
    const auto before = c.media(bob, id).later.size();

    c.must(c.alice, request::GroupRemove{c.group, {"dave"}});
    REQUIRE(c.until_seen(bob, id, "alice carol"));
    REQUIRE(c.until_seen(carol, id, "alice bob"));
    CHECK(told(bob, event::CallMemberChanged::What::removed) == 1);
    REQUIRE(c.world.run_until([&] { return c.seen(dave, id) == "over"; }, seconds(40)));
    CHECK(all<event::CallEnded>(dave).back().outcome == CallOutcome::removed);
    CHECK(c.media(dave, id).ended);
    c.settle();
    // The others have keys that Dave has not, the same ones.
    REQUIRE(c.media(bob, id).later.size() > before);
    CHECK(c.media(bob, id).later.back().base_key == c.media(carol, id).later.back().base_key);
    CHECK(c.media(bob, id).later.back().base_key == c.media(c.alice, id).later.back().base_key);
    for (const auto& keys : c.media(dave, id).later)
        CHECK(keys.base_key != c.media(bob, id).later.back().base_key);
    CHECK_FALSE(c.media(bob, id).ended);
    CHECK(c.media(bob, id).begins == 1); // nobody began anew
    CHECK(told(bob, event::CallMemberChanged::What::lost) == 0);
}

TEST_CASE("a group's call: media, one call at a time, and what is refused says what to do")
{
    Conference c(803, {"bob", "carol"});
    auto &bob = c["bob"], &carol = c["carol"];
    const auto id = c.call(c.alice, true);
    REQUIRE(c.world.run_until([&] { return !all<event::CallIncoming>(bob).empty(); }));
    CHECK(all<event::CallIncoming>(bob).front().call.video);
    REQUIRE(c.code(bob, request::CallAnswer{id, false, {}}) == ErrorCode::ok);
    REQUIRE(c.until_seen(bob, id, "alice"));
    CHECK(c.media(bob, id).peers.at(c.device(c.alice)).theirs.camera);

    request::CallSetMedia set;
    set.muted = true;
    CHECK(c.code(c.alice, set) == ErrorCode::ok);
    REQUIRE(c.world.run_until([&] { return told(bob, event::CallMemberChanged::What::media) > 0; }));
    CHECK(all<event::CallMemberChanged>(bob).back().member.media.muted);
    CHECK(c.media(bob, id).parts.back().theirs.muted);
    CHECK(c.media(bob, id).parts.back().peer == c.device(c.alice));

    // Busy, both ways.
    CHECK(c.code(c.alice, request::CallPlace{"carol", {}, false, {}}) == ErrorCode::conflict);
    request::CallPlace at_alice;
    at_alice.to = "alice";
    const auto other = std::get<CallId>(c.ask(carol, at_alice).value);
    REQUIRE(c.world.run_until([&] { return !all<event::CallEnded>(carol).empty(); }));
    CHECK(all<event::CallEnded>(carol).back().call.id == other);
    CHECK(all<event::CallEnded>(carol).back().outcome == CallOutcome::busy);

    CHECK(c.code(carol, request::CallReject{}) == ErrorCode::ok);
    CHECK(c.info(carol, id)->state == CallState::open);
    CHECK(c.code(carol, request::CallStats{}) == ErrorCode::invalid_argument);
    CHECK(c.code(carol, request::CallHangUp{}) == ErrorCode::invalid_argument);
    CHECK(c.code(carol, request::CallReject{}) == ErrorCode::invalid_argument);
    request::CallAnswer missing;
    missing.devices.audio_source = "missing";
    CHECK(c.code(carol, missing) == ErrorCode::no_such_file);
    request::CallStats about;
    about.device = c.device(carol);
    CHECK(c.code(bob, about) == ErrorCode::invalid_argument); // she is not in it
    CHECK(c.code(bob, request::CallStats{}) == ErrorCode::ok);

    // A device that vanishes is noticed; when it is back, it is not in the call.
    c.alice.crash();
    REQUIRE(c.until_seen(bob, id, ""));
    CHECK(told(bob, event::CallMemberChanged::What::lost) == 1);
    CHECK(c.info(bob, id)->state == CallState::calling);
    c.alice.start();
    c.settle(seconds(20));
    CHECK(c.info(c.alice, id)->state == CallState::open);
    CHECK(c.code(bob, request::CallHangUp{}) == ErrorCode::ok);
    REQUIRE(c.world.run_until([&] { return c.seen(c.alice, id) == "over"; }, seconds(40)));
}

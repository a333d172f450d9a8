// SPDX-License-Identifier: Apache-2.0
// Stories: one call each, told from all four devices.
#include "tests/lib/call/town.hpp"

#include <doctest/doctest.h>

using namespace godwit;
using namespace godwit::call;
using godwit::test::call_id;
using godwit::test::Town;
using namespace std::chrono_literals;

namespace {

constexpr Instant start(1h);
const Id id = call_id(0x11), other = call_id(0x22);
const Media voice{0, false, false, false, false}, camera{0, false, false, true, false};

struct Story : Town {
    Instant now = start;

    void place(std::size_t i, const Id& call = id, const Media& media = voice)
    {
        REQUIRE(who[i].place(call, conversation(), i < 2 ? "bob" : "ann", media.camera, media, now).ok());
        collect(i);
    }
    void done(std::size_t i, const Result<void>& result)
    {
        REQUIRE(result.ok());
        collect(i);
    }
    void settle() { deliver_all(now); }
    void after(Duration time) { run(now, now + time); }
    void talk(std::size_t caller, std::size_t callee)
    {
        place(caller);
        settle();
        done(callee, who[callee].answer(id, voice, now));
        settle();
        for (const std::size_t i : {caller, callee}) {
            who[i].connected(id, now);
            collect(i);
        }
    }
};

} // namespace

TEST_CASE("call: rings on all devices, answered on one, the others stop; talked, hung up, recorded once")
{
    Story s;
    s.place(Story::a1);
    CHECK(s.wakes == 1);
    s.settle();
    CHECK(s.who[Story::a1].state(id) == State::ringing_there);
    CHECK(s.of(Story::a1, id).ringing_there == 1);
    for (const auto i : {Story::b1, Story::b2})
        CHECK(s.who[i].state(id) == State::ringing_here);
    CHECK_FALSE(s.who[Story::a2].state(id).has_value()); // a sibling of who calls does not ring
    s.done(Story::b2, s.who[Story::b2].answer(id, voice, s.now));
    s.settle();
    CHECK(s.of(Story::b1, id).outcome == Outcome::answered_elsewhere);
    CHECK(s.of(Story::a1, id).peer == Town::device(Story::b2));
    CHECK(s.of(Story::b2, id).peer == Town::device(Story::a1));
    for (const auto i : {Story::a1, Story::b2})
        s.who[i].connected(id, s.now);
    s.after(90s);
    CHECK(s.who[Story::a1].state(id) == State::active);
    s.done(Story::b2, s.who[Story::b2].hang_up(id, s.now));
    s.settle();
    CHECK(s.of(Story::a1, id).outcome == Outcome::completed);
    CHECK(s.of(Story::a1, id).length == 90s);
    CHECK(s.of(Story::a1, id).records == 1);
    CHECK(s.of(Story::a1, id).recorded == Outcome::completed);
    for (const auto i : {Story::a2, Story::b1, Story::b2})
        CHECK(s.of(i, id).records == 0);
}

TEST_CASE("call: a table of how it ends before it began")
{
    const struct {
        const char* name;
        std::function<void(Story&)> then;
        Outcome caller, ringing;
    } table[] = {
        {"rejected on one device: on all", [](Story& s) { s.done(Story::b1, s.who[Story::b1].reject(id, s.now)); },
         Outcome::declined, Outcome::declined},
        {"hung up while it rings is rejected", [](Story& s) { s.done(Story::b1, s.who[Story::b1].hang_up(id, s.now)); },
         Outcome::declined, Outcome::declined},
        {"cancelled", [](Story& s) { s.done(Story::a1, s.who[Story::a1].hang_up(id, s.now)); }, Outcome::cancelled,
         Outcome::cancelled},
        {"nobody answers", [](Story& s) { s.after(ring_max + 1s); }, Outcome::no_answer, Outcome::no_answer},
    };
    for (const auto& row : table) {
        CAPTURE(row.name);
        Story s;
        s.place(Story::a1);
        s.settle();
        row.then(s);
        s.settle();
        CHECK(s.of(Story::a1, id).outcome == row.caller);
        CHECK(s.of(Story::a1, id).records == 1);
        CHECK(s.of(Story::a1, id).recorded == row.caller);
        CHECK(s.of(Story::b2, id).outcome == row.ringing);
        for (std::size_t i = 0; i < Town::devices; ++i)
            CHECK_FALSE(s.who[i].engaged().has_value());
        const auto quiet = s.wrong_when_quiet({id});
        CHECK(quiet == "");
        s.after(ended_for + 1s);
        for (const auto& one : s.who)
            CHECK(one.deadline() == never);
    }
}

TEST_CASE("call: who is in a call is busy, also for a sibling's sake")
{
    Story s;
    s.talk(Story::a1, Story::b1);
    CHECK(s.who[Story::a1].place(other, Town::conversation(), "bob", false, voice, s.now).error().code ==
          ErrorCode::conflict);
    // Ann's other device calls too.
    s.place(Story::a2, other);
    s.settle();
    CHECK(s.of(Story::a2, other).outcome == Outcome::busy);
    CHECK_FALSE(s.who[Story::b2].state(other).has_value());
    CHECK(s.who[Story::b1].state(id) == State::active);
}

TEST_CASE("call: errors say what is wrong")
{
    Story s;
    CHECK(s.who[0].place(id, Town::conversation(), "ann", false, voice, s.now).error().code ==
          ErrorCode::invalid_argument);
    CHECK(s.who[0].answer(id, voice, s.now).error().code == ErrorCode::invalid_argument);
    CHECK(s.who[0].reject(id, s.now).error().code == ErrorCode::invalid_argument);
    CHECK(s.who[0].hang_up(id, s.now).error().code == ErrorCode::invalid_argument);
    CHECK(s.who[0].set_media(id, voice, s.now).error().code == ErrorCode::invalid_argument);
    s.place(Story::a1);
    CHECK(s.who[0].answer(id, voice, s.now).error().code == ErrorCode::invalid_argument);
    CHECK(s.who[0].place(id, Town::conversation(), "bob", false, voice, s.now).error().code ==
          ErrorCode::invalid_argument);
    s.settle();
    CHECK(s.who[Story::b1].place(other, Town::conversation(), "ann", false, voice, s.now).error().code ==
          ErrorCode::conflict);
    s.who[Story::b1].connected(id, s.now); // not yet: nothing
    s.who[Story::b1].failed(id, s.now);
    CHECK(s.who[Story::b1].state(id) == State::ringing_here);
}

TEST_CASE("call: both call each other: the lower id goes on, answered by itself, whoever's it is")
{
    for (const bool first_lower : {true, false}) {
        CAPTURE(first_lower);
        const Id of_a = first_lower ? id : other, of_b = first_lower ? other : id;
        Story s;
        s.place(Story::a1, of_a, camera);
        s.place(Story::b1, of_b);
        s.settle();
        for (const auto i : {Story::a1, Story::b1}) {
            CHECK(s.who[i].state(id) == State::connecting);
            CHECK_FALSE(s.who[i].state(other).has_value());
            CHECK(s.of(i, id).incoming == 0); // nobody is asked
        }
        for (const auto i : {Story::a2, Story::b2})
            CHECK_FALSE(s.who[i].state(id).has_value());
        const std::size_t gave_way = first_lower ? Story::b1 : Story::a1;
        CHECK(s.of(gave_way, other).outcome == Outcome::superseded);
        CHECK(s.of(gave_way, other).records == 0);
        CHECK(s.of(Story::b1, id).peer_media.camera); // told by the answer, or by the offer
    }
}

TEST_CASE("call: mute, hold, camera, screen, and a voice call that becomes one with pictures")
{
    Story s;
    s.talk(Story::a1, Story::b1);
    const auto says = [&](std::size_t i, Media media) {
        s.done(i, s.who[i].set_media(id, media, s.now));
        s.settle();
    };
    says(Story::a1, {0, true, false, false, false});
    CHECK(s.of(Story::b1, id).peer_media.muted);
    says(Story::a1, {0, false, true, false, false});
    CHECK(s.of(Story::b1, id).peer_media.held);
    CHECK_FALSE(s.of(Story::b1, id).peer_media.muted);
    CHECK_FALSE(s.of(Story::b1, id).upgrade);
    says(Story::a1, camera);
    CHECK(s.of(Story::b1, id).upgrade);
    says(Story::b1, {0, false, false, true, true});
    CHECK(s.of(Story::a1, id).peer_media.screen);
    CHECK_FALSE(s.of(Story::a1, id).upgrade); // it had pictures already

    // An older update that comes late says nothing.
    s.who[Story::b1].receive(Town::conversation(), Town::device(Story::a1),
                             wire::call::Update{id, {2, true, true, false, false}}, s.now);
    s.collect(Story::b1);
    CHECK_FALSE(s.of(Story::b1, id).peer_media.muted);
    // A lost one is made up for by the next that comes by itself.
    s.done(Story::a1, s.who[Story::a1].set_media(id, {0, true, false, true, false}, s.now));
    s.under_way.clear();
    s.after(update_every + 1s);
    CHECK(s.of(Story::b1, id).peer_media.muted);
}

TEST_CASE("call: no media in time, no word any more, a device that forgot")
{
    {
        Story s;
        s.place(Story::a1);
        s.settle();
        s.done(Story::b1, s.who[Story::b1].answer(id, voice, s.now));
        s.after(connect_max + 1s);
        CHECK(s.of(Story::a1, id).outcome == Outcome::failed);
        CHECK(s.of(Story::b1, id).outcome == Outcome::failed);
        CHECK(s.of(Story::a1, id).recorded == Outcome::failed);
    }
    {
        Story s;
        s.talk(Story::a1, Story::b1);
        s.who[Story::b1] = Calls(Town::device(Story::b1)); // restarted: it knows of nothing, and says so
        s.after(update_every + 1s);
        CHECK(s.of(Story::a1, id).outcome == Outcome::lost);
    }
    {
        Story s;
        s.talk(Story::a1, Story::b1);
        Instant now = s.now;
        for (; now < s.now + update_silence_max; now += 1s) { // the other one is gone
            s.who[Story::a1].handle_deadline(now);
            s.collect(Story::a1);
            s.under_way.clear();
        }
        CHECK(s.who[Story::a1].state(id) == State::active);
        s.who[Story::a1].handle_deadline(now);
        s.collect(Story::a1);
        CHECK(s.of(Story::a1, id).outcome == Outcome::lost);
        CHECK(s.of(Story::a1, id).records == 1);
    }
}

TEST_CASE("call: whoever is in a call and offers another was started anew: the call is lost, and it rings")
{
    Story s;
    s.talk(Story::a1, Story::b1);
    s.who[Story::b1] = Calls(Town::device(Story::b1));
    s.place(Story::b1, other);
    s.settle();
    CHECK(s.of(Story::a1, id).outcome == Outcome::lost);
    CHECK(s.of(Story::a1, id).records == 1);
    CHECK(s.who[Story::a1].state(other) == State::ringing_here);
    CHECK(s.who[Story::b1].state(other) == State::ringing_there);
    s.done(Story::a1, s.who[Story::a1].answer(other, voice, s.now));
    s.settle();
    CHECK(s.who[Story::b1].state(other) == State::connecting);

    // Another device of that account is told that this one is busy, as ever.
    Story t;
    t.talk(Story::a1, Story::b1);
    t.place(Story::b2, other);
    t.settle();
    CHECK(t.of(Story::b2, other).outcome == Outcome::busy);
    CHECK(t.who[Story::a1].state(id) == State::active);
}

TEST_CASE("call: a caller who vanishes is a missed call, recorded by who rang")
{
    Story s;
    s.place(Story::a1);
    s.settle();
    s.who[Story::a1] = Calls(Town::device(Story::a1));
    s.after(offer_silence_max + 1s);
    CHECK(s.of(Story::b1, id).outcome == Outcome::lost);
    CHECK(s.of(Story::b1, id).records == 1);
}

TEST_CASE("call: strangers, wrong conversations and own echoes change nothing")
{
    Story s;
    s.talk(Story::a1, Story::b1);
    const std::string before = s.who[Story::a1].fingerprint();
    ConversationId elsewhere;
    const Device eve{"eve", Town::device(Story::b1).device};
    for (const Signal& signal :
         {Signal(wire::call::End{id, EndReason::hung_up}), Signal(wire::call::Reject{id, RejectReason::declined}),
          Signal(wire::call::Update{id, {99, true, true, true, true}}), Signal(wire::call::Answer{id, voice}),
          Signal(wire::call::Taken{id, eve.device, voice})}) {
        s.who[Story::a1].receive(Town::conversation(), eve, signal, s.now);
        s.who[Story::a1].receive(elsewhere, Town::device(Story::b1), signal, s.now);
        s.who[Story::a1].receive(Town::conversation(), Town::device(Story::a1), signal, s.now);
        s.who[Story::a1].receive(Town::conversation(), Town::device(Story::a2), signal, s.now);
        // Bob's other device is not in this call.
        if (!std::holds_alternative<wire::call::Answer>(signal))
            s.who[Story::a1].receive(Town::conversation(), Town::device(Story::b2), signal, s.now);
    }
    CHECK(s.who[Story::a1].fingerprint() == before);
}

TEST_CASE("call: bounds")
{
    Calls calls(Town::device(Story::b1));
    const auto rings = [&](std::uint8_t n) {
        ConversationId conversation;
        conversation.bytes.fill(n);
        Device from{"user" + std::to_string(n), {}};
        from.device.bytes.fill(n);
        calls.receive(conversation, from, wire::call::Offer{call_id(n), false, voice}, start);
        return calls.state(call_id(n)) == State::ringing_here;
    };
    for (std::size_t n = 0; n + 1 < call::calls_max; ++n)
        CHECK(rings(static_cast<std::uint8_t>(n + 1)));
    static_cast<void>(calls.take());
    CHECK_FALSE(rings(100));
    const auto out = calls.take();
    // And this device calls somebody else nevertheless.
    Calls caller = calls;
    CHECK(caller.place(call_id(99), ConversationId{}, "somebody", false, voice, start).ok());
    REQUIRE(out.size() == 1);
    CHECK(std::get<wire::call::Reject>(std::get<out::Send>(out[0]).signal).reason == RejectReason::busy);
    // Those that are over are forgotten, oldest first: as many are known as ended_max.
    for (int n = 0; n < 150; ++n)
        CHECK_FALSE(rings(static_cast<std::uint8_t>(101 + n)));
    static_cast<void>(calls.take());
    CHECK_FALSE(rings(static_cast<std::uint8_t>(250)));
    std::size_t known = 0;
    const std::string print = calls.fingerprint();
    for (std::size_t at = print.find(" over "); at != std::string::npos; at = print.find(" over ", at + 1))
        ++known;
    CHECK(known == ended_max);
}

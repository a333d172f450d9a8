// SPDX-License-Identifier: Apache-2.0
// Signals of other devices, own ones included. Whoever sends one is known by its seal; whether it may is judged here.
#include "lib/call/calls.hpp"

#include <algorithm>

namespace godwit::call {

namespace w = wire::call;

namespace {

bool is_offered(State state)
{
    return state == State::calling || state == State::ringing_there;
}

bool is_between_two(State state)
{
    return state == State::connecting || state == State::active;
}

bool has_picture(const Media& media)
{
    return media.camera || media.screen;
}

Outcome outcome_of(RejectReason reason)
{
    switch (reason) {
    case RejectReason::busy: return Outcome::busy;
    case RejectReason::unsupported: return Outcome::unsupported;
    case RejectReason::declined: break;
    }
    return Outcome::declined;
}

Outcome outcome_of(EndReason reason, bool was_active)
{
    switch (reason) {
    case EndReason::hung_up: return was_active ? Outcome::completed : Outcome::cancelled;
    case EndReason::cancelled: return Outcome::cancelled;
    case EndReason::timed_out: return Outcome::no_answer;
    case EndReason::failed: return Outcome::failed;
    case EndReason::lost: return Outcome::lost;
    case EndReason::superseded: return Outcome::superseded;
    case EndReason::rejected: return Outcome::declined;
    }
    return Outcome::failed;
}

} // namespace

void Calls::receive(const ConversationId& conversation, const Device& from, const Signal& signal, Instant now)
{
    if (from == self_) return;
    const auto at = calls_.find(w::id_of(signal));
    // A call is of one conversation, and of the two accounts in it.
    if (at != calls_.end() &&
        (at->second.conversation != conversation || (from.user != self_.user && from.user != at->second.other)))
        return;
    std::visit([&](const auto& one) { on(conversation, from, one, now); }, signal);
}

void Calls::repeat_end(const ConversationId& conversation, const Device& to, const Over& over)
{
    Call call;
    call.conversation = conversation;
    if (over.rejected)
        send(call, std::nullopt, w::Reject{over.id, *over.rejected});
    else
        send(call, to, w::End{over.id, over.reason});
}

void Calls::on(const ConversationId& conversation, const Device& from, const w::Offer& v, Instant now)
{
    if (from.user == self_.user) return; // a sibling calls somebody
    if (const Over* const past = over(v.id)) {
        if (past->rejected) repeat_end(conversation, from, *past);
        return;
    }
    if (const auto at = calls_.find(v.id); at != calls_.end()) {
        Call& call = at->second;
        if (!call.incoming || call.peer != from) return;
        call.heard = now;
        if (call.state == State::ringing_here) send(call, from, w::Ringing{v.id});
        return;
    }

    Call call;
    call.conversation = conversation;
    call.incoming = true;
    call.video = v.video;
    call.other = from.user;
    call.peer = from;
    call.theirs = v.media;
    enter(call, State::ringing_here, now);

    auto mine = engaged();
    // Who is in a call with this device and offers another has forgotten the one it is in: it was started anew.
    if (mine && calls_.at(*mine).peer == from && is_between_two(calls_.at(*mine).state)) {
        end(calls_.find(*mine), Outcome::lost, EndReason::lost, now);
        mine.reset();
    }
    const Call* const own = mine ? &calls_.at(*mine) : nullptr;
    const bool glare = own != nullptr && !own->incoming && is_offered(own->state) && own->other == from.user;
    if (glare && *mine < v.id) return; // they answer ours
    if (glare) {
        const Media media = own->own;
        send(*own, std::nullopt, w::End{*mine, EndReason::superseded});
        end(calls_.find(*mine), Outcome::superseded, EndReason::superseded, now);
        do_answer(calls_.emplace(v.id, std::move(call)).first, media, now);
        return;
    }
    // One place is left for a call that this device takes part in: whoever rings must not keep it from calling.
    if (own != nullptr || busy_ || calls_.size() + 1 >= calls_max) {
        send(call, std::nullopt, w::Reject{v.id, RejectReason::busy});
        over_.push_back({v.id, from, RejectReason::busy, EndReason::hung_up, false, now});
        if (over_.size() > ended_max) over_.pop_front();
        return;
    }
    send(call, from, w::Ringing{v.id});
    out_.emplace_back(out::Incoming{v.id, conversation, from, v.video});
    calls_.emplace(v.id, std::move(call));
}

void Calls::on(const ConversationId&, const Device& from, const w::Ringing& v, Instant)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end() || at->second.state != State::calling || from.user == self_.user) return;
    at->second.state = State::ringing_there; // the time of calling goes on
    out_.emplace_back(out::RingingThere{v.id});
}

void Calls::on(const ConversationId& conversation, const Device& from, const w::Answer& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end()) {
        const Over* const past = over(v.id);
        // Only who called may say that it is over.
        if (past != nullptr && past->party && from.user != self_.user) repeat_end(conversation, from, *past);
        return;
    }
    Call& call = at->second;
    if (from.user == self_.user) { // a sibling was quicker
        if (call.state == State::ringing_here) end(at, Outcome::answered_elsewhere, EndReason::hung_up, now);
        return;
    }
    if (call.incoming) return;
    if (is_offered(call.state)) {
        call.peer = from;
        call.theirs = v.media;
        enter(call, State::connecting, now);
        out_.emplace_back(out::Connect{v.id, from, true, call.theirs});
    }
    // To whoever answers, again and again: who it is.
    send(call, std::nullopt, w::Taken{v.id, call.peer->device, call.own});
}

void Calls::on(const ConversationId&, const Device& from, const w::Taken& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end() || !at->second.incoming || at->second.peer != from) return;
    Call& call = at->second;
    if (v.device != self_.device) {
        if (call.state == State::ringing_here || call.state == State::answering)
            end(at, Outcome::answered_elsewhere, EndReason::hung_up, now);
        return;
    }
    if (call.state != State::answering) return;
    connect(at, v.media, now);
}

void Calls::on(const ConversationId&, const Device& from, const w::Reject& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end()) return;
    Call& call = at->second;
    if (call.incoming) { // a sibling has, for the account
        if (from.user == self_.user && call.state == State::ringing_here)
            end(at, outcome_of(v.reason), EndReason::hung_up, now);
        return;
    }
    if (from.user == self_.user) return;
    const bool of_the_one = call.peer == from; // it answered, and changed its mind before it heard Taken
    if (!is_offered(call.state) && !of_the_one) return;
    // Siblings of who rejected may not have heard it.
    send(call, std::nullopt, w::End{v.id, EndReason::rejected});
    end(at, outcome_of(v.reason), EndReason::rejected, now);
}

void Calls::on(const ConversationId&, const Device& from, const w::End& v, Instant now)
{
    const auto at = calls_.find(v.id);
    // Of the other device only; before an answer that is who called.
    if (at == calls_.end() || at->second.peer != from) return;
    end(at, outcome_of(v.reason, at->second.active_since.has_value()), v.reason, now);
}

void Calls::on(const ConversationId& conversation, const Device& from, const w::Update& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end()) {
        // It was said to this device: the other one takes us for part of a call.
        const Over* const past = over(v.id);
        const Over unknown{v.id, from, std::nullopt, EndReason::lost, true, now};
        if (from.user != self_.user)
            repeat_end(conversation, from, past != nullptr && !past->rejected ? *past : unknown);
        return;
    }
    if (at->second.peer != from) return;
    // Who sends updates knows of the answer: Taken was lost.
    if (at->second.state == State::answering) return connect(at, v.media, now);
    if (at->second.state == State::connecting || at->second.state == State::active) hear(at, v.media, now);
}

void Calls::connect(Place at, const Media& media, Instant now)
{
    Call& call = at->second;
    if (media.revision > call.theirs.revision) call.theirs = media;
    enter(call, State::connecting, now);
    out_.emplace_back(out::Connect{at->first, *call.peer, false, call.theirs});
}

void Calls::hear(Place at, const Media& media, Instant now)
{
    Call& call = at->second;
    call.heard = now;
    if (media.revision <= call.theirs.revision) return;
    const bool upgrade = has_picture(media) && !has_picture(call.theirs) && !has_picture(call.own);
    call.theirs = media;
    out_.emplace_back(out::PeerMedia{at->first, media, upgrade});
}

} // namespace godwit::call

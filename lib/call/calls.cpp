// SPDX-License-Identifier: Apache-2.0
#include "lib/call/calls.hpp"

#include <algorithm>

namespace godwit::call {

namespace w = wire::call;

namespace {

Error no_such_call()
{
    return {ErrorCode::invalid_argument, "call: there is no such call here; it may be over", 0};
}

bool takes_part(State state)
{
    return state != State::ringing_here;
}

/// Nothing is heard of the other device, by whatever; or it says that it is there, and media does not come.
template <class Call>
Instant lost_at(const Call& call)
{
    const bool judged = call.media != Instant{}; // media has been heard of
    return judged ? earlier(std::max(call.heard, call.media) + update_silence_max, call.media + media_lost_max)
                  : call.heard + update_silence_max;
}

} // namespace

std::vector<Output> Calls::take()
{
    return std::exchange(out_, {});
}

std::optional<State> Calls::state(const Id& id) const noexcept
{
    const auto at = calls_.find(id);
    return at == calls_.end() ? std::nullopt : std::optional(at->second.state);
}

std::optional<Id> Calls::engaged() const noexcept
{
    for (const auto& [id, call] : calls_)
        if (takes_part(call.state)) return id;
    return std::nullopt;
}

Result<Calls::Place> Calls::find(const Id& id)
{
    const auto at = calls_.find(id);
    if (at == calls_.end()) return no_such_call();
    return at;
}

const Calls::Over* Calls::over(const Id& id) const noexcept
{
    const auto at = std::find_if(over_.begin(), over_.end(), [&](const Over& one) { return one.id == id; });
    return at == over_.end() ? nullptr : &*at;
}

void Calls::send(const Call& call, std::optional<Device> to, Signal signal)
{
    out_.emplace_back(out::Send{call.conversation, std::move(to), std::move(signal)});
}

void Calls::enter(Call& call, State state, Instant now)
{
    call.state = state;
    call.since = call.heard = now;
    call.repeat_at = now + (state == State::answering ? answer_every : update_every);
}

void Calls::end(Place at, Outcome outcome, EndReason reason, Instant now, std::optional<RejectReason> rejected)
{
    const Id id = at->first;
    const Call& call = at->second;
    const Duration active = call.active_since ? now - *call.active_since : Duration(0);
    const bool heard_how = outcome != Outcome::lost || call.state != State::ringing_here;
    out_.emplace_back(out::Ended{id, outcome, active, call.incoming});
    // A call that gave way to the other one was none.
    if (outcome != Outcome::superseded && (!call.incoming || !heard_how))
        out_.emplace_back(
            out::Record{id, call.conversation, call.incoming ? call.other : self_.user, outcome, active, call.video});
    over_.push_back({id, call.peer, rejected, reason, takes_part(call.state), now});
    if (over_.size() > ended_max) over_.pop_front();
    calls_.erase(at);
}

Result<void> Calls::place(const Id& id, const ConversationId& conversation, const std::string& user, bool video,
                          const Media& media, Instant now)
{
    if (user == self_.user) return Error{ErrorCode::invalid_argument, "call: nobody can call the own account", 0};
    if (knows(id)) return Error{ErrorCode::invalid_argument, "call: this id is known; a call has a fresh one", 0};
    if (engaged()) return Error{ErrorCode::conflict, "call: this device is in a call; hang up first", 0};
    for (const auto& [other, ringing] : calls_)
        if (ringing.other == user) return Error{ErrorCode::conflict, "call: they are calling; answer that call", 0};
    Call call;
    call.conversation = conversation;
    call.video = video;
    call.other = user;
    call.own = media;
    call.own.revision = 1;
    enter(call, State::calling, now);
    call.repeat_at = now + offer_every;
    out_.emplace_back(out::Wake{user});
    send(call, std::nullopt, w::Offer{id, video, call.own});
    calls_.emplace(id, std::move(call));
    return {};
}

Result<void> Calls::answer(const Id& id, const Media& media, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    if ((*at)->second.state != State::ringing_here)
        return Error{ErrorCode::invalid_argument, "call: it does not ring here any more", 0};
    if (engaged()) return Error{ErrorCode::conflict, "call: this device is in another call; hang up first", 0};
    do_answer(*at, media, now);
    return {};
}

void Calls::do_answer(Place at, const Media& media, Instant now)
{
    Call& call = at->second;
    call.own = media;
    call.own.revision = 1;
    enter(call, State::answering, now);
    send(call, std::nullopt, w::Answer{at->first, call.own});
}

Result<void> Calls::reject(const Id& id, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    if ((*at)->second.state != State::ringing_here)
        return Error{ErrorCode::invalid_argument, "call: it does not ring here any more", 0};
    do_reject(*at, RejectReason::declined, now);
    return {};
}

void Calls::do_reject(Place at, RejectReason reason, Instant now)
{
    send(at->second, std::nullopt, w::Reject{at->first, reason});
    end(at, reason == RejectReason::busy ? Outcome::busy : Outcome::declined, EndReason::hung_up, now, reason);
}

Result<void> Calls::hang_up(const Id& id, Instant now)
{
    auto found = find(id);
    if (!found) return found.error();
    const Place at = *found;
    const Call& call = at->second;
    switch (call.state) {
    case State::calling:
    case State::ringing_there:
        send(call, std::nullopt, w::End{id, EndReason::cancelled});
        end(at, Outcome::cancelled, EndReason::cancelled, now);
        break;
    case State::ringing_here: do_reject(at, RejectReason::declined, now); break;
    case State::answering: // not known yet whether it is this device's call: for the account it is none
        do_reject(at, RejectReason::declined, now);
        break;
    case State::connecting:
    case State::active:
        send(call, call.peer, w::End{id, EndReason::hung_up});
        end(at, call.active_since ? Outcome::completed : Outcome::cancelled, EndReason::hung_up, now);
        break;
    }
    return {};
}

Result<void> Calls::set_media(const Id& id, const Media& media, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    Call& call = (*at)->second;
    const std::uint32_t revision = call.own.revision;
    call.own = media;
    call.own.revision = revision + 1;
    if (call.state == State::connecting || call.state == State::active) {
        send(call, call.peer, w::Update{id, call.own});
        call.repeat_at = now + update_every;
    }
    return {};
}

void Calls::connected(const Id& id, Instant now)
{
    const auto at = calls_.find(id);
    if (at == calls_.end() || at->second.state != State::connecting) return;
    enter(at->second, State::active, now);
    at->second.active_since = now;
    out_.emplace_back(out::Active{id});
}

void Calls::media_heard(const Id& id, Instant now)
{
    const auto at = calls_.find(id);
    if (at != calls_.end() && at->second.state == State::active) at->second.media = now;
}

void Calls::failed(const Id& id, Instant now)
{
    const auto at = calls_.find(id);
    if (at == calls_.end() || !at->second.peer || at->second.state == State::ringing_here) return;
    send(at->second, at->second.peer, w::End{id, EndReason::failed});
    end(at, Outcome::failed, EndReason::failed, now);
}

Instant Calls::next_deadline(const Call& call) const noexcept
{
    switch (call.state) {
    case State::calling:
    case State::ringing_there: return earlier(call.repeat_at, call.since + ring_max);
    // It ends by itself a little after the caller's own end of patience, should that not be heard.
    case State::ringing_here: return earlier(call.heard + offer_silence_max, call.since + ring_max + offer_silence_max);
    case State::answering: return earlier(call.repeat_at, call.since + answer_max);
    case State::connecting: return earlier(call.repeat_at, call.since + connect_max);
    case State::active: return earlier(call.repeat_at, lost_at(call));
    }
    return never;
}

Instant Calls::deadline() const noexcept
{
    Instant out = over_.empty() ? never : over_.front().at + ended_for;
    for (const auto& [id, call] : calls_)
        out = earlier(out, next_deadline(call));
    return out;
}

void Calls::step(Place at, Instant now)
{
    const Id id = at->first;
    Call& call = at->second;
    switch (call.state) {
    case State::calling:
    case State::ringing_there:
        if (now >= call.since + ring_max) {
            send(call, std::nullopt, w::End{id, EndReason::timed_out});
            return end(at, Outcome::no_answer, EndReason::timed_out, now);
        }
        send(call, std::nullopt, w::Offer{id, call.video, call.own});
        call.repeat_at = now + offer_every;
        return;
    case State::ringing_here: return end(at, Outcome::lost, EndReason::lost, now);
    case State::answering:
        if (now >= call.since + answer_max) return end(at, Outcome::failed, EndReason::failed, now);
        send(call, std::nullopt, w::Answer{id, call.own});
        call.repeat_at = now + answer_every;
        return;
    case State::connecting:
        if (now >= call.since + connect_max) return failed(id, now);
        break;
    case State::active:
        if (now >= lost_at(call)) {
            send(call, call.peer, w::End{id, EndReason::lost});
            return end(at, Outcome::lost, EndReason::lost, now);
        }
        break;
    }
    send(call, call.peer, w::Update{id, call.own});
    call.repeat_at = now + update_every;
}

void Calls::handle_deadline(Instant now)
{
    while (!over_.empty() && now >= over_.front().at + ended_for)
        over_.pop_front();
    for (auto at = calls_.begin(); at != calls_.end();) {
        const auto next = std::next(at); // step() may end this one, and no other
        if (now >= next_deadline(at->second)) step(at, now);
        at = next;
    }
}

std::string Calls::fingerprint() const
{
    std::string out;
    const auto media = [](const Media& m) {
        return std::to_string(m.revision) + (m.muted ? "m" : "") + (m.held ? "h" : "") + (m.camera ? "c" : "") +
               (m.screen ? "s" : "") + (m.vp9 ? "9" : "");
    };
    const auto when = [](Instant at) { return std::to_string(at.time_since_epoch().count()); };
    for (const auto& [id, call] : calls_)
        out += to_hex(id.view().first(2)) + " " + std::to_string(static_cast<int>(call.state)) +
               (call.incoming ? "i" : "o") + " " + (call.peer ? to_hex(call.peer->device.view().first(2)) : "-") + " " +
               media(call.own) + "/" + media(call.theirs) + " " + when(call.since) + " " + when(call.heard) + " " +
               when(call.repeat_at) + (call.active_since ? " a" + when(*call.active_since) : "") + "\n";
    for (const Over& one : over_)
        out += to_hex(one.id.view().first(2)) + " over " + std::to_string(static_cast<int>(one.reason)) +
               (one.rejected ? "r" + std::to_string(static_cast<int>(*one.rejected)) : "") + (one.party ? "p" : "") +
               "\n";
    return out;
}

} // namespace godwit::call

// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/call_side.hpp"

#include <algorithm>

namespace godwit::engine {

namespace {

call::Media to_wire(const CallMedia& media)
{
    return {0, media.muted, media.held, media.camera, media.screen, media.vp9};
}

CallMedia from_wire(const call::Media& media)
{
    return {media.muted, media.held, media.camera, media.screen, media.vp9};
}

CallOutcome told_as(call::Outcome outcome)
{
    return static_cast<CallOutcome>(outcome); // the same numbers, by the assertions below
}
static_assert(static_cast<int>(call::Outcome::completed) == static_cast<int>(CallOutcome::completed));
static_assert(static_cast<int>(call::Outcome::answered_elsewhere) == static_cast<int>(CallOutcome::answered_elsewhere));
static_assert(static_cast<int>(call::Outcome::superseded) == static_cast<int>(CallOutcome::superseded));
static_assert(static_cast<int>(call::Outcome::full) == static_cast<int>(CallOutcome::full));
static_assert(call::calls_max == calls_max);

/// What is left for files, bytes a second: never nothing, since a piece must come through some day.
std::uint64_t files_share(double bps)
{
    return std::max<std::uint64_t>(2'000, static_cast<std::uint64_t>(bps / 8));
}

CallMedia begins_with(bool video, bool vp9)
{
    CallMedia out;
    out.camera = video;
    out.vp9 = vp9;
    return out;
}

Error no_call(std::string detail)
{
    return {ErrorCode::invalid_argument, "call: " + std::move(detail), 0};
}

std::uint64_t ms_since(const std::optional<Instant>& since, Instant now)
{
    if (!since || *since > now) return 0;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now - *since).count());
}

} // namespace

void CallSide::start(const std::string& user, const DeviceId& device)
{
    stop();
    calls_.emplace(call::Device{user, device});
}

void CallSide::stop()
{
    for (auto& [id, known] : known_) {
        if (known.begun) order(id, port::MediaEnd{});
        context_.event(event::CallEnded{known.info, CallOutcome::cancelled});
    }
    known_.clear();
    superseded_.clear();
    calls_.reset();
}

bool CallSide::leave(CallReach& reach, Moment now)
{
    if (known_.empty()) return false;
    if (const auto in = calls_->engaged()) {
        static_cast<void>(calls_->hang_up(*in, now.mono));
        carry(reach, now);
    }
    stop();
    return true;
}

CallInfo CallSide::info(const Known& call, Moment now) const
{
    CallInfo out = call.info;
    out.active_ms = ms_since(call.active_since, now.mono);
    return out;
}

// ---- what the application asks --------------------------------------------------------------------------------------

bool CallSide::refused(RequestId id, const CallDevices& devices)
{
    if (door_ == nullptr) {
        context_.refuse(id, {ErrorCode::unsupported, "calls: this build of godwit has no media", 0});
        return true;
    }
    const auto fine = door_->check(devices);
    if (!fine) context_.refuse(id, fine.error());
    return !fine;
}

CallSide::Known* CallSide::meant(RequestId id, const std::optional<CallId>& call, bool ringing, bool any)
{
    const auto rings = [](const Known& one) { return one.info.incoming && one.info.state == CallState::ringing; };
    if (call) {
        const auto at = known_.find(*call);
        if (at != known_.end()) return &at->second;
        context_.refuse(id, no_call("there is no such call here; it may be over"));
        return nullptr;
    }
    std::vector<Known*> found;
    for (auto& [one, known] : known_)
        if (rings(known) == ringing) found.push_back(&known);
    if (found.empty() && any)
        for (auto& [one, known] : known_)
            if (rings(known)) found.push_back(&known);
    if (found.size() == 1) return found.front();
    context_.refuse(id, no_call(!found.empty() ? "several ring here: say which"
                                : ringing      ? "none rings here"
                                               : "this device is in none"));
    return nullptr;
}

void CallSide::ask(RequestId id, const conversation::Parties& parties, const request::CallPlace& place,
                   CallReach& reach, Moment now)
{
    if (refused(id, place.devices)) return;
    CallId call;
    context_.entropy.fill(call.bytes);
    Known known;
    known.info.id = call;
    known.info.conversation = parties.conversation;
    known.info.with = parties.with;
    known.info.video = place.video;
    known.info.own = begins_with(place.video, door_->decodes_vp9());
    known.devices = place.devices;
    const auto placed =
        calls_->place(call, parties.conversation, parties.with, place.video, to_wire(known.info.own), now.mono);
    if (!placed) return context_.refuse(id, placed.error());
    known_.emplace(call, std::move(known));
    context_.reply(id, call);
    carry(reach, now);
}

void CallSide::ask(RequestId id, const request::CallAnswer& answer, CallReach& reach, Moment now)
{
    if (refused(id, answer.devices)) return;
    auto* const known = meant(id, answer.call, true, false);
    if (known == nullptr) return;
    const auto own = begins_with(answer.video, door_->decodes_vp9());
    const auto answered = calls_->answer(known->info.id, to_wire(own), now.mono);
    if (!answered) return context_.refuse(id, answered.error());
    known->info.own = own;
    known->info.state = CallState::connecting;
    known->devices = answer.devices;
    context_.reply(id, known->info.id);
    carry(reach, now);
}

void CallSide::ask(RequestId id, const request::CallReject& reject, CallReach& reach, Moment now)
{
    const auto* const known = meant(id, reject.call, true, false);
    if (known == nullptr) return;
    const auto done = calls_->reject(known->info.id, now.mono);
    if (!done) return context_.refuse(id, done.error());
    context_.reply_ok(id);
    carry(reach, now);
}

void CallSide::ask(RequestId id, const request::CallHangUp& hang_up, CallReach& reach, Moment now)
{
    const auto* const known = meant(id, hang_up.call, false, true);
    if (known == nullptr) return;
    const auto done = calls_->hang_up(known->info.id, now.mono);
    if (!done) return context_.refuse(id, done.error());
    context_.reply_ok(id);
    carry(reach, now);
}

void CallSide::ask(RequestId id, const request::CallSetMedia& what, CallReach& reach, Moment now)
{
    auto* const known = meant(id, what.call, false, false);
    if (known == nullptr) return;
    auto own = known->info.own;
    own.muted = what.muted.value_or(own.muted);
    own.held = what.held.value_or(own.held);
    own.camera = what.camera.value_or(own.camera);
    own.screen = what.screen.value_or(own.screen);
    const auto done = calls_->set_media(known->info.id, to_wire(own), now.mono);
    if (!done) return context_.refuse(id, done.error());
    known->info.own = own;
    if (known->begun) order(known->info.id, port::MediaParts{own, known->info.theirs});
    context_.reply_ok(id);
    carry(reach, now);
}

void CallSide::ask(RequestId id, const request::CallStats& wanted, Moment now)
{
    auto* const known = meant(id, wanted.call, false, false);
    if (known == nullptr) return;
    if (!known->begun) return context_.refuse(id, no_call("it is not connected yet"));
    auto out = known->statistics;
    out.active_ms = ms_since(known->active_since, now.mono);
    out.path = known->way ? known->way->path : Path::none;
    context_.reply(id, out);
}

void CallSide::hang_up_with(const std::string& user, CallReach& reach, Moment now)
{
    std::vector<CallId> with;
    for (const auto& [id, known] : known_)
        if (known.info.with == user) with.push_back(id);
    for (const auto& id : with)
        static_cast<void>(calls_->hang_up(id, now.mono));
    if (!with.empty()) carry(reach, now);
}

std::vector<CallInfo> CallSide::list(Moment now) const
{
    std::vector<CallInfo> out;
    for (const auto& [call, known] : known_)
        out.push_back(info(known, now));
    return out;
}

std::size_t CallSide::count(bool ringing) const
{
    return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(), [&](const auto& one) {
        return (one.second.info.incoming && one.second.info.state == CallState::ringing) == ringing;
    }));
}

// ---- what comes in --------------------------------------------------------------------------------------------------

void CallSide::signal(const ConversationId& conversation, const call::Device& from, const call::Signal& signal,
                      CallReach& reach, Moment now)
{
    if (!calls_) return;
    if (door_ == nullptr) {
        // Another device of the account may have media. Where there is none, who calls need not wait.
        const auto* offer = std::get_if<wire::call::Offer>(&signal);
        if (offer != nullptr && reach.is_alone())
            reach.signal(conversation, std::nullopt,
                         wire::call::encode(wire::call::Reject{offer->id, wire::call::RejectReason::unsupported}), now);
        return;
    }
    calls_->receive(conversation, from, signal, now.mono);
    carry(reach, now);
}

void CallSide::report(const CallId& call, const port::MediaReport& report, CallReach& reach, Moment now)
{
    const auto at = known_.find(call);
    if (!calls_ || at == known_.end() || !at->second.begun) return; // over meanwhile
    auto& known = at->second;
    if (std::holds_alternative<port::MediaFlows>(report)) {
        calls_->connected(call, now.mono);
    } else if (const auto* failed = std::get_if<port::MediaFailed>(&report)) {
        context_.log("media of a call failed: " + failed->why.detail);
        context_.event(event::Warning{failed->why});
        calls_->failed(call, now.mono);
    } else if (const auto* trouble = std::get_if<port::MediaTrouble>(&report)) {
        context_.event(event::Warning{trouble->why});
    } else if (std::holds_alternative<port::MediaSilent>(report)) {
        reach.doubt(known.info.device);
    } else if (const auto* statistics = std::get_if<CallStatistics>(&report)) {
        // Media that comes says that the other device is there, also when the relay is not.
        if (statistics->datagrams_received > known.statistics.datagrams_received) calls_->media_heard(call, now.mono);
        known.statistics = *statistics;
        known.statistics.active_ms = ms_since(known.active_since, now.mono);
        known.statistics.path = known.way ? known.way->path : Path::none;
        if (known.way) reach.used(known.way->link, now);
        if (known.active_since && known.quality_at <= now.mono) {
            known.quality_at = now.mono + std::chrono::milliseconds(event::call_quality_every_ms);
            context_.event(event::CallQuality{call, known.statistics});
        }
    }
    carry(reach, now);
}

void CallSide::end_tick(CallReach& reach, Moment now)
{
    if (!calls_) return;
    // Blocked or removed, by another device of the account too; or under another key than the one that was accepted.
    for (const auto& [id, known] : known_)
        if (!reach.may_talk(known.info.conversation)) static_cast<void>(calls_->hang_up(id, now.mono));
    calls_->handle_deadline(now.mono);
    carry(reach, now);
    for (auto& [id, known] : known_)
        if (known.connects) drive(id, known, reach, now);
}

/// Keys, then media; and the way it takes, whichever is the best now.
void CallSide::drive(const CallId& id, Known& call, CallReach& reach, Moment now)
{
    if (auto keys = reach.keys(call.info.conversation, id, call.epoch)) {
        call.epoch = keys->epoch;
        if (call.begun) {
            order(id, port::MediaKeys{std::move(*keys)});
        } else {
            call.begun = true;
            order(id, port::MediaBegin{call.info.device, call.offerer, call.devices, std::move(*keys), call.info.own,
                                       call.info.theirs});
        }
    }
    if (!call.begun) return;
    const auto way = reach.way(call.info.device);
    if (way != call.way) {
        call.way = way;
        order(id, port::MediaWay{way ? way->link : 0, way ? way->path : Path::none});
        if (way) reach.used(way->link, now);
    }
    if (!way || way->path != Path::direct) reach.seek(call.info.device, now);
    const bool files = reach.has_files();
    if (std::exchange(call.files, files) != files) order(id, port::MediaFiles{files, {}});
    if (files && call.statistics.files_bps > 0) reach.share_files(files_share(call.statistics.files_bps), now);
}

Instant CallSide::deadline() const
{
    return calls_ ? calls_->deadline() : never;
}

std::vector<DeviceId> CallSide::sought() const
{
    std::vector<DeviceId> out;
    for (const auto& [id, known] : known_)
        if (known.connects && (!known.way || known.way->path != Path::direct)) out.push_back(known.info.device);
    return out;
}

// ---- what lib/call wants done ---------------------------------------------------------------------------------------

void CallSide::carry(CallReach& reach, Moment now)
{
    for (auto& one : calls_->take())
        std::visit([&](auto& v) { on(v, reach, now); }, one);
}

void CallSide::on(call::out::Send& v, CallReach& reach, Moment now)
{
    reach.signal(v.conversation, v.to ? std::optional(v.to->device) : std::nullopt, wire::call::encode(v.signal), now);
}

/// Who sleeps is woken, where the relay's operator has somebody who does it, by the offer itself (CallReach::signal),
/// and rings with the next one; else the record says what was missed.
void CallSide::on(call::out::Wake&, CallReach&, Moment) {}

void CallSide::on(call::out::Incoming& v, CallReach& reach, Moment now)
{
    Known known;
    known.info.id = v.id;
    known.info.conversation = v.conversation;
    known.info.with = v.from.user;
    known.info.device = v.from.device;
    known.info.incoming = true;
    known.info.video = v.video;
    known.info.state = CallState::ringing;
    known.info.theirs = begins_with(v.video, false);
    context_.event(event::CallIncoming{known.info});
    known_.insert_or_assign(v.id, std::move(known));
    reach.seek(v.from.device, now); // while it rings, the path is found
}

void CallSide::on(call::out::RingingThere& v, CallReach&, Moment now)
{
    const auto at = known_.find(v.id);
    if (at == known_.end()) return;
    at->second.info.state = CallState::ringing;
    context_.event(event::CallChanged{info(at->second, now)});
}

void CallSide::on(call::out::Connect& v, CallReach& reach, Moment now)
{
    auto at = known_.find(v.id);
    if (at == known_.end()) { // both called each other, and theirs goes on
        const auto ours = superseded_.find(v.peer.user);
        if (ours == superseded_.end()) return;
        Known known = std::move(ours->second);
        superseded_.erase(ours);
        known.info.id = v.id;
        known.info.incoming = true;
        at = known_.emplace(v.id, std::move(known)).first;
    }
    auto& known = at->second;
    known.info.device = v.peer.device;
    known.info.theirs = from_wire(v.media);
    known.info.state = CallState::connecting;
    known.connects = true;
    known.offerer = v.offerer;
    context_.event(event::CallChanged{info(known, now)});
    drive(v.id, known, reach, now);
}

void CallSide::on(call::out::Active& v, CallReach&, Moment now)
{
    const auto at = known_.find(v.id);
    if (at == known_.end()) return;
    at->second.info.state = CallState::active;
    at->second.active_since = now.mono;
    at->second.quality_at = now.mono + std::chrono::milliseconds(event::call_quality_every_ms);
    context_.event(event::CallChanged{info(at->second, now)});
}

void CallSide::on(call::out::PeerMedia& v, CallReach&, Moment now)
{
    const auto at = known_.find(v.id);
    if (at == known_.end()) return;
    auto& known = at->second;
    known.info.theirs = from_wire(v.media);
    if (known.begun) order(v.id, port::MediaParts{known.info.own, known.info.theirs});
    context_.event(event::CallPeerMedia{info(known, now), v.upgrade});
}

void CallSide::on(call::out::Ended& v, CallReach& reach, Moment now)
{
    const auto at = known_.find(v.id);
    if (at == known_.end()) return;
    auto& known = at->second;
    if (known.begun) {
        order(v.id, port::MediaEnd{});
        reach.share_files(0, now);
    }
    known.info.active_ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(v.active).count());
    context_.event(event::CallEnded{known.info, told_as(v.outcome)});
    const std::string with = known.info.with;
    superseded_.erase(with);
    if (v.outcome == call::Outcome::superseded) superseded_.emplace(with, std::move(known));
    known_.erase(at);
}

void CallSide::on(call::out::Record& v, CallReach& reach, Moment now)
{
    reach.record(v, now);
}

} // namespace godwit::engine

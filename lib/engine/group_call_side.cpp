// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_call_state.hpp"

namespace godwit::engine {

using namespace group_call;

GroupCallSide::GroupCallSide(Context& context, port::MediaDoor* door) : state_(std::make_unique<State>(context, door))
{
}
GroupCallSide::~GroupCallSide() = default;

void GroupCallSide::start(const std::string& user, const DeviceId& device)
{
    stop();
    state_->self = {user, device};
    if (state_->door != nullptr) state_->calls.emplace(state_->self);
}

void GroupCallSide::stop()
{
    if (!state_->calls) return;
    for (const auto& id : state_->calls->all())
        state_->context.event(event::CallEnded{state_->info(id, {}), CallOutcome::cancelled});
    if (state_->in) state_->end_media();
    state_->calls.reset();
}

bool GroupCallSide::leave(CallReach& reach, Moment now)
{
    if (!state_->calls || state_->calls->all().empty()) return false;
    if (state_->in) {
        static_cast<void>(state_->calls->leave(state_->in->id, now.mono));
        state_->carry(reach, now);
    }
    stop();
    return true;
}

bool GroupCallSide::engaged() const
{
    return state_->in.has_value();
}

bool GroupCallSide::knows(const CallId& call) const
{
    return state_->calls && state_->calls->view(call).has_value();
}

std::size_t GroupCallSide::count(bool ringing) const
{
    if (!ringing || !state_->calls) return state_->in ? 1 : 0;
    const auto all = state_->calls->all();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const CallId& id) {
        return state_->calls->view(id)->state == call::GroupState::ringing;
    }));
}

// ---- what the application asks --------------------------------------------------------------------------------------

void GroupCallSide::ask(RequestId id, const conversation::Parties& parties, const request::CallPlace& place,
                        CallReach& reach, Moment now)
{
    if (!state_->calls)
        return state_->context.refuse(id, {ErrorCode::unsupported, "calls: this build of godwit has no media", 0});
    if (state_->refused(id, place.devices)) return;
    std::set<std::string> accounts;
    for (const auto& one : reach.members(parties.conversation))
        accounts.insert(one.user);
    if (accounts.size() > group_direct_members_max)
        return state_->context.refuse(
            id, {ErrorCode::unsupported,
                 "conversation: groups of at most " + std::to_string(group_direct_members_max) + " accounts have calls",
                 0});
    CallId fresh;
    state_->context.entropy.fill(fresh.bytes);
    CallMedia media;
    media.camera = place.video;
    media.vp9 = state_->door->decodes_vp9();
    state_->wanted = place.devices;
    const auto placed = state_->calls->place(fresh, parties.conversation, place.video, to_wire(media), now.mono);
    if (!placed) return state_->context.refuse(id, placed.error());
    state_->context.reply(id, *placed);
    state_->carry(reach, now);
}

void GroupCallSide::ask(RequestId id, const request::CallAnswer& answer, CallReach& reach, Moment now)
{
    if (state_->refused(id, answer.devices)) return;
    const auto call = state_->meant(id, answer.call, true);
    if (!call) return;
    CallMedia media;
    media.camera = answer.video;
    media.vp9 = state_->door->decodes_vp9();
    state_->wanted = answer.devices;
    const auto answered = state_->calls->answer(*call, to_wire(media), now.mono);
    if (!answered) return state_->context.refuse(id, answered.error());
    state_->context.reply(id, *call);
    state_->carry(reach, now);
}

void GroupCallSide::ask(RequestId id, const request::CallReject& reject, CallReach& reach, Moment now)
{
    if (const auto call = state_->meant(id, reject.call, true))
        state_->done(id, state_->calls->dismiss(*call, now.mono), reach, now);
}

void GroupCallSide::ask(RequestId id, const request::CallHangUp& hang_up, CallReach& reach, Moment now)
{
    if (const auto call = state_->meant(id, hang_up.call, false))
        state_->done(id, state_->calls->leave(*call, now.mono), reach, now);
}

void GroupCallSide::ask(RequestId id, const request::CallSetMedia& what, CallReach& reach, Moment now)
{
    const auto call = state_->meant(id, what.call, false);
    const auto view = call ? state_->calls->view(*call) : std::nullopt;
    if (!call) return;
    if (!view) return state_->context.refuse(id, no_call("there is no such call here; it may be over"));
    auto own = view->wanted;
    own.muted = what.muted.value_or(own.muted);
    own.held = what.held.value_or(own.held);
    own.camera = what.camera.value_or(own.camera);
    own.screen = what.screen.value_or(own.screen);
    const auto set = state_->calls->set_media(*call, own, now.mono);
    if (set) state_->tell_parts();
    state_->done(id, set, reach, now);
}

void GroupCallSide::ask(RequestId id, const request::CallStats& wanted, Moment)
{
    const auto& in = state_->in;
    if (!in || !in->begun || (wanted.call && *wanted.call != in->id))
        return state_->context.refuse(id, no_call("this device is in none that is connected"));
    const State::Peer* found = nullptr;
    for (const auto& [device, peer] : in->peers) {
        if (wanted.device && device != *wanted.device) continue;
        if (found == nullptr || peer.statistics.mos < found->statistics.mos) found = &peer;
    }
    if (found == nullptr) return state_->context.refuse(id, no_call("no such device is in it"));
    state_->context.reply(id, found->statistics);
}

std::vector<CallInfo> GroupCallSide::list(Moment now) const
{
    std::vector<CallInfo> out;
    if (!state_->calls) return out;
    for (const auto& id : state_->calls->all())
        out.push_back(state_->info(id, now));
    return out;
}

// ---- what comes in --------------------------------------------------------------------------------------------------

void GroupCallSide::signal(const ConversationId& conversation, const call::Device& from,
                           const wire::call::GroupSignal& signal, CallReach& reach, Moment now)
{
    if (!state_->calls) return;
    state_->calls->set_group(conversation, reach.members(conversation), now.mono);
    state_->calls->receive(conversation, from, signal, now.mono);
    state_->carry(reach, now);
}

void GroupCallSide::report(const CallId& call, const port::MediaReport& report, CallReach& reach, Moment now)
{
    if (!state_->in || state_->in->id != call || !state_->in->begun) return; // over meanwhile
    if (const auto* flows = std::get_if<port::MediaFlows>(&report)) {
        state_->calls->connected(call, flows->peer, now.mono);
    } else if (const auto* failed = std::get_if<port::MediaFailed>(&report)) {
        state_->context.log("media of a call failed: " + failed->why.detail);
        state_->context.event(event::Warning{failed->why});
        state_->calls->failed(call, now.mono);
    } else if (const auto* trouble = std::get_if<port::MediaTrouble>(&report)) {
        state_->context.event(event::Warning{trouble->why});
    } else if (const auto* silent = std::get_if<port::MediaSilent>(&report)) {
        reach.doubt(silent->peer);
    } else if (const auto* statistics = std::get_if<CallStatistics>(&report)) {
        state_->take_statistics(*statistics, reach, now);
    }
    state_->carry(reach, now);
}

void GroupCallSide::end_tick(CallReach& reach, Moment now)
{
    if (!state_->calls) return;
    for (const auto& conversation : state_->calls->conversations())
        state_->calls->set_group(conversation, reach.members(conversation), now.mono);
    state_->calls->handle_deadline(now.mono);
    state_->carry(reach, now);
    if (state_->in) return state_->drive(reach, now);
    if (std::exchange(state_->shares, false)) reach.share_files(0, now);
}

Instant GroupCallSide::deadline() const
{
    return state_->calls ? state_->calls->deadline() : never;
}

std::vector<DeviceId> GroupCallSide::sought() const
{
    std::vector<DeviceId> out;
    if (state_->in)
        for (const auto& [device, peer] : state_->in->peers)
            if (!peer.way || peer.way->path != Path::direct) out.push_back(device);
    return out;
}

bool GroupCallSide::is_party(const DeviceId& device) const
{
    return state_->in && state_->in->peers.contains(device);
}

std::optional<ConversationId> GroupCallSide::conversation() const
{
    return state_->in ? std::optional(state_->in->conversation) : std::nullopt;
}

} // namespace godwit::engine

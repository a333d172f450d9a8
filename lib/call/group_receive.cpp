// SPDX-License-Identifier: Apache-2.0
// Signals of other devices about calls of groups. Whoever sends one is known by its seal, and is in the group.
#include "lib/call/group_calls.hpp"

#include <algorithm>

namespace godwit::call {

namespace w = wire::call;
namespace o = group_out;

void GroupCalls::receive(const ConversationId& conversation, const Device& from, const GroupSignal& signal, Instant now)
{
    if (from == self_) return;
    users_.insert_or_assign(from.device, from.user);
    const auto at = calls_.find(w::id_of(signal));
    if (at != calls_.end() && at->second.conversation != conversation) return;
    std::visit([&](const auto& one) { on(conversation, from, one, now); }, signal);
    if (calls_.empty()) users_.clear();
}

void GroupCalls::on(const ConversationId& conversation, const Device& from, const w::Present& v, Instant now)
{
    auto at = calls_.find(v.id);
    if (at == calls_.end()) {
        if (calls_.size() >= group_calls_max) return;
        const auto past = std::find_if(over_.begin(), over_.end(), [&](const Over& one) { return one.id == v.id; });
        const bool known_here = past != over_.end() || std::any_of(calls_.begin(), calls_.end(), [&](const auto& one) {
                                    return one.second.conversation == conversation;
                                });
        Call call;
        call.conversation = conversation;
        call.starter = v.starter;
        call.video = v.video;
        call.began = now - std::chrono::seconds(v.call_s);
        const bool rings = !known_here && now < call.began + ring_max && from.user != self_.user &&
                           v.starter != self_.user && !engaged();
        call.state = rings ? GroupState::ringing : GroupState::open;
        if (past != over_.end()) over_.erase(past); // it was not over
        at = calls_.emplace(v.id, std::move(call)).first;
        heard_outside(at, from, v, now);
        out_.emplace_back(rings ? GroupOutput(o::Incoming{v.id}) : GroupOutput(o::Changed{v.id}));
    } else if (is_in(at->second)) {
        return heard_in(at, from, v, now);
    } else {
        heard_outside(at, from, v, now);
    }
    // One call for a conversation: who is in the one with the higher id moves.
    const auto mine = engaged();
    if (!mine || calls_.at(*mine).conversation != conversation) return;
    const auto own = calls_.find(*mine);
    if (v.id < *mine) return merge(own, at, now);
    answer_present(own, {from.device}, now);
}

void GroupCalls::merge(Place own, Place other, Instant now)
{
    const Media media = own->second.own;
    const Id from = own->first, to = other->first;
    step_out(own, EndReason::superseded, now);
    out_.emplace_back(o::Moved{from, to});
    end(own, Outcome::superseded, now);
    // Full: then this device is in none.
    if (!join(other, media, now)) end(other, Outcome::full, now);
}

/// This device is in it too.
void GroupCalls::heard_in(Place at, const Device& from, const w::Present& v, Instant now)
{
    Call& call = at->second;
    call.linked = call.linked || v.linked;
    call.began = std::min(call.began, now - std::chrono::seconds(v.call_s));
    const auto member = call.members.find(from.device);
    const bool knows_us = std::find(v.members.begin(), v.members.end(), self_.device) != v.members.end();
    // Whom they know and this device does not: neither may have heard of the other. Devices of the group only: or one
    // member had this device speak to as many as it can think of, by the pace at which the relay takes its signals.
    std::vector<DeviceId> strangers;
    for (const auto& device : v.members)
        if (device != self_.device && !call.members.contains(device) && users_.contains(device))
            strangers.push_back(device);
    answer_present(at, std::move(strangers), now);
    if (member == call.members.end()) {
        if (call.members.size() + 1 >= call_members_max) {
            // The ninth. Who came later than eight others leaves by itself; the others do not wait for it.
            std::size_t before = is_before(call, from.device, v.member_s) ? 1U : 0U;
            for (const auto& [device, one] : call.members)
                before += is_before(call, device, one.joined_s) ? 1U : 0U;
            // It leaves once it has heard of eight; who is silent towards it is not heard of.
            if (before < call_members_max) return answer_present(at, {from.device}, now);
            step_out(at, EndReason::failed, now);
            return end(at, Outcome::full, now);
        }
        answer_present(at, {from.device}, now);
        return add(at, from, v.media, v.member_s, now);
    }
    auto& one = member->second;
    one.heard = now;
    one.joined_s = v.member_s;
    if (!knows_us) answer_present(at, {from.device}, now);
    if (v.media.revision <= one.about.media.revision) return;
    one.about.media = v.media;
    out_.emplace_back(o::Member{at->first, MemberChange::media, one.about});
}

void GroupCalls::heard_outside(Place at, const Device& from, const w::Present& v, Instant now)
{
    Call& call = at->second;
    const Id id = at->first;
    call.heard = now;
    call.linked = call.linked || v.linked;
    if (std::find(v.members.begin(), v.members.end(), self_.device) != v.members.end())
        send(call, {from.device}, w::Gone{id, EndReason::hung_up}); // they have not heard it
    const bool sibling_joins = from.user == self_.user && call.state == GroupState::ringing;
    const auto is_past = [&](const Member& one) { return now - one.heard >= member_silence_max; };
    const auto hear = [&](const Device& who, const Media* media) {
        const auto member = call.members.find(who.device);
        if (member == call.members.end()) {
            if (call.members.size() >= call_members_max) { // room is made by whom nobody names any more
                const auto past = std::find_if(call.members.begin(), call.members.end(), [&](const auto& one) {
                    return is_past(one.second) &&
                           std::find(v.members.begin(), v.members.end(), one.first) == v.members.end();
                });
                if (past == call.members.end()) return;
                remove(at, DeviceId(past->first), MemberChange::left, now);
            }
            return add(at, who, media != nullptr ? *media : Media{}, media != nullptr ? v.member_s : 0, now);
        }
        auto& one = member->second;
        one.heard = now;
        if (media == nullptr || media->revision <= one.about.media.revision) return;
        one.about.media = *media;
        out_.emplace_back(o::Member{id, MemberChange::media, one.about});
    };
    hear(from, &v.media);
    for (const auto& device : v.members)
        if (const auto user = users_.find(device); user != users_.end() && device != self_.device)
            hear({user->second, device}, nullptr);
    // Whom nobody names any more. `from` stays, or eight who are heard of: it does not end here.
    std::vector<DeviceId> gone;
    for (const auto& [device, member] : call.members)
        if (is_past(member)) gone.push_back(device);
    for (const auto& device : gone)
        remove(at, device, MemberChange::left, now);
    if (sibling_joins) open(at, now);
}

void GroupCalls::on(const ConversationId&, const Device& from, const w::Gone& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at == calls_.end()) return;
    at->second.heard = now;
    at->second.answers.erase(from.device); // should it come again
    remove(at, from.device, MemberChange::left, now);
}

void GroupCalls::on(const ConversationId&, const Device& from, const w::Dismissed& v, Instant now)
{
    const auto at = calls_.find(v.id);
    if (at != calls_.end() && from.user == self_.user && at->second.state == GroupState::ringing) open(at, now);
}

} // namespace godwit::call

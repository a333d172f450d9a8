// SPDX-License-Identifier: Apache-2.0
#include "lib/call/group_calls.hpp"

#include <algorithm>

namespace godwit::call {

namespace w = wire::call;
namespace o = group_out;

namespace {

bool has_picture(const Media& media)
{
    return media.camera || media.screen;
}

Error full()
{
    return {ErrorCode::quota_exceeded,
            "call: " + std::to_string(call_members_max) + " devices are in it, as many as may: wait for one to leave",
            0};
}

std::uint32_t seconds_between(Instant from, Instant to)
{
    const auto count = std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, 0xffffffff));
}

} // namespace

// ---- as it is -------------------------------------------------------------------------------------------------------

Result<GroupCalls::Place> GroupCalls::find(const Id& id)
{
    const auto at = calls_.find(id);
    if (at == calls_.end())
        return Error{ErrorCode::invalid_argument, "call: there is no such call here; it may be over", 0};
    return at;
}

std::optional<Id> GroupCalls::engaged() const noexcept
{
    for (const auto& [id, call] : calls_)
        if (is_in(call)) return id;
    return std::nullopt;
}

std::vector<Id> GroupCalls::all() const
{
    std::vector<Id> out;
    for (const auto& [id, call] : calls_)
        out.push_back(id);
    return out;
}

std::set<ConversationId> GroupCalls::conversations() const
{
    std::set<ConversationId> out;
    for (const auto& [id, call] : calls_)
        out.insert(call.conversation);
    return out;
}

GroupView GroupCalls::view_of(const Id& id, const Call& call)
{
    GroupView out{id,       call.conversation, call.starter, call.video,       call.state,
                  call.own, call.own,          {},           call.active_since};
    out.own.camera = call.own.camera && call.pictures;
    out.own.screen = call.own.screen && call.pictures;
    for (const auto& [device, member] : call.members)
        out.members.push_back(member.about);
    return out;
}

std::optional<GroupView> GroupCalls::view(const Id& id) const
{
    const auto at = calls_.find(id);
    return at == calls_.end() ? std::nullopt : std::optional(view_of(id, at->second));
}

// ---- what is said ---------------------------------------------------------------------------------------------------

void GroupCalls::send(const Call& call, std::vector<DeviceId> to, GroupSignal signal)
{
    out_.emplace_back(o::Send{call.conversation, std::move(to), std::move(signal)});
}

w::Present GroupCalls::present(const Id& id, const Call& call, Instant now) const
{
    w::Present out;
    out.id = id;
    out.starter = call.starter;
    out.video = call.video;
    out.call_s = seconds_between(call.began, now);
    out.member_s = call.joined_s;
    out.linked = call.linked;
    out.media = view_of(id, call).own;
    for (const auto& [device, member] : call.members)
        out.members.push_back(device);
    return out;
}

void GroupCalls::say_present(Place at, bool to_all, Instant now)
{
    Call& call = at->second;
    call.repeat_at = now + present_every;
    std::erase_if(call.answers, [&](const auto& one) { return now - one.second.since >= present_every; });
    const bool speaks = call.members.empty() || self_.device < call.members.begin()->first;
    // Alone, everybody is called; else those outside hear of it from one, and not each time.
    const bool due = call.members.empty() || (speaks && ++call.repeats % presents_to_all == 0);
    std::vector<DeviceId> to;
    if (!to_all && !due)
        for (const auto& [device, member] : call.members)
            to.push_back(device);
    send(call, std::move(to), present(at->first, call, now));
}

void GroupCalls::answer_present(Place at, std::vector<DeviceId> to, Instant now)
{
    Call& call = at->second;
    std::erase_if(to, [&](const DeviceId& device) {
        auto& got = call.answers[device];
        if (now - got.since >= present_every) got = {now, 0};
        return got.count++ >= answers_max;
    });
    if (!to.empty()) send(call, std::move(to), present(at->first, call, now));
}

// ---- coming and going -----------------------------------------------------------------------------------------------

Result<Id> GroupCalls::place(const Id& fresh, const ConversationId& conversation, bool video, const Media& media,
                             Instant now)
{
    for (auto at = calls_.begin(); at != calls_.end(); ++at) {
        if (at->second.conversation != conversation) continue;
        if (auto joined = answer(at->first, media, now); !joined) return joined.error();
        return at->first;
    }
    if (engaged()) return Error{ErrorCode::conflict, "call: this device is in a call; hang up first", 0};
    Call call;
    call.conversation = conversation;
    call.starter = self_.user;
    call.video = video;
    call.began = now;
    call.state = GroupState::open;
    const auto at = calls_.emplace(fresh, std::move(call)).first;
    if (auto joined = join(at, media, now); !joined) return joined.error();
    return fresh;
}

Result<void> GroupCalls::answer(const Id& id, const Media& media, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    if (is_in((*at)->second)) return Error{ErrorCode::conflict, "call: this device is in it already", 0};
    if (engaged()) return Error{ErrorCode::conflict, "call: this device is in another call; leave it first", 0};
    return join(*at, media, now);
}

Result<void> GroupCalls::join(Place at, const Media& media, Instant now)
{
    Call& call = at->second;
    if (call.members.size() >= call_members_max) return full();
    call.own = media;
    call.own.revision = 1;
    call.joined = call.heard = call.alone = now;
    call.joined_s = seconds_between(call.began, now);
    call.was_in = true;
    call.pictures = call.members.size() < call_picture_members_max;
    // Who is in it is known by hearsay: each gets the time to say so.
    for (auto& [device, member] : call.members)
        member.heard = now;
    call.state = call.members.empty() ? GroupState::waiting : GroupState::connecting;
    call.repeats = 0;
    call.answers.clear();
    out_.emplace_back(o::Begin{at->first});
    for (const auto& [device, member] : call.members)
        out_.emplace_back(o::Member{at->first, MemberChange::joined, member.about});
    say_present(at, true, now);
    settle(at, now);
    return {};
}

Result<void> GroupCalls::dismiss(const Id& id, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    if ((*at)->second.state != GroupState::ringing)
        return Error{ErrorCode::invalid_argument, "call: it does not ring here any more", 0};
    std::vector<DeviceId> siblings;
    for (const auto& [device, user] : users_)
        if (user == self_.user && device != self_.device) siblings.push_back(device);
    if (!siblings.empty()) send((*at)->second, std::move(siblings), w::Dismissed{id});
    open(*at, now);
    return {};
}

Result<void> GroupCalls::leave(const Id& id, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    Call& call = (*at)->second;
    if (call.state == GroupState::ringing) return dismiss(id, now);
    if (!is_in(call)) return Error{ErrorCode::invalid_argument, "call: this device is not in it", 0};
    step_out(*at, call.linked ? EndReason::hung_up : EndReason::cancelled, now);
    if (!call.members.empty()) {
        open(*at, now);
        return {};
    }
    out_.emplace_back(record_of(id, call, now));
    end(*at, call.linked ? Outcome::completed : Outcome::cancelled, now);
    return {};
}

void GroupCalls::step_out(Place at, EndReason reason, Instant)
{
    send(at->second, {}, w::Gone{at->first, reason});
}

/// It goes on, and this device is not in it.
void GroupCalls::open(Place at, Instant now)
{
    Call& call = at->second;
    call.state = GroupState::open;
    call.repeat_at = never;
    call.heard = now;
    call.active_since.reset();
    for (auto& [device, member] : call.members) {
        member.about.active = false;
        member.heard = now;
    }
    out_.emplace_back(o::Changed{at->first});
}

out::Record GroupCalls::record_of(const Id& id, const Call& call, Instant now) const
{
    const auto outcome = call.linked                    ? Outcome::completed
                         : now >= call.began + ring_max ? Outcome::no_answer
                                                        : Outcome::cancelled;
    return {id,         call.conversation, call.starter, outcome, call.linked ? now - call.began : Duration(0),
            call.video, call.most};
}

void GroupCalls::end(Place at, Outcome outcome, Instant now)
{
    const Call& call = at->second;
    const auto active = call.active_since ? now - *call.active_since : Duration(0);
    out_.emplace_back(o::Ended{view_of(at->first, call), outcome, active});
    over_.push_back({at->first, now, std::nullopt});
    if (over_.size() > ended_max) over_.pop_front();
    calls_.erase(at);
    if (calls_.empty()) users_.clear();
}

Result<void> GroupCalls::set_media(const Id& id, const Media& media, Instant now)
{
    auto at = find(id);
    if (!at) return at.error();
    Call& call = (*at)->second;
    if (!is_in(call)) return Error{ErrorCode::invalid_argument, "call: this device is not in it", 0};
    if (has_picture(media) && !has_picture(call.own) && !call.pictures)
        return Error{ErrorCode::quota_exceeded,
                     "call: pictures are sent while at most " + std::to_string(call_picture_members_max) +
                         " devices are in it",
                     0};
    const auto revision = call.own.revision;
    call.own = media;
    call.own.revision = revision + 1;
    say_present(*at, false, now);
    return {};
}

// ---- who is in it ---------------------------------------------------------------------------------------------------

void GroupCalls::add(Place at, const Device& who, const Media& media, std::uint32_t joined_s, Instant now)
{
    Member member;
    member.about = {who, media, false};
    member.heard = now;
    member.joined_s = joined_s;
    out_.emplace_back(o::Member{at->first, MemberChange::joined, member.about});
    at->second.members.emplace(who.device, std::move(member));
    settle(at, now);
}

void GroupCalls::remove(Place at, const DeviceId& device, MemberChange how, Instant now)
{
    Call& call = at->second;
    const auto member = call.members.find(device);
    if (member == call.members.end()) return;
    out_.emplace_back(o::Member{at->first, how, member->second.about});
    call.members.erase(member);
    settle(at, now);
}

/// What follows from who is in it.
void GroupCalls::settle(Place at, Instant now)
{
    Call& call = at->second;
    const auto count = call.members.size();
    if (!is_in(call)) {
        call.most = std::max(call.most, static_cast<std::uint32_t>(count));
        if (count > 0) return;
        const Id id = at->first;
        std::optional<out::Record> record;
        if (call.was_in) record = record_of(id, call, now);
        end(at, call.linked ? Outcome::completed : Outcome::cancelled, now);
        over_.back().record = std::move(record);
        return;
    }
    call.most = std::max(call.most, static_cast<std::uint32_t>(count + 1));
    const bool flows =
        std::any_of(call.members.begin(), call.members.end(), [](const auto& one) { return one.second.about.active; });
    const auto state = count == 0 ? GroupState::waiting : flows ? GroupState::active : GroupState::connecting;
    if (flows && !call.active_since) call.active_since = now;
    if (state == GroupState::waiting && call.state != state) call.alone = now;
    if (std::exchange(call.state, state) != state) out_.emplace_back(o::Changed{at->first});
    const bool pictures = count < call_picture_members_max;
    if (std::exchange(call.pictures, pictures) == pictures || !has_picture(call.own)) return;
    ++call.own.revision;
    out_.emplace_back(o::Own{at->first});
    say_present(at, false, now);
}

bool GroupCalls::is_before(const Call& call, const DeviceId& device, std::uint32_t joined_s) const
{
    return joined_s != call.joined_s ? joined_s < call.joined_s : device < self_.device;
}

void GroupCalls::connected(const Id& id, const DeviceId& device, Instant now)
{
    const auto at = calls_.find(id);
    if (at == calls_.end() || !is_in(at->second)) return;
    const auto member = at->second.members.find(device);
    if (member == at->second.members.end()) return;
    member->second.heard = now;
    at->second.linked = true;
    if (std::exchange(member->second.about.active, true)) return;
    out_.emplace_back(o::Member{id, MemberChange::connected, member->second.about});
    settle(at, now);
}

void GroupCalls::media_heard(const Id& id, const DeviceId& device, Instant now)
{
    connected(id, device, now);
    const auto at = calls_.find(id);
    if (at == calls_.end() || !is_in(at->second)) return;
    if (const auto member = at->second.members.find(device); member != at->second.members.end())
        member->second.media = now;
}

void GroupCalls::failed(const Id& id, Instant now)
{
    const auto at = calls_.find(id);
    if (at == calls_.end() || !is_in(at->second)) return;
    step_out(at, EndReason::failed, now);
    end(at, Outcome::failed, now);
}

void GroupCalls::set_group(const ConversationId& conversation, const std::vector<Device>& devices, Instant now)
{
    for (const auto& one : devices)
        users_.insert_or_assign(one.device, one.user);
    for (auto at = calls_.begin(); at != calls_.end();) {
        const auto here = at++;
        if (here->second.conversation != conversation) continue;
        if (devices.empty()) {
            end(here, Outcome::removed, now);
            continue;
        }
        std::vector<DeviceId> gone;
        for (const auto& [device, member] : here->second.members)
            if (std::none_of(devices.begin(), devices.end(),
                             [&](const Device& one) { return one == member.about.who; }))
                gone.push_back(device);
        for (std::size_t i = 0; i < gone.size(); ++i) // the last one may end an open call
            remove(here, gone[i], MemberChange::removed, now);
    }
}

// ---- time -----------------------------------------------------------------------------------------------------------

Instant GroupCalls::next_deadline(const Call& call) const noexcept
{
    if (call.state == GroupState::ringing) return earlier(call.began + ring_max, call.heard + open_silence_max);
    if (call.state == GroupState::open) return call.heard + open_silence_max;
    Instant out = call.repeat_at;
    if (call.state == GroupState::waiting)
        out = earlier(out, call.linked ? call.alone + alone_max : call.joined + ring_max);
    for (const auto& [device, member] : call.members) {
        out = earlier(out, member.heard + member_silence_max);
        if (member.about.active && member.media) out = earlier(out, *member.media + media_lost_max);
    }
    return out;
}

Instant GroupCalls::deadline() const noexcept
{
    Instant out = over_.empty() ? never : over_.front().at + ended_for;
    for (const auto& one : over_)
        if (one.record) out = earlier(out, one.at + record_after);
    for (const auto& [id, call] : calls_)
        out = earlier(out, next_deadline(call));
    return out;
}

void GroupCalls::step(Place at, Instant now)
{
    const Id id = at->first;
    Call& call = at->second;
    if (!is_in(call)) {
        if (now >= call.heard + open_silence_max) return end(at, Outcome::lost, now);
        return open(at, now); // it has rung long enough
    }
    if (call.state == GroupState::waiting && now >= (call.linked ? call.alone + alone_max : call.joined + ring_max)) {
        step_out(at, EndReason::timed_out, now);
        out_.emplace_back(record_of(id, call, now));
        return end(at, call.linked ? Outcome::completed : Outcome::no_answer, now);
    }
    std::vector<DeviceId> lost;
    for (auto& [device, member] : call.members) {
        if (now >= member.heard + member_silence_max) lost.push_back(device);
        // It says that it is there, and there is no way to it.
        if (member.about.active && member.media && now >= *member.media + media_lost_max) member.about.active = false;
    }
    for (const auto& device : lost)
        remove(at, device, MemberChange::lost, now);
    settle(at, now);
    if (now >= call.repeat_at) say_present(at, false, now);
}

void GroupCalls::handle_deadline(Instant now)
{
    for (auto& one : over_)
        if (one.record && now >= one.at + record_after) {
            out_.emplace_back(std::move(*one.record));
            one.record.reset();
        }
    while (!over_.empty() && now >= over_.front().at + ended_for)
        over_.pop_front();
    for (auto at = calls_.begin(); at != calls_.end();) {
        const auto next = std::next(at); // step() may end this one, and no other
        if (now >= next_deadline(at->second)) step(at, now);
        at = next;
    }
}

} // namespace godwit::call

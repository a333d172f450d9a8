// SPDX-License-Identifier: Apache-2.0
// Private to GroupCallSide: what it keeps, and what becomes of lib/call's outputs and of the media's reports.
#pragma once

#include "lib/engine/group_call_side.hpp"

#include "lib/call/group_calls.hpp"

#include <algorithm>

namespace godwit::engine {

namespace group_call {

/// Files never stop altogether: what a piece is made of must get through before somebody gives up on it.
inline constexpr std::uint64_t files_bytes_per_s_min = 2'000;

inline call::Media to_wire(const CallMedia& media)
{
    return {0, media.muted, media.held, media.camera, media.screen, media.vp9};
}

inline CallMedia from_wire(const call::Media& media)
{
    return {media.muted, media.held, media.camera, media.screen, media.vp9};
}

inline CallMember told(const call::GroupMember& member)
{
    return {member.who.user, member.who.device, member.active, from_wire(member.media)};
}

inline CallState told(call::GroupState state)
{
    switch (state) {
    case call::GroupState::ringing: return CallState::ringing;
    case call::GroupState::open: return CallState::open;
    case call::GroupState::waiting: return CallState::calling;
    case call::GroupState::connecting: return CallState::connecting;
    case call::GroupState::active: return CallState::active;
    }
    return CallState::open;
}

[[nodiscard]] inline Error no_call(const char* detail)
{
    return {ErrorCode::invalid_argument, std::string("call: ") + detail, 0};
}

} // namespace group_call

struct GroupCallSide::State {
    /// Another device in the call that this one is in.
    struct Peer {
        call::Media media;
        bool joined = false; ///< MediaJoin is out.
        std::optional<CallReach::Way> way;
        CallStatistics statistics;
        Instant quality_at{};
    };
    /// The call that this device is in.
    struct In {
        CallId id;
        ConversationId conversation;
        CallDevices devices;
        bool begun = false; ///< MediaBegin is out.
        bool files = false; ///< MediaFiles said so last.
        std::uint64_t epoch = 0;
        std::map<DeviceId, Peer> peers;
    };

    State(Context& context_in, port::MediaDoor* door_in) : context(context_in), door(door_in) {}

    Context& context;
    port::MediaDoor* door;
    call::Device self;
    std::optional<call::GroupCalls> calls; ///< While logged in.
    std::optional<In> in;
    CallDevices wanted; ///< Of the call that is being entered.
    bool shares = false;

    void order(port::MediaOrder what) { context.effect(DirectMedia{in->id, std::move(what)}); }

    [[nodiscard]] CallInfo info(const call::GroupView& view, Moment now) const
    {
        CallInfo out;
        out.id = view.id;
        out.conversation = view.conversation;
        out.with = view.starter;
        out.incoming = view.starter != self.user;
        out.video = view.video;
        out.state = group_call::told(view.state);
        out.own = group_call::from_wire(view.own);
        out.group = true;
        for (const auto& member : view.members)
            out.members.push_back(group_call::told(member));
        if (view.active_since && now.mono > *view.active_since)
            out.active_ms = static_cast<std::uint64_t>((now.mono - *view.active_since).count() / 1000);
        return out;
    }
    [[nodiscard]] CallInfo info(const CallId& id, Moment now) const
    {
        const auto view = calls->view(id);
        if (view) return info(*view, now);
        CallInfo out;
        out.id = id;
        out.group = true;
        return out;
    }

    // What lib/call wants done.
    void carry(CallReach& reach, Moment now)
    {
        for (auto& one : calls->take())
            std::visit([&](auto& v) { on(v, reach, now); }, one);
    }
    void on(call::group_out::Send& v, CallReach& reach, Moment now)
    {
        reach.signal_group(v.conversation, v.to, wire::call::encode(v.signal), now);
    }
    void on(call::group_out::Incoming& v, CallReach&, Moment now)
    {
        context.event(event::CallIncoming{info(v.id, now)});
    }
    void on(call::group_out::Changed& v, CallReach&, Moment now)
    {
        const auto view = calls->view(v.id);
        if (!view) return; // over; that is told next
        if (in && in->id == v.id && view->state <= call::GroupState::open) end_media();
        context.event(event::CallChanged{info(*view, now)});
    }
    void on(call::group_out::Begin& v, CallReach&, Moment now)
    {
        const auto view = calls->view(v.id);
        in = In{};
        in->id = v.id;
        in->devices = wanted;
        if (view) in->conversation = view->conversation;
        context.event(event::CallChanged{info(v.id, now)});
    }
    void on(call::group_out::Own&, CallReach&, Moment) { tell_parts(); }
    void on(call::group_out::Member& v, CallReach&, Moment now)
    {
        const auto& device = v.member.who.device;
        if (in && in->id == v.id) {
            switch (v.what) {
            case call::MemberChange::joined: in->peers[device].media = v.member.media; break;
            case call::MemberChange::connected:
                in->peers[device].quality_at = now.mono + std::chrono::milliseconds(event::call_quality_every_ms);
                break;
            case call::MemberChange::media:
                in->peers[device].media = v.member.media;
                tell_parts();
                break;
            case call::MemberChange::left:
            case call::MemberChange::lost:
            case call::MemberChange::removed:
                if (const auto at = in->peers.find(device); at != in->peers.end()) {
                    if (at->second.joined) order(port::MediaLeave{device});
                    in->peers.erase(at);
                }
                break;
            }
        }
        context.event(event::CallMemberChanged{info(v.id, now), group_call::told(v.member),
                                               static_cast<event::CallMemberChanged::What>(v.what)});
    }
    void on(call::group_out::Moved& v, CallReach&, Moment)
    {
        if (!in || in->id != v.from) return;
        wanted = in->devices;
        end_media();
    }
    void on(call::group_out::Ended& v, CallReach&, Moment now)
    {
        if (in && in->id == v.last.id) end_media();
        auto last = info(v.last, now);
        last.active_ms = static_cast<std::uint64_t>(v.active.count() / 1000);
        context.event(event::CallEnded{std::move(last), static_cast<CallOutcome>(v.outcome)});
    }
    void on(call::out::Record& v, CallReach& reach, Moment now) { reach.record(v, now); }

    void end_media()
    {
        if (in->begun) order(port::MediaEnd{});
        in.reset();
    }
    void tell_parts()
    {
        const auto view = in ? calls->view(in->id) : std::nullopt;
        if (!view || !in->begun) return;
        for (const auto& [device, peer] : in->peers)
            if (peer.joined)
                order(port::MediaParts{group_call::from_wire(view->own), group_call::from_wire(peer.media), device});
    }

    /// Keys, then media, then everybody who is in it, each by the way that is the best now.
    void drive(CallReach& reach, Moment now)
    {
        if (auto keys = reach.keys(in->conversation, in->id, in->epoch)) {
            in->epoch = keys->epoch;
            if (in->begun) {
                order(port::MediaKeys{std::move(*keys)});
            } else {
                in->begun = true;
                const auto view = calls->view(in->id);
                order(port::MediaBegin{{},
                                       false,
                                       in->devices,
                                       std::move(*keys),
                                       view ? group_call::from_wire(view->own) : CallMedia{},
                                       {}});
            }
        }
        if (!in->begun) return;
        for (auto& [device, peer] : in->peers) {
            if (!std::exchange(peer.joined, true))
                order(port::MediaJoin{device, self.device < device, group_call::from_wire(peer.media)});
            const auto way = reach.way(device);
            if (way != peer.way) {
                peer.way = way;
                order(port::MediaWay{way ? way->link : 0, way ? way->path : Path::none, device});
                if (way) reach.used(way->link, now);
            }
            if (!way || way->path != Path::direct) reach.seek(device, now);
        }
        share_files(reach, now);
    }
    /// Files to whichever device take the same uplink as all of the call: the narrowest share counts.
    void share_files(CallReach& reach, Moment now)
    {
        const bool files = reach.has_files();
        if (std::exchange(in->files, files) != files)
            for (const auto& [device, peer] : in->peers)
                if (peer.joined) order(port::MediaFiles{files, device});
        double least = 0;
        for (const auto& [device, peer] : in->peers)
            if (const auto bps = peer.statistics.files_bps; bps > 0) least = least > 0 ? std::min(least, bps) : bps;
        if (files && least > 0) {
            shares = true;
            reach.share_files(std::max(group_call::files_bytes_per_s_min, static_cast<std::uint64_t>(least / 8)), now);
        }
    }
    void take_statistics(const CallStatistics& given, CallReach& reach, Moment now)
    {
        const auto at = in->peers.find(given.device);
        if (at == in->peers.end()) return;
        auto& peer = at->second;
        if (given.datagrams_received > peer.statistics.datagrams_received)
            calls->media_heard(in->id, given.device, now.mono);
        peer.statistics = given;
        peer.statistics.path = peer.way ? peer.way->path : Path::none;
        peer.statistics.active_ms = info(in->id, now).active_ms;
        if (peer.way) reach.used(peer.way->link, now);
        if (peer.quality_at == Instant{} || peer.quality_at > now.mono) return;
        peer.quality_at = now.mono + std::chrono::milliseconds(event::call_quality_every_ms);
        context.event(event::CallQuality{in->id, peer.statistics});
    }

    /// nullopt: the request was refused.
    [[nodiscard]] std::optional<CallId> meant(RequestId id, const std::optional<CallId>& call, bool ringing)
    {
        if (call) return call;
        if (!ringing && in) return in->id;
        std::vector<CallId> rings, open;
        for (const auto& one : calls->all()) {
            const auto view = calls->view(one);
            if (view->state == call::GroupState::ringing) rings.push_back(one);
            if (view->state == call::GroupState::open) open.push_back(one);
        }
        const auto& all = rings.empty() ? open : rings;
        if (all.size() == 1) return all.front();
        context.refuse(id, group_call::no_call(all.empty() ? "none rings here" : "several ring here: say which"));
        return std::nullopt;
    }
    [[nodiscard]] bool refused(RequestId id, const CallDevices& devices)
    {
        const auto fine = door->check(devices);
        if (!fine) context.refuse(id, fine.error());
        return !fine;
    }
    void done(RequestId id, const Result<void>& what, CallReach& reach, Moment now)
    {
        if (!what) return context.refuse(id, what.error());
        context.reply_ok(id);
        carry(reach, now);
    }
};

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
#include "lib/json/call_faces.hpp"

#include "lib/base/bytes.hpp"

namespace godwit::json {
namespace {

using Ordered = nlohmann::ordered_json;

std::optional<CallId> read_id(Fields& in)
{
    if (!in.has("call")) return std::nullopt;
    return in.fixed<CallId>("call", "a call: 32 hexadecimal digits");
}

std::optional<bool> read_switch(Fields& in, const char* name)
{
    if (!in.has(name)) return std::nullopt;
    return in.boolean(name);
}

CallDevices read_devices(Fields& in)
{
    CallDevices out;
    const auto read = [&](const char* name, std::string& into) {
        into = in.text(name, into);
        if (into.empty() || into.size() > call_device_bytes_max)
            in.fail(name, "\"app\", \"none\", a name from docs/cli.md, or the path of a file");
    };
    read("audio_source", out.audio_source);
    read("audio_sink", out.audio_sink);
    read("video_source", out.video_source);
    read("video_sink", out.video_sink);
    out.processed = read_switch(in, "processed");
    return out;
}

Ordered media_object(const CallMedia& media)
{
    return {{"muted", media.muted}, {"held", media.held}, {"camera", media.camera}, {"screen", media.screen}};
}

Ordered device_or_null(const DeviceId& device)
{
    return device.is_zero() ? Ordered(nullptr) : Ordered(to_hex(device.view()));
}

Ordered member_object(const CallMember& member)
{
    return {{"user", member.user},
            {"device", to_hex(member.device.view())},
            {"active", member.active},
            {"media", media_object(member.media)}};
}

Ordered about(const char* name, const CallInfo& call)
{
    Ordered out{{"event", name}};
    put_call(out, call);
    return out;
}

} // namespace

Request read_call(Fields& in)
{
    request::CallPlace out;
    if (in.has("conversation"))
        out.conversation = in.fixed<ConversationId>("conversation", "a conversation: 32 hexadecimal digits");
    else
        out.to = in.text("to");
    out.video = in.boolean("video", false);
    out.devices = read_devices(in);
    return out;
}

Request read_answer(Fields& in)
{
    request::CallAnswer out;
    out.call = read_id(in);
    out.video = in.boolean("video", false);
    out.devices = read_devices(in);
    return out;
}

Request read_reject(Fields& in)
{
    return request::CallReject{read_id(in)};
}

Request read_hangup(Fields& in)
{
    return request::CallHangUp{read_id(in)};
}

Request read_call_media(Fields& in)
{
    request::CallSetMedia out;
    out.call = read_id(in);
    out.muted = read_switch(in, "muted");
    out.held = read_switch(in, "held");
    out.camera = read_switch(in, "camera");
    out.screen = read_switch(in, "screen");
    if (!out.muted && !out.held && !out.camera && !out.screen) in.fail("muted", "one of muted, held, camera, screen");
    return out;
}

Request read_call_stats(Fields& in)
{
    request::CallStats out{read_id(in), {}};
    if (in.has("device")) out.device = in.fixed<DeviceId>("device", "a device: 64 hexadecimal digits");
    return out;
}

void put_call(Ordered& out, const CallInfo& call)
{
    out["call"] = to_hex(call.id.view());
    out["conversation"] = to_hex(call.conversation.view());
    out["with"] = call.with;
    out["device"] = device_or_null(call.device);
    out["incoming"] = call.incoming;
    out["video"] = call.video;
    out["state"] = call_state_name(call.state);
    out["own"] = media_object(call.own);
    out["theirs"] = media_object(call.theirs);
    out["active_ms"] = call.active_ms;
    out["group"] = call.group;
    auto& members = out["members"] = Ordered::array();
    for (const auto& one : call.members)
        members.push_back(member_object(one));
}

void put_statistics(Ordered& out, const CallStatistics& s)
{
    out["device"] = device_or_null(s.device);
    out["active_ms"] = s.active_ms;
    out["path"] = path_name(s.path);
    out["rate_bps"] = s.rate_bps;
    out["audio_bps"] = s.audio_bps;
    out["video_bps"] = s.video_bps;
    out["files_bps"] = s.files_bps;
    out["sent_bps"] = s.sent_bps;
    out["loss_there"] = s.loss_there;
    out["concealed"] = s.concealed;
    out["round_trip_ms"] = s.round_trip_ms;
    out["jitter_ms"] = s.jitter_ms;
    out["audio_delay_ms"] = s.audio_delay_ms;
    out["mos"] = s.mos;
    out["level_in_db"] = s.level_in_db;
    out["level_out_db"] = s.level_out_db;
    out["datagrams_sent"] = s.datagrams_sent;
    out["datagrams_received"] = s.datagrams_received;
    out["datagrams_dropped"] = s.datagrams_dropped;
    out["frames_refused"] = s.frames_refused;
    out["packets_repaired"] = s.packets_repaired;
    out["pictures_shown"] = s.pictures_shown;
    out["freezes"] = s.freezes;
    out["frozen_ms"] = s.frozen_ms;
    out["width"] = s.width;
    out["height"] = s.height;
}

Ordered call_device_object(const CallDevice& device)
{
    return {{"name", device.name},
            {"label", device.label},
            {"audio_source", device.audio_source},
            {"audio_sink", device.audio_sink},
            {"video_source", device.video_source}};
}

Ordered call_event(const event::CallIncoming& e)
{
    return about("call_incoming", e.call);
}

Ordered call_event(const event::CallChanged& e)
{
    return about("call_state", e.call);
}

Ordered call_event(const event::CallPeerMedia& e)
{
    Ordered out = about("call_media", e.call);
    out["upgrade"] = e.upgrade;
    return out;
}

Ordered call_event(const event::CallMemberChanged& e)
{
    Ordered out = about("call_member", e.call);
    out["member"] = member_object(e.member);
    out["what"] = call_member_change_name(e.what);
    return out;
}

Ordered call_event(const event::CallEnded& e)
{
    Ordered out = about("call_ended", e.call);
    out["outcome"] = call_outcome_name(e.outcome);
    return out;
}

Ordered call_event(const event::CallQuality& e)
{
    Ordered out{{"event", "call_quality"}, {"call", to_hex(e.call.view())}};
    put_statistics(out, e.statistics);
    return out;
}

} // namespace godwit::json

// SPDX-License-Identifier: Apache-2.0
// Calls, as far as a terminal goes: it has no loudspeaker.
#include "chat.hpp"

#include <cstdio>

namespace request = godwit::request;

namespace {

std::string kind_of(const godwit::CallInfo& call)
{
    return call.video ? "video call" : "call";
}

std::string minutes_text(std::uint64_t ms)
{
    const auto seconds = ms / 1000;
    char text[32];
    std::snprintf(text, sizeof text, "%llu:%02llu", static_cast<unsigned long long>(seconds / 60),
                  static_cast<unsigned long long>(seconds % 60));
    return text;
}

/// A terminal has no microphone: a tone or a file takes its place, else it is silent.
godwit::CallDevices devices_of(const std::string& source, const std::string& sink, bool video)
{
    godwit::CallDevices out;
    out.audio_source = source.empty() ? "none" : source;
    out.audio_sink = sink.empty() ? "none" : sink;
    out.video_source = video ? "pattern" : "none";
    out.video_sink = "none";
    return out;
}

} // namespace

void Chat::call(bool video, const std::string& source, const std::string& sink)
{
    const auto where = here();
    request::CallPlace place;
    place.to = where.with;
    place.conversation = where.conversation;
    place.video = video;
    place.devices = devices_of(source, sink, video);
    ask(std::move(place), said("calling; /hangup ends it"));
}

void Chat::answer(const std::string& source, const std::string& sink)
{
    request::CallAnswer answer;
    answer.devices = devices_of(source, sink, true);
    ask(std::move(answer));
}

void Chat::flip(CallSwitch what)
{
    ask(request::Calls{}, [this, what](const godwit::event::Reply& reply) {
        const auto* calls = std::get_if<std::vector<godwit::CallInfo>>(&reply.value);
        if (calls == nullptr) return;
        for (const auto& one : *calls) {
            if (one.incoming && one.state == godwit::CallState::ringing) continue;
            request::CallSetMedia set;
            set.call = one.id;
            if (what == CallSwitch::mute)
                set.muted = !one.own.muted;
            else
                set.held = !one.own.held;
            const char* const text = set.muted   ? (*set.muted ? "you are muted" : "you are to be heard")
                                     : *set.held ? "the call is held"
                                                 : "the call goes on";
            return ask(std::move(set), said(text));
        }
        screen_.print("  you are in no call");
    });
}

void Chat::show(const godwit::event::CallIncoming& e)
{
    screen_.print("* " + e.call.with + " is calling (" + kind_of(e.call) + "): /answer or /reject");
}

void Chat::show(const godwit::event::CallChanged& e)
{
    screen_.print("* " + kind_of(e.call) + " with " + e.call.with + ": " +
                  std::string(godwit::call_state_name(e.call.state)));
}

void Chat::show(const godwit::event::CallPeerMedia& e)
{
    const auto& media = e.call.theirs;
    std::string text = media.held ? "holds the call" : media.muted ? "is muted" : "is to be heard";
    if (media.screen)
        text += ", shows their screen";
    else if (media.camera)
        text += ", with pictures";
    screen_.print("* " + e.call.with + " " + text);
}

void Chat::show(const godwit::event::CallMemberChanged& e)
{
    using What = godwit::event::CallMemberChanged::What;
    if (e.what == What::media) return;
    const char* text = "";
    switch (e.what) {
    case What::joined: text = " joins the call"; break;
    case What::connected: text = " is to be heard"; break;
    case What::media: break;
    case What::left: text = " has left the call"; break;
    case What::lost: text = " is not heard any more"; break;
    case What::removed: text = " is out of the group, and of the call"; break;
    }
    screen_.print("* " + e.member.user + text + "; in it: " + std::to_string(e.call.members.size() + 1));
}

void Chat::show(const godwit::event::CallEnded& e)
{
    std::string text = "* " + kind_of(e.call) + " with " + e.call.with + " is over: ";
    text += godwit::call_outcome_name(e.outcome);
    if (e.call.active_ms > 0) text += ", " + minutes_text(e.call.active_ms);
    screen_.print(text);
}

void Chat::show(const godwit::event::CallQuality&) {}

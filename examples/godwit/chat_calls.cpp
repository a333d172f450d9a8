// SPDX-License-Identifier: Apache-2.0
// Calls, as far as a terminal goes: it has no loudspeaker.
#include "chat.hpp"

#include <cstdio>

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

} // namespace

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

void Chat::show(const godwit::event::CallEnded& e)
{
    std::string text = "* " + kind_of(e.call) + " with " + e.call.with + " is over: ";
    text += godwit::call_outcome_name(e.outcome);
    if (e.call.active_ms > 0) text += ", " + minutes_text(e.call.active_ms);
    screen_.print(text);
}

void Chat::show(const godwit::event::CallQuality&) {}

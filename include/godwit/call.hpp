// SPDX-License-Identifier: Apache-2.0
// Calls: voice and video between two devices (docs/adr/0037-media.md, 0038-calls.md).
//
//   who calls                          who is called, on all devices
//   request::CallPlace ──────────────> event::CallIncoming
//   CallChanged (ringing) <─────────── ... rings; CallReject, or
//   CallChanged (connecting) <──────── request::CallAnswer (the account's other devices: CallEnded, answered_elsewhere)
//   CallChanged (active)               CallChanged (active)
//      CallSetMedia ─────────────────> CallPeerMedia
//      CallQuality                     CallQuality
//   CallEnded <─────────────────────── request::CallHangUp
//
// How a call ended stands in the conversation's history, as a card under the call's id: call_record_of().
#pragma once

#include <godwit/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit {

/// One call, the same on every device that it rings at; chosen at random by who calls.
using CallId = FixedBytes<16, struct CallIdTag>;

/// Calls that are not over, on one device: one that it takes part in, the others ring. Further callers hear "busy".
inline constexpr std::size_t calls_max = 4;
/// Longest name of a source or sink, in bytes.
inline constexpr std::size_t call_device_bytes_max = 4096;

/// How a device takes part in a call.
struct CallMedia {
    bool muted = false;  ///< Nothing is to be heard of it.
    bool held = false;   ///< It sends nothing and plays nothing, until it says otherwise.
    bool camera = false; ///< It sends pictures ...
    bool screen = false; ///< ... which are of its screen: sharp before smooth.
    friend bool operator==(const CallMedia&, const CallMedia&) = default;
};

/// Where this device's sound and pictures come from and go to. Each is "app" (the application pushes and pulls:
/// godwit/media.hpp), "none" (silence, no picture; what comes is thrown away), or
///   audio_source  "tone", or a file that libsndfile reads (WAV, FLAC, Ogg Opus …); silence when it is over
///   audio_sink    a WAV file to be made
///   video_source  "pattern", or a Y4M file of 4:2:0; begins anew when it is over
///   video_sink    a Y4M file to be made, or by its name's end, .ivf, one of what came, coded as it was
struct CallDevices {
    std::string audio_source = "app";
    std::string audio_sink = "app";
    std::string video_source = "app";
    std::string video_sink = "app";
    friend bool operator==(const CallDevices&, const CallDevices&) = default;
};

enum class CallState : std::uint8_t {
    calling = 1,    ///< Outgoing: nobody has said anything yet.
    ringing = 2,    ///< Outgoing: it rings there. Incoming: it rings here.
    connecting = 3, ///< Answered; sound does not flow yet.
    active = 4,
};
[[nodiscard]] constexpr std::string_view call_state_name(CallState state) noexcept
{
    switch (state) {
    case CallState::calling: return "calling";
    case CallState::ringing: return "ringing";
    case CallState::connecting: return "connecting";
    case CallState::active: return "active";
    }
    return "calling";
}

enum class CallOutcome : std::uint8_t {
    completed = 1,          ///< It was active, and somebody hung up.
    cancelled = 2,          ///< By who called, before it was active.
    no_answer = 3,          ///< Nobody answered in time.
    declined = 4,           ///< By the account that was called, on any device.
    busy = 5,               ///< The device that was called is in another call.
    unsupported = 6,        ///< That device cannot take part in calls.
    answered_elsewhere = 7, ///< By another device of this account, which has the call now.
    failed = 8,             ///< There was no way for sound between the devices.
    lost = 9,               ///< Nothing is heard of the other device any more.
    superseded = 10,        ///< Both called each other at once; the other call goes on.
};
[[nodiscard]] constexpr std::string_view call_outcome_name(CallOutcome outcome) noexcept
{
    switch (outcome) {
    case CallOutcome::completed: return "completed";
    case CallOutcome::cancelled: return "cancelled";
    case CallOutcome::no_answer: return "no_answer";
    case CallOutcome::declined: return "declined";
    case CallOutcome::busy: return "busy";
    case CallOutcome::unsupported: return "unsupported";
    case CallOutcome::answered_elsewhere: return "answered_elsewhere";
    case CallOutcome::failed: return "failed";
    case CallOutcome::lost: return "lost";
    case CallOutcome::superseded: return "superseded";
    }
    return "failed";
}

/// A call that is not over.
struct CallInfo {
    CallId id;
    ConversationId conversation;
    std::string with; ///< The other account.
    DeviceId device;  ///< The other device; zero until one has answered.
    bool incoming = false;
    bool video = false; ///< Meant as a video call when it began.
    CallState state = CallState::calling;
    CallMedia own;
    CallMedia theirs;
    std::uint64_t active_ms = 0; ///< How long sound has flowed.
};

/// How a call goes, on this device. Rates are bits a second; shares are 0 to 1.
struct CallStatistics {
    std::uint64_t active_ms = 0;
    Path path = Path::none;     ///< direct or turned.
    double rate_bps = 0;        ///< What may be sent, by the estimate of the path.
    double audio_bps = 0;       ///< Of it meant for sound ...
    double video_bps = 0;       ///< ... and for pictures; 0: none are sent.
    double loss_there = 0;      ///< Share of what this device sent that did not arrive.
    double concealed = 0;       ///< Share of the sound played here that had to be made up.
    double round_trip_ms = 0;   ///< Media to media.
    double jitter_ms = 0;       ///< Of the sound that comes (RFC 3550).
    double audio_delay_ms = 0;  ///< That the jitter buffer keeps sound back.
    double mos = 0;             ///< What people would say of the sound that comes, 1 to 4.5: an estimate (E-model).
    double level_in_db = -127;  ///< Loudness of what is sent, dB of full scale, over the last second ...
    double level_out_db = -127; ///< ... and of what is played.
    std::uint64_t datagrams_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_dropped = 0; ///< By this device: a queue was full, or there was no path.
    std::uint64_t frames_refused = 0;    ///< Sealed frames that did not open.
    std::uint64_t pictures_shown = 0;
    std::uint64_t freezes = 0;   ///< Gaps of more than a quarter of a second between pictures ...
    std::uint64_t frozen_ms = 0; ///< ... all of them together.
    std::uint32_t width = 0;     ///< Of the pictures that come.
    std::uint32_t height = 0;
};

/// What the history says about a call that is over.
struct CallRecord {
    std::string caller; ///< An account.
    CallOutcome outcome = CallOutcome::failed;
    bool video = false;
    std::uint64_t active_ms = 0;
    friend bool operator==(const CallRecord&, const CallRecord&) = default;
};
/// Name of the content::Card that is a call's record.
inline constexpr std::string_view call_card_name = "godwit.call";

/// nullopt: the message is no record of a call. A missed call: the caller is somebody else, and the outcome cancelled,
/// no_answer or lost.
[[nodiscard]] inline std::optional<CallRecord> call_record_of(const Message& message)
{
    const auto* card = std::get_if<content::Card>(&message.body);
    if (card == nullptr || card->name != call_card_name) return std::nullopt;
    CallRecord out;
    bool known = false;
    for (const auto& field : card->fields) {
        if (field.label == "caller") out.caller = field.value;
        if (field.label == "video") out.video = field.value == "true";
        if (field.label == "active_ms" && field.value.size() <= 15)
            for (const char digit : field.value)
                if (digit >= '0' && digit <= '9')
                    out.active_ms = out.active_ms * 10 + static_cast<std::uint64_t>(digit - '0');
        for (int one = 1; field.label == "outcome" && one <= static_cast<int>(CallOutcome::superseded); ++one)
            if (call_outcome_name(static_cast<CallOutcome>(one)) == field.value) {
                out.outcome = static_cast<CallOutcome>(one);
                known = true;
            }
    }
    if (!known || out.caller.empty()) return std::nullopt;
    return out;
}

namespace request {

/// Calls an account, or the other account of a conversation of two: it rings at all its devices. The reply is the
/// call's id. Errors: as Send; conflict (this device is in a call, or they are calling: answer), unsupported (a
/// conversation of more than two; a build without media), not_connected, no_such_file (a source), invalid_argument (a
/// source or sink that cannot be used; which one, and why, says the detail).
struct CallPlace {
    std::string to;                               ///< An account; empty: `conversation`.
    std::optional<ConversationId> conversation{}; ///< Wins over `to`.
    bool video = false;                           ///< Begins with pictures of the camera.
    CallDevices devices{};
};
/// Takes a call that rings here. Errors: invalid_argument (none rings; several do and `call` is absent; a source or
/// sink), conflict (this device is in another call: hang up first), no_such_file.
struct CallAnswer {
    std::optional<CallId> call{}; ///< Absent: the one that rings.
    bool video = false;
    CallDevices devices{};
};
/// Refuses one that rings here, for all devices of the account. Errors: invalid_argument.
struct CallReject {
    std::optional<CallId> call{}; ///< Absent: the one that rings.
};
/// Ends, cancels or refuses one, whatever it does. Errors: invalid_argument.
struct CallHangUp {
    std::optional<CallId> call{}; ///< Absent: the one that this device takes part in; else the one that rings.
};
/// Absent: stays as it is. Errors: invalid_argument (no such call).
struct CallSetMedia {
    std::optional<CallId> call{}; ///< Absent: the one that this device takes part in.
    std::optional<bool> muted{};
    std::optional<bool> held{};
    std::optional<bool> camera{};
    std::optional<bool> screen{};
};
/// The reply is CallStatistics. Errors: invalid_argument (no such call, or it is not connecting or active).
struct CallStats {
    std::optional<CallId> call{}; ///< Absent: the one that this device takes part in.
};
/// Those that are not over; the reply is a list of CallInfo.
struct Calls {};

} // namespace request

namespace event {

/// Somebody calls. CallAnswer or CallReject; after ringing for a while it ends by itself.
struct CallIncoming {
    CallInfo call;
};
/// A call is in another state.
struct CallChanged {
    CallInfo call;
};
/// The other device takes part otherwise than before.
struct CallPeerMedia {
    CallInfo call;
    bool upgrade = false; ///< Pictures in a call that had none: CallSetMedia with the camera on answers in kind.
};
/// It is over, or never came to be.
struct CallEnded {
    CallInfo call; ///< As it was last.
    CallOutcome outcome = CallOutcome::failed;
};
/// How a call goes: every call_quality_every_ms while it is active.
struct CallQuality {
    CallId call;
    CallStatistics statistics;
};
inline constexpr std::uint32_t call_quality_every_ms = 5'000;

} // namespace event

} // namespace godwit

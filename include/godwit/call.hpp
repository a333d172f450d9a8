// SPDX-License-Identifier: Apache-2.0
// Calls: voice and video between two devices (docs/adr/0037-media.md, 0038-calls.md), and among those of a group
// (0051).
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
// In a group: CallPlace begins the group's call, or joins the one that goes on; it rings at everybody (CallIncoming);
// who answers joins, whenever; who hangs up leaves. CallMemberChanged tells who is in; it ends when nobody is.
//
// How a call ended stands in the conversation's history, as a card under the call's id: call_record_of().
#pragma once

#include <godwit/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit {

/// One call, the same on every device that it rings at; chosen at random by who calls.
using CallId = FixedBytes<16, struct CallIdTag>;

/// Calls that are not over, on one device: one that it takes part in, the others ring. Further callers hear "busy".
inline constexpr std::size_t calls_max = 4;
/// Devices in the call of a group, this one included ...
inline constexpr std::size_t call_members_max = 8;
/// ... and so many at most while anybody sends pictures: each device sends its own to every other.
inline constexpr std::size_t call_picture_members_max = 4;
/// Longest name of a source or sink, in bytes.
inline constexpr std::size_t call_device_bytes_max = 4096;

/// What pictures are coded with. All devices know VP8.
enum class VideoCodec : std::uint8_t { vp8 = 1, vp9 = 2 };
[[nodiscard]] constexpr std::string_view video_codec_name(VideoCodec codec) noexcept
{
    return codec == VideoCodec::vp9 ? "vp9" : "vp8";
}

/// How a device takes part in a call.
struct CallMedia {
    bool muted = false;  ///< Nothing is to be heard of it.
    bool held = false;   ///< It sends nothing and plays nothing, until it says otherwise.
    bool camera = false; ///< It sends pictures ...
    bool screen = false; ///< ... which are of its screen: sharp before smooth.
    bool vp9 = false;    ///< It takes pictures in VP9, too: that is so or not, and nobody's to set.
    friend bool operator==(const CallMedia&, const CallMedia&) = default;
};

/// Where this device's sound and pictures come from and go to. Each is "app" (the application pushes and pulls:
/// godwit/media.hpp), "none" (silence, no picture; what comes is thrown away), or
///   audio_source  "sound" or "sound:NAME" (a microphone of this machine), "tone", or a file that libsndfile reads
///   (WAV,
///                 FLAC, Ogg Opus …); silence when it is over
///   audio_sink    "sound" or "sound:NAME" (a loudspeaker of this machine), or a WAV file to be made
///   video_source  "camera" or "camera:NAME" (of this machine), "pattern", or a Y4M file of 4:2:0; begins anew when it
///   is
///                 over
///   video_sink    a Y4M file to be made, or by its name's end, .ivf, one of what came, coded as it was; in the call of
///   a
///                 group one for each other device, whose first eight digits stand before the name's end
/// request::CallDeviceList says which devices this machine has.
struct CallDevices {
    std::string audio_source = "app";
    std::string audio_sink = "app";
    std::string video_source = "app";
    std::string video_sink = "app";
    /// Echo, noise and loudness of what is captured are dealt with. Absent: of a microphone of this machine only.
    std::optional<bool> processed{};
    /// Of the pictures that are sent. VP9: fewer bits for the same picture, and more work; who does not take it gets
    /// VP8. Each device chooses for what it sends.
    VideoCodec video_codec = VideoCodec::vp8;
    friend bool operator==(const CallDevices&, const CallDevices&) = default;
};

enum class CallState : std::uint8_t {
    calling = 1,    ///< Outgoing: nobody has said anything yet.
    ringing = 2,    ///< Outgoing: it rings there. Incoming: it rings here.
    connecting = 3, ///< Answered; sound does not flow yet.
    active = 4,
    open = 5, ///< Of a group: it goes on without this device, which may join by CallAnswer.
};
[[nodiscard]] constexpr std::string_view call_state_name(CallState state) noexcept
{
    switch (state) {
    case CallState::calling: return "calling";
    case CallState::ringing: return "ringing";
    case CallState::connecting: return "connecting";
    case CallState::active: return "active";
    case CallState::open: return "open";
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
    removed = 11,           ///< This account is not in the group any more.
    full = 12,              ///< Of several that joined at once there was no room for this one.
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
    case CallOutcome::removed: return "removed";
    case CallOutcome::full: return "full";
    }
    return "failed";
}

/// Another device that is in the call of a group.
struct CallMember {
    std::string user;
    DeviceId device;
    bool active = false; ///< Its sound has flowed; else it is being connected, or has gone.
    CallMedia media;
    friend bool operator==(const CallMember&, const CallMember&) = default;
};

/// A call that is not over.
struct CallInfo {
    CallId id;
    ConversationId conversation;
    std::string with; ///< The other account; of a group: who began the call.
    DeviceId device;  ///< The other device; zero until one has answered, and of a group.
    bool incoming = false;
    bool video = false; ///< Meant as a video call when it began.
    CallState state = CallState::calling;
    CallMedia own;
    CallMedia theirs;            ///< Of a group: nobody's; see `members`.
    std::uint64_t active_ms = 0; ///< How long sound has flowed.
    bool group = false;
    std::vector<CallMember> members{}; ///< Of a group: who is in it besides this device.
};

/// How a call goes, on this device. Rates are bits a second; shares are 0 to 1.
struct CallStatistics {
    DeviceId device; ///< The other one that this is about.
    std::uint64_t active_ms = 0;
    Path path = Path::none;     ///< direct or turned.
    double rate_bps = 0;        ///< What may be sent, by the estimate of the path.
    double audio_bps = 0;       ///< Of it meant for sound ...
    double video_bps = 0;       ///< ... and for pictures; 0: none are sent.
    double files_bps = 0;       ///< ... and left for files to that device; 0: none are under way.
    double sent_bps = 0;        ///< What was sent, over the last second, everything around it included.
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
    std::uint64_t packets_repaired = 0;  ///< Of pictures: lost, and brought back by what was sent beside them.
    std::uint64_t pictures_shown = 0;
    std::uint64_t freezes = 0;   ///< Gaps of more than a quarter of a second between pictures ...
    std::uint64_t frozen_ms = 0; ///< ... all of them together.
    std::uint32_t width = 0;     ///< Of the pictures that come.
    std::uint32_t height = 0;
    std::optional<VideoCodec> codec_sent{};     ///< Of pictures; absent: none have been.
    std::optional<VideoCodec> codec_received{}; ///< Likewise.
};

/// A microphone, loudspeaker or camera of this machine.
struct CallDevice {
    std::string name;  ///< As in CallDevices.
    std::string label; ///< For people.
    bool audio_source = false;
    bool audio_sink = false;
    bool video_source = false;
    friend bool operator==(const CallDevice&, const CallDevice&) = default;
};

/// What the history says about a call that is over.
struct CallRecord {
    std::string caller; ///< An account.
    CallOutcome outcome = CallOutcome::failed;
    bool video = false;
    std::uint64_t active_ms = 0;
    std::uint32_t members = 2; ///< Devices that were in it, at most at once.
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
        if (field.label == "members" && field.value.size() == 1 && field.value[0] >= '1' && field.value[0] <= '8')
            out.members = static_cast<std::uint32_t>(field.value[0] - '0');
        for (int one = 1; field.label == "outcome" && one <= static_cast<int>(CallOutcome::full); ++one)
            if (call_outcome_name(static_cast<CallOutcome>(one)) == field.value) {
                out.outcome = static_cast<CallOutcome>(one);
                known = true;
            }
    }
    if (!known || out.caller.empty()) return std::nullopt;
    return out;
}

namespace request {

/// Calls an account, or the other account of a conversation of two: it rings at all its devices. In a group: begins its
/// call, or joins the one that goes on. The reply is the call's id. Errors: as Send; conflict (this device is in a
/// call, or they are calling: answer), quota_exceeded (of a group: call_members_max are in its call), unsupported (a
/// group of more than group_direct_members_max; a build without media), not_connected, no_such_file (a source),
/// invalid_argument (a source or sink that cannot be used; which one, and why, says the detail).
struct CallPlace {
    std::string to;                               ///< An account; empty: `conversation`.
    std::optional<ConversationId> conversation{}; ///< Wins over `to`.
    bool video = false;                           ///< Begins with pictures of the camera.
    CallDevices devices{};
};
/// Takes a call that rings here, or joins the open one of a group. Errors: invalid_argument (none rings; several do and
/// `call` is absent; a source or sink), conflict (this device is in another call: hang up first), quota_exceeded (it is
/// full), no_such_file.
struct CallAnswer {
    std::optional<CallId> call{}; ///< Absent: the one that rings.
    bool video = false;
    CallDevices devices{};
};
/// Refuses one that rings here, for all devices of the account; of a group: stops its ringing. Errors:
/// invalid_argument.
struct CallReject {
    std::optional<CallId> call{}; ///< Absent: the one that rings.
};
/// Ends, cancels or refuses one, whatever it does; of a group: leaves it. Errors: invalid_argument.
struct CallHangUp {
    std::optional<CallId> call{}; ///< Absent: the one that this device takes part in; else the one that rings.
};
/// Absent: stays as it is. Errors: invalid_argument (no such call), quota_exceeded (pictures in the call of a group
/// with more than call_picture_members_max in it).
struct CallSetMedia {
    std::optional<CallId> call{}; ///< Absent: the one that this device takes part in.
    std::optional<bool> muted{};
    std::optional<bool> held{};
    std::optional<bool> camera{};
    std::optional<bool> screen{};
};
/// The reply is CallStatistics. Errors: invalid_argument (no such call, or it is not connecting or active; no such
/// device in it).
struct CallStats {
    std::optional<CallId> call{};     ///< Absent: the one that this device takes part in.
    std::optional<DeviceId> device{}; ///< Of a group: about which; absent: the one that is heard worst.
};
/// Those that are not over; the reply is a list of CallInfo.
struct Calls {};
/// Microphones, loudspeakers and cameras of this machine; the reply is a list of CallDevice, the first of a kind being
/// the one that is taken without a name. Errors: unsupported (a build without devices: the detail says what to do).
struct CallDeviceList {};

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
/// Of a group: somebody is in the call, or is not any more, or takes part otherwise.
struct CallMemberChanged {
    enum class What : std::uint8_t {
        joined = 1,
        connected = 2, ///< Its sound flows.
        media = 3,
        left = 4,
        lost = 5,    ///< Nothing is heard of it any more.
        removed = 6, ///< From the group.
    };
    CallInfo call;     ///< As it is now.
    CallMember member; ///< As it was last.
    What what = What::joined;
};
[[nodiscard]] constexpr std::string_view call_member_change_name(CallMemberChanged::What what) noexcept
{
    switch (what) {
    case CallMemberChanged::What::joined: return "joined";
    case CallMemberChanged::What::connected: return "connected";
    case CallMemberChanged::What::media: return "media";
    case CallMemberChanged::What::left: return "left";
    case CallMemberChanged::What::lost: return "lost";
    case CallMemberChanged::What::removed: return "removed";
    }
    return "joined";
}
/// It is over, or never came to be.
struct CallEnded {
    CallInfo call; ///< As it was last.
    CallOutcome outcome = CallOutcome::failed;
};
/// How a call goes: every call_quality_every_ms while it is active; in a group for each other device.
struct CallQuality {
    CallId call;
    CallStatistics statistics;
};
inline constexpr std::uint32_t call_quality_every_ms = 5'000;

} // namespace event

} // namespace godwit

// SPDX-License-Identifier: Apache-2.0
// Media of calls, as the core sees it: something that has threads and devices of its own and is not in the engine.
//
//   engine ── MediaOrder ──> MediaHost ── datagrams ──> the peer link, and back
//          <── MediaReport ──          ── sound, pictures ──> devices, files, the application
#pragma once

#include <godwit/call.hpp>
#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "lib/base/wiping.hpp"

#include <functional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace godwit::port {

/// What all members of the conversation's group export, in one epoch, for one call (RFC 9605 section 5.2).
struct CallKeys {
    std::uint64_t epoch = 0; ///< Grows.
    WipingBytes base_key;    ///< call_key_bytes.
    std::uint32_t leaves = 0;
    std::uint32_t own_leaf = 0;
};
inline constexpr std::string_view call_key_label = "SFrame 1.0 Base Key";
inline constexpr std::size_t call_key_bytes = 16;

/// Begin with that device; of a group without any, they come by MediaJoin.
struct MediaBegin {
    DeviceId peer;        ///< Zero: of a group.
    bool offerer = false; ///< This device called.
    CallDevices devices;
    CallKeys keys;
    CallMedia own, theirs;
};
/// Of the group's next epoch.
struct MediaKeys {
    CallKeys keys;
};
/// Of a group: that device is in the call too ...
struct MediaJoin {
    DeviceId peer;
    bool offerer = false; ///< This device has the smaller id.
    CallMedia theirs;
};
/// ... and is not any more.
struct MediaLeave {
    DeviceId peer;
};
/// From now on by this link. 0: there is none now.
struct MediaWay {
    std::uint64_t link = 0;
    Path path = Path::none;
    DeviceId peer{}; ///< Zero, here and in the next: there is one only.
};
/// How both take part.
struct MediaParts {
    CallMedia own, theirs;
    DeviceId peer{};
};
/// Files are under way from here, or not any more: they want their share of the path.
struct MediaFiles {
    bool under_way = false;
    DeviceId peer{};
};
struct MediaEnd {};
using MediaOrder =
    std::variant<MediaBegin, MediaKeys, MediaJoin, MediaLeave, MediaWay, MediaParts, MediaFiles, MediaEnd>;

/// The first frame of the other device has opened.
struct MediaFlows {
    DeviceId peer{}; ///< As in the orders.
};
/// It cannot go on.
struct MediaFailed {
    Error why;
};
/// A file ended badly, or a picture could not be sent: the user should know, the call goes on.
struct MediaTrouble {
    Error why;
};
/// Nothing has come for media_silence_max: is the path still one?
struct MediaSilent {
    DeviceId peer{};
};
/// CallStatistics: every media_report_every. active_ms and path are the engine's to fill in.
using MediaReport = std::variant<MediaFlows, MediaFailed, MediaTrouble, MediaSilent, CallStatistics>;
/// Reports come every second, whatever else is said.
inline constexpr Duration media_silence_max = std::chrono::milliseconds(1200);
inline constexpr Duration media_report_every = std::chrono::seconds(1);

/// What the engine asks before it says yes to the application.
class MediaDoor {
public:
    /// Sources can be read and sinks made. Errors: no_such_file, invalid_argument (which one, and why). Quick: looks at
    /// the beginning of files.
    [[nodiscard]] virtual Result<void> check(const CallDevices& devices) = 0;
    /// Pictures that come may be VP9; VP8 they may be everywhere.
    [[nodiscard]] virtual bool decodes_vp9() { return false; }
    /// Of this machine. Errors: unsupported.
    [[nodiscard]] virtual Result<std::vector<CallDevice>> devices()
    {
        return Error{ErrorCode::unsupported, "calls: this build of godwit knows no devices of this machine", 0};
    }

protected:
    ~MediaDoor() = default;
};

/// Media of all calls of one client. Any function from any thread.
class MediaHost : public MediaDoor {
public:
    virtual ~MediaHost() = default;

    // The loop's side.
    /// `notify`: there is something to take; called on any thread, must not block. Empty: nobody listens any more, and
    /// it is not being called when this returns.
    virtual void attach(std::function<void()> notify) = 0;
    virtual void order(const CallId& call, MediaOrder order) = 0;
    /// Each is reported as failed: the engine may live on.
    virtual void end_all() = 0;
    /// A datagram of a peer link.
    virtual void datagram(const DeviceId& from, BytesView datagram) = 0;
    struct Outgoing {
        std::uint64_t link = 0;
        Bytes datagram;
    };
    [[nodiscard]] virtual std::vector<Outgoing> take_datagrams() = 0;
    struct Report {
        CallId call;
        MediaReport report;
    };
    [[nodiscard]] virtual std::vector<Report> take_reports() = 0;

    // The application's side (godwit/media.hpp).
    [[nodiscard]] virtual std::size_t push_audio(const CallId& call, std::span<const std::int16_t> samples) = 0;
    [[nodiscard]] virtual std::size_t pull_audio(const CallId& call, std::span<std::int16_t> samples) = 0;
    /// I420 without gaps, width × height even; false: no such call, or not from the application.
    [[nodiscard]] virtual bool push_picture(const CallId& call, int width, int height,
                                            std::span<const std::uint8_t> i420) = 0;
    struct Picture {
        int width = 0;
        int height = 0;
        std::vector<std::uint8_t> i420;
        DeviceId from{};
    };
    /// The newest that was not pulled yet. `from`: whose; zero: anybody's.
    [[nodiscard]] virtual std::optional<Picture> pull_picture(const CallId& call, const DeviceId& from) = 0;
};

} // namespace godwit::port

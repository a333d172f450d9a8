// SPDX-License-Identifier: Apache-2.0
// What devices tell each other about a call (docs/adr/0037-media.md). Signals, like those of ICE: sealed in the
// conversation, to all devices of both accounts, forwarded, never stored. What becomes of them: lib/call.
#pragma once

#include <godwit/call.hpp>

#include "lib/wire/content.hpp"

#include <variant>

namespace godwit::wire::call {

/// Random, chosen by who calls.
using Id = CallId;

inline constexpr std::size_t signal_bytes_max = 256;

/// How a device takes part. The highest revision counts.
struct Media {
    std::uint32_t revision = 0;
    bool muted = false;  ///< Nothing is to be heard of it.
    bool held = false;   ///< It sends nothing and plays nothing, until it says otherwise.
    bool camera = false; ///< Sends a picture of its camera ...
    bool screen = false; ///< ... and one of its screen.
    bool vp9 = false;    ///< Decodes VP9.
    friend bool operator==(const Media&, const Media&) = default;
};

enum class RejectReason : std::uint8_t { declined = 1, busy = 2, unsupported = 3 };
enum class EndReason : std::uint8_t {
    hung_up = 1,
    cancelled = 2,  ///< By who called, before an answer.
    timed_out = 3,  ///< Nobody answered.
    failed = 4,     ///< No path for media.
    lost = 5,       ///< The other device says nothing any more.
    superseded = 6, ///< Both called each other; the other call goes on.
    rejected = 7,   ///< To the siblings of a device that rejected.
};

/// It rings at all devices of the account. Repeated until somebody answers.
struct Offer {
    static constexpr std::uint8_t wire_kind = 224;
    Id id;
    bool video = false; ///< Meant as a video call.
    Media media;
};
/// It rings here.
struct Ringing {
    static constexpr std::uint8_t wire_kind = 225;
    Id id;
};
/// Somebody has answered here. Repeated until Taken comes.
struct Answer {
    static constexpr std::uint8_t wire_kind = 226;
    Id id;
    Media media;
};
/// By who called: this device has the call, all others stop ringing.
struct Taken {
    static constexpr std::uint8_t wire_kind = 227;
    Id id;
    DeviceId device;
    Media media;
};
/// For the whole account.
struct Reject {
    static constexpr std::uint8_t wire_kind = 228;
    Id id;
    RejectReason reason = RejectReason::declined;
};
/// It is over, or never came to be.
struct End {
    static constexpr std::uint8_t wire_kind = 229;
    Id id;
    EndReason reason = EndReason::hung_up;
};
/// During the call, at every change and now and then: still there, and so.
struct Update {
    static constexpr std::uint8_t wire_kind = 230;
    Id id;
    Media media;
};

using Signal = std::variant<Offer, Ringing, Answer, Taken, Reject, End, Update>;

[[nodiscard]] Bytes encode(const Signal& signal);
/// Errors: malformed.
[[nodiscard]] Result<Signal> decode_signal(BytesView bytes);
[[nodiscard]] const Id& id_of(const Signal& signal) noexcept;

} // namespace godwit::wire::call

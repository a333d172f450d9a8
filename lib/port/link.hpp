// SPDX-License-Identifier: Apache-2.0
// port: the doors between the core and the outside, each with a real and a simulated twin.
//
// Link: one live, authenticated, ordered, reliable connection with a relay or a peer device. QUIC over UDP, QUIC over
// an ICE path and TLS 1.3 over TCP all look like this. What travels on it are frames (lib/wire); a Link does not look
// inside.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

namespace godwit::port {

/// Ed25519 public key of the far side, as proved by the handshake (RFC 7250 raw public key).
using PeerKey = PublicKey;

/// Largest frame a link carries, in bytes, without its 4-byte length prefix: the longest change of a group of 2,000
/// accounts fits; a stranger cannot make us buffer more than this per connection.
inline constexpr std::size_t frame_bytes_max = 1344 * 1024;

/// Bytes that may wait in one link before send() says no: about two seconds of a 20 Mbit/s uplink.
inline constexpr std::size_t link_queue_bytes_max = 4 * 1024 * 1024;

/// Frames of one lane arrive in order; bulk yields to prompt, and may be overtaken by it. A link that has no second
/// lane carries both in the order in which they are sent.
enum class Lane : std::uint8_t { prompt, bulk };

struct LinkQuality {
    Duration rtt{};               ///< Smoothed round trip; zero while unknown.
    Instant last_heard{};         ///< When the last authenticated bytes of the far side arrived.
    std::size_t queued_bytes = 0; ///< Accepted by send(), not yet acknowledged by the transport.
    std::uint64_t sent_bytes = 0; ///< Payload of frames, since the link came up.
    std::uint64_t received_bytes = 0;
};

/// Owned by whoever opened or accepted it. All calls and callbacks on the loop thread. A callback may close() or
/// destroy any link, also the one that calls.
class Link {
public:
    virtual ~Link() = default;

    /// Queues one frame. False when link_queue_bytes_max would be exceeded, the frame is longer than frame_bytes_max,
    /// or the link is not up: nothing was queued. A frame that was queued may still be lost when the link goes down.
    /// Each lane has room of its own, where there are two.
    [[nodiscard]] virtual bool send(BytesView frame, Lane lane) = 0;
    [[nodiscard]] bool send(BytesView frame) { return send(frame, Lane::prompt); }

    /// Beside the frames, where the transport has them (RFC 9221): unreliable, unordered, before everything that waits.
    /// Of those that congestion keeps waiting the oldest are dropped. False: this link carries none, is not up, or the
    /// datagram is too long for its path.
    [[nodiscard]] virtual bool send_datagram(BytesView datagram)
    {
        static_cast<void>(datagram);
        return false;
    }

    /// Says goodbye (QUIC CONNECTION_CLOSE, TLS close_notify) after flushing what is queued as far as the transport
    /// takes it now. No callback follows.
    virtual void close() = 0;

    /// From now on a frame of the far side that is longer than `bytes_max` (at most frame_bytes_max) ends the link as
    /// malformed, from its length on: who is not known yet is not listened to at length.
    virtual void limit_frames(std::size_t bytes_max) = 0;

    [[nodiscard]] virtual const PeerKey& peer_key() const = 0;
    [[nodiscard]] virtual LinkQuality quality() const = 0;
};

/// What a link reports. Exactly one of: down (never came up, or went down after up). After down the link is dead;
/// destroy it.
class LinkObserver {
public:
    /// Both sides are authenticated and the key is the expected one (see lab notes: for a QUIC or TLS client this is
    /// only after the far side has judged our key).
    virtual void link_up(Link& link) = 0;
    /// One whole frame, in the order of its lane. `frame` is valid during the call.
    virtual void link_frame(Link& link, BytesView frame) = 0;
    /// One datagram of the far side. Valid during the call.
    virtual void link_datagram(Link& link, BytesView datagram) { static_cast<void>(link), static_cast<void>(datagram); }
    /// The queue fell below half of link_queue_bytes_max after a send() that said no.
    virtual void link_writable(Link& link) = 0;
    /// `reason.code`: timed_out (no answer, idle), relay_key_mismatch / authentication_failed (wrong key), cancelled
    /// (the far side closed), malformed (nonsense on the link), not_connected (refused, unreachable, reset).
    virtual void link_down(Link& link, const Error& reason) = 0;

protected:
    ~LinkObserver() = default;
};

} // namespace godwit::port

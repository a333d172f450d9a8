// SPDX-License-Identifier: Apache-2.0
// What dialling and serving have in common, whatever the link runs over.
#pragma once

#include "lib/port/link.hpp"
#include "transport/loop/address.hpp"

#include <functional>
#include <memory>

namespace godwit::tls {

/// ALPN (RFC 7301): which protocol the frames of a link belong to. Both sides must say the same.
inline constexpr std::string_view alpn_relay = "godwit-relay/1";
inline constexpr std::string_view alpn_peer = "godwit-peer/1";

struct LinkOptions {
    /// From the first byte until both sides are authenticated. Ten seconds: three lost flights on a slow mobile link.
    Duration handshake_max = std::chrono::seconds(10);
    /// Down with timed_out when nothing authenticated was heard for so long. QUIC takes the smaller of both sides'
    /// values.
    Duration idle_max = std::chrono::seconds(30);
    /// > 0: asks the far side for a sign of life when quiet for so long. Off: the engine pings by itself.
    Duration keep_alive = Duration::zero();
    /// QUIC: acknowledgements never wait for something to go with. For who sleeps between datagrams: one that waits is
    /// a timer, and a wake-up of its own. (RFC 9000 section 13.2.1: max_ack_delay of zero.)
    bool acknowledge_at_once = false;
    /// Of the far side's frames, until port::Link::limit_frames says otherwise.
    std::size_t frame_bytes_max = port::frame_bytes_max;
};

/// Whom to accept on the far side.
struct PeerPolicy {
    /// Pinned: exactly this key.
    std::optional<port::PeerKey> expected;
    /// Asked when nothing is pinned; empty accepts every key (a relay lets strangers in, and the protocol above judges
    /// them). Called inside the handshake: must not touch the link, its server or its observer.
    std::function<bool(const port::PeerKey&)> ask;
    /// What a wrong pinned key is called: relay_key_mismatch towards a relay, authentication_failed towards a peer
    /// device.
    ErrorCode on_mismatch = ErrorCode::relay_key_mismatch;
};

struct DialOptions {
    PeerPolicy peer;
    std::string alpn = std::string(alpn_relay);
    LinkOptions link;
};

/// How many links a server carries. Beyond: the newcomer is refused, those who are in stay.
struct ServeLimits {
    std::size_t links_max = 20'000;
    /// Of one IPv4 address or IPv6 /64: a household or an office behind one NAT.
    std::size_t links_per_subscriber_max = 128;
    /// Still in the handshake, all together and of one subscriber.
    std::size_t half_open_max = 1024;
    std::size_t half_open_per_subscriber_max = 32;
    /// Of one subscriber: so many newcomers at once, then one each interval; 0: as many as come. A handshake is some
    /// milliseconds of work, which nobody has paid for yet.
    std::uint32_t arrivals_burst = 0;
    Duration arrivals_interval = std::chrono::milliseconds(20);
};

struct ServeOptions {
    PeerPolicy peer;
    std::string alpn = std::string(alpn_relay);
    LinkOptions link;
    ServeLimits limits;
};

/// Takes what a server accepts.
class LinkAcceptor {
public:
    /// A client is authenticated and its link is up (link_up is not called for it). Keep the link; the observer
    /// returned here hears of it from now on and outlives it.
    virtual port::LinkObserver& link_accepted(std::unique_ptr<port::Link> link, const loop::Address& from) = 0;

protected:
    ~LinkAcceptor() = default;
};

} // namespace godwit::tls

// SPDX-License-Identifier: Apache-2.0
// Private to lib/assembly: one link of the engine, on its way up or up, as real transports make it.
//
//   RelayLink   name -> addresses -> QUIC or TLS to the first that answers
//   PeerLink    TURN and STUN names -> addresses -> ICE -> QUIC over the pair that ICE found
#pragma once

#include "lib/client/shell.hpp"
#include "transport/ice/ice_session.hpp"
#include "transport/loop/loop.hpp"
#include "transport/quic/address_tokens.hpp"

namespace godwit::assembly {

/// What every link shares.
struct LinkWorld {
    loop::Loop& loop;
    port::Entropy& entropy;
    ice::IceRuntime& ice;
    client::Reports*& reports;
    bool loopback_allowed = false;
    bool drop_direct = false;
    port::MediaHost* media = nullptr;
    /// Destroys the link and reports link_down. The last thing that a link does.
    std::function<void(client::LinkId, Error)> ended;
    std::shared_ptr<quic::AddressTokens> tokens = std::make_shared<quic::AddressTokens>();
};

class WireLink {
public:
    virtual ~WireLink() = default;
    /// Once, after construction; everything is reported by id from here on.
    virtual void start() = 0;
    /// The frames' link; null until there is one.
    [[nodiscard]] virtual port::Link* frames() = 0;

    // Peer links only.
    virtual void set_remote(const engine::SetRemoteDescription&) {}
    virtual void add_remote(const engine::AddRemoteCandidate&) {}
    virtual void remote_done() {}
    virtual void apply_drop() {}
};

[[nodiscard]] std::unique_ptr<WireLink> make_relay_link(LinkWorld& world, engine::DialRelay what);
[[nodiscard]] std::unique_ptr<WireLink> make_peer_link(LinkWorld& world, engine::OpenPath what);

} // namespace godwit::assembly

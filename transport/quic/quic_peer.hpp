// SPDX-License-Identifier: Apache-2.0
// QUIC with a peer device over a DatagramPath.
#pragma once

#include "lib/port/datagram_path.hpp"
#include "lib/port/entropy.hpp"
#include "transport/loop/loop.hpp"
#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::quic {

/// Both devices must choose different roles; the same rule on both sides settles it (the ICE controlling side is the
/// client).
enum class PeerRole { client, server };

struct PeerOptions {
    PeerRole role = PeerRole::client;
    port::PeerKey expected; ///< The device key of the far side; another one is authentication_failed.
    std::string alpn = std::string(tls::alpn_peer);
    tls::LinkOptions link;
};

/// Observes `path` from now on and starts the handshake (client) or waits for it (server, at most link.handshake_max).
/// The outcome is link_up or link_down, never inside this call. `path`, `entropy` and `observer` outlive the link; when
/// the link goes it stops observing `path`. path_failed becomes link_down with its reason.
[[nodiscard]] std::unique_ptr<port::Link> open_peer(loop::Loop& loop, port::DatagramPath& path,
                                                    const tls::Identity& identity, const PeerOptions& options,
                                                    port::Entropy& entropy, port::LinkObserver& observer);

} // namespace godwit::quic

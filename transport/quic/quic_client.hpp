// SPDX-License-Identifier: Apache-2.0
// quic: QUIC v1 (RFC 9000, RFC 9001) by ngtcp2, over UDP and over any DatagramPath, as a Link.
//
//   quic_client.hpp   dial a relay over UDP
//   quic_server.hpp   serve many on one UDP port (CID routing, Retry, stateless reset; shares the port with STUN)
//   quic_peer.hpp     one link with a peer device over a DatagramPath (what ICE found)
//
// Mutual Ed25519 raw public keys, no 0-RTT and no resumption. One bidirectional stream, opened by the client with one
// empty frame, carries the frames of a link in order. ngtcp2 appears in this folder only.
#pragma once

#include "lib/port/entropy.hpp"
#include "transport/loop/address.hpp"
#include "transport/loop/loop.hpp"
#include "transport/quic/address_tokens.hpp"
#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::quic {

/// Starts at once and returns at once; `observer` hears link_up or link_down later, never inside this call. Destroy the
/// link to cancel. `observer` and `entropy` outlive the link. Each link has a UDP socket of its own, bound to no
/// interface: when the device changes networks the relay sees a new address of the same connection and follows (RFC
/// 9000 section 9). `tokens`: of this client, for all servers that it dials; without, each dial proves its address anew
/// where the server asks for it.
[[nodiscard]] std::unique_ptr<port::Link> dial(loop::Loop& loop, const loop::Address& to, const tls::Identity& identity,
                                               const tls::DialOptions& options, port::Entropy& entropy,
                                               port::LinkObserver& observer,
                                               std::shared_ptr<AddressTokens> tokens = nullptr);

} // namespace godwit::quic

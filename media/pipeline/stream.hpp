// SPDX-License-Identifier: Apache-2.0
// Private to pipeline: what both kinds of streams have in common on the wire.
#pragma once

#include "media/rtp/packet.hpp"

#include <optional>

namespace godwit::pipeline {

// Both ends are ours, so payload types and extension ids are constants and not negotiated; those that WebRTC uses.
inline constexpr std::uint8_t payload_opus = 111, payload_red = 63, payload_vp8 = 96, payload_vp9 = 98,
                              payload_parity = 118, payload_padding = 119;
inline constexpr std::uint8_t extension_transport = 1, extension_marking = 2;

/// What fits through a path of 1,200 bytes: less UDP's share, QUIC's (37), flow identifier and RTP with extensions.
inline constexpr std::size_t datagram_bytes_max = 1'150;
inline constexpr std::size_t payload_bytes_max = datagram_bytes_max - 1 - 12 - 12;
/// A parity packet is longer than those that it stands for: its own header, and what is an extension to them is payload
/// to it.
inline constexpr std::size_t parity_bytes_max = 24;

/// An RTP packet whose transport-wide number is written when it leaves, and not when it is made.
[[nodiscard]] Bytes encode_unnumbered(const rtp::Packet& packet);
void write_transport_number(Bytes& packet, std::uint16_t number);
/// As encode_unnumbered() made it. Of a packet from outside, too: total.
void clear_transport_number(Bytes& packet) noexcept;
[[nodiscard]] std::optional<std::uint16_t> transport_number(const rtp::Packet& packet);

} // namespace godwit::pipeline

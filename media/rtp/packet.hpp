// SPDX-License-Identifier: Apache-2.0
// rtp: real-time packets to bytes and back, pure and total: whatever the bytes are, a decoder answers, and allocates no
// more than they are long. No clock, no socket, no codec (docs/adr/0037-media.md).
//
//   packet.hpp              RTP (RFC 3550 section 5.1) with header extensions (RFC 8285)
//   sequence.hpp            16- and 32-bit counters that go round, as numbers that do not
//   rtcp.hpp                RTCP: reports, SDES, BYE, NACK, PLI (RFC 3550 section 6, RFC 4585), any compound
//   transport_feedback.hpp  which packets came, and when: what congestion control lives on
//   reception.hpp           what a receiver report says (RFC 3550 appendix A)
//   vp8.hpp, vp9.hpp        payload descriptors (RFC 7741, RFC 9628)
//   frame_marking.hpp       what may be known of a frame that is sealed (RFC 9626)
//   fragments.hpp           one video frame in payloads of several packets
//   red.hpp                 earlier audio frames once more in a later packet (RFC 2198)
//   flow.hpp                which packet a QUIC datagram holds
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace godwit::rtp {

inline constexpr std::size_t header_bytes = 12;
/// Section 5.1: the count has four bits.
inline constexpr std::size_t csrc_max = 15;
/// Header extension elements that are looked at in one packet; who sends more is not understood.
inline constexpr std::size_t extensions_max = 8;
/// RFC 8285: what one element may hold, in the two-byte form.
inline constexpr std::size_t extension_bytes_max = 255;
/// RTP over UDP: no datagram is longer.
inline constexpr std::size_t packet_bytes_max = 65'507;

/// One element of RFC 8285. Views into what was decoded, or what the caller keeps until it is encoded.
struct Extension {
    std::uint8_t id = 0; ///< 1 to 14 in the one-byte form, 1 to 255 in the other.
    BytesView data;
};

/// A packet. Everything in it that is a view points into the decoded bytes.
struct Packet {
    bool marker = false;
    std::uint8_t payload_type = 0; ///< 7 bits.
    std::uint16_t sequence_number = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::vector<std::uint32_t> csrc; ///< csrc_max at most.
    std::vector<Extension> extensions;
    BytesView payload; ///< Without padding.

    [[nodiscard]] const Extension* find(std::uint8_t extension_id) const noexcept;
};

/// Preconditions: payload_type < 128, csrc_max, extensions_max, ids from 1, extension_bytes_max. The one-byte form of
/// extensions where every element fits into it, else the two-byte form.
[[nodiscard]] Bytes encode(const Packet& packet);

/// nullopt: no RTP version 2, cut short, padding longer than the payload, an extension longer than its block, or more
/// than a bound above. An extension block of an unknown profile is skipped.
[[nodiscard]] std::optional<Packet> decode(BytesView bytes);

/// RFC 5761: of RTP and RTCP on one path, is this RTCP? By the second octet, payload types 64 to 95.
[[nodiscard]] bool is_rtcp(BytesView bytes) noexcept;

} // namespace godwit::rtp

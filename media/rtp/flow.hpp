// SPDX-License-Identifier: Apache-2.0
// What a QUIC datagram holds: RTP over QUIC (draft-ietf-avtcore-rtp-over-quic), a flow identifier before the packet.
// RTP and RTCP of a flow are told apart as by RFC 5761 (packet.hpp).
#pragma once

#include "lib/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace godwit::rtp {

/// RFC 9000 section 16: a number of 62 bits.
inline constexpr std::uint64_t flow_id_max = (std::uint64_t{1} << 62) - 1;
inline constexpr std::size_t flow_id_bytes_max = 8;

/// Precondition: flow_id_max.
[[nodiscard]] Bytes encode_datagram(std::uint64_t flow_id, BytesView packet);

struct FlowDatagram {
    std::uint64_t flow_id = 0;
    BytesView packet;
};
/// nullopt: cut short, nothing behind the identifier, or one in more bytes than it needs: one spelling a number.
[[nodiscard]] std::optional<FlowDatagram> decode_datagram(BytesView datagram);

} // namespace godwit::rtp

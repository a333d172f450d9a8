// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/flow.hpp"

#include "lib/base/check.hpp"
#include "media/rtp/octets.hpp"

namespace godwit::rtp {

namespace {

/// The two top bits of the first byte say how many there are: 1, 2, 4, 8.
unsigned length_bits(std::uint64_t number)
{
    if (number < std::uint64_t{1} << 6) return 0;
    if (number < std::uint64_t{1} << 14) return 1;
    return number < std::uint64_t{1} << 30 ? 2 : 3;
}

} // namespace

Bytes encode_datagram(std::uint64_t flow_id, BytesView packet)
{
    GODWIT_ASSERT(flow_id <= flow_id_max);
    const unsigned bits = length_bits(flow_id);
    const std::size_t octets = std::size_t{1} << bits;
    Bytes out;
    out.reserve(octets + packet.size());
    put(out, flow_id | std::uint64_t{bits} << (8 * octets - 2), octets);
    append(out, packet);
    return out;
}

std::optional<FlowDatagram> decode_datagram(BytesView datagram)
{
    if (datagram.empty()) return std::nullopt;
    const unsigned bits = datagram[0] >> 6;
    const std::size_t octets = std::size_t{1} << bits;
    Reader in(datagram);
    FlowDatagram out;
    out.flow_id = in.number(octets) & ((std::uint64_t{1} << (8 * octets - 2)) - 1);
    out.packet = in.rest();
    if (!in.ok() || out.packet.empty() || length_bits(out.flow_id) != bits) return std::nullopt;
    return out;
}

} // namespace godwit::rtp

// SPDX-License-Identifier: Apache-2.0
#include "media/pipeline/stream.hpp"

#include "lib/base/check.hpp"

namespace godwit::pipeline {

namespace {

/// The number is the first element of the extension block: behind the header, its profile and length, and the element's
/// own header.
constexpr std::size_t number_at = rtp::header_bytes + 4 + 1;

} // namespace

Bytes encode_unnumbered(const rtp::Packet& packet)
{
    static constexpr std::uint8_t blank[2] = {};
    GODWIT_ASSERT(packet.csrc.empty());
    rtp::Packet whole = packet;
    whole.extensions.insert(whole.extensions.begin(), {extension_transport, BytesView(blank)});
    return encode(whole);
}

void write_transport_number(Bytes& packet, std::uint16_t number)
{
    GODWIT_ASSERT(packet.size() > number_at + 1);
    packet[number_at] = static_cast<std::uint8_t>(number >> 8);
    packet[number_at + 1] = static_cast<std::uint8_t>(number);
}

void clear_transport_number(Bytes& packet) noexcept
{
    if (packet.size() > number_at + 1) packet[number_at] = packet[number_at + 1] = 0;
}

std::optional<std::uint16_t> transport_number(const rtp::Packet& packet)
{
    const rtp::Extension* const one = packet.find(extension_transport);
    if (one == nullptr || one->data.size() != 2) return std::nullopt;
    return static_cast<std::uint16_t>(one->data[0] << 8 | one->data[1]);
}

} // namespace godwit::pipeline

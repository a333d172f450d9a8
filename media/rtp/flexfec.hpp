// SPDX-License-Identifier: Apache-2.0
// Parity packets (RFC 8627, "FlexFEC", with fixed offsets): of several RTP packets whatever one of them was, when all
// others are there.
//
//    0                   1                   2                   3
//   |0|1|P|X|  CC   |M| PT recovery |        length recovery        |
//   |                          TS recovery                          |
//   |            SN base            |       L       |       D       |
//   | what follows the twelve octets of each packet's header, the shorter ones filled up with 0 ...
//
// D = 0: the L packets from SN base on. D > 1: D packets, each L behind the one before. Without the CSRC list that
// names the protected stream: a sender has one.
#pragma once

#include "media/rtp/packet.hpp"

#include <span>

namespace godwit::rtp {

inline constexpr std::size_t fec_header_bytes = 12;
/// Packets that one parity packet may stand for.
inline constexpr std::size_t fec_protected_max = 48;

struct FecHeader {
    std::uint16_t base = 0;
    std::uint8_t step = 1;  ///< From one protected packet to the next.
    std::uint8_t count = 1; ///< How many there are.
    /// Whether `sequence_number` is among them.
    [[nodiscard]] bool protects(std::uint16_t sequence_number) const noexcept;
    [[nodiscard]] std::uint16_t number(std::size_t i) const noexcept
    {
        return static_cast<std::uint16_t>(base + i * step);
    }
};

/// The payload of a parity packet. `packets`: whole RTP packets, those that the header names, in its order.
/// Preconditions: 1 to fec_protected_max of them, each of header_bytes at least; step 1, or more than one packet.
[[nodiscard]] Bytes protect(const FecHeader& header, std::span<const BytesView> packets);
/// nullopt: cut short, another form, or more than fec_protected_max.
[[nodiscard]] std::optional<FecHeader> decode_fec_header(BytesView payload) noexcept;
/// The one packet of `missing`, as it was. `others`: all the other ones that it protects, in any order. nullopt:
/// nothing sensible comes out.
[[nodiscard]] std::optional<Bytes> recover(BytesView payload, std::span<const BytesView> others, std::uint16_t missing,
                                           std::uint32_t ssrc);

} // namespace godwit::rtp

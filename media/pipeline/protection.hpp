// SPDX-License-Identifier: Apache-2.0
// Parity packets beside those of pictures: how many, by loss and round trip; and lost packets made anew from them.
#pragma once

#include "media/rtp/flexfec.hpp"
#include "media/rtp/sequence.hpp"

#include "lib/base/time.hpp"

#include <deque>
#include <map>

namespace godwit::pipeline {

/// How many packets of the base layer one parity packet stands for; 0: none are sent. A repetition is cheaper, and
/// comes in time where the round trip is short; one of a picture that is waited for longer than a quarter of a second
/// is seen as a stop. So: by how long a repetition takes, and by how many will be needed. Pure.
[[nodiscard]] int protection_for(double loss, Duration round_trip) noexcept;
/// What all pictures then take, against what they take without.
[[nodiscard]] double protection_cost(int group) noexcept;

/// Parity packets' payloads for the packets of one frame, `group` by `group`, neighbours in different groups, since
/// losses come in bursts. `first`: sequence number of the first of them.
[[nodiscard]] std::vector<Bytes> protect_frame(const std::vector<Bytes>& packets, std::uint16_t first, int group);

/// Packets and parity packets that are kept: half a second of 4 Mbit/s.
inline constexpr std::size_t repair_packets_max = 256;
inline constexpr std::size_t repair_parities_max = 64;

class Repair {
public:
    /// `packet`: whole, without its transport-wide number. Returns packets that can be made anew now.
    [[nodiscard]] std::vector<Bytes> packet(std::uint16_t sequence_number, Bytes packet, std::uint32_t ssrc);
    [[nodiscard]] std::vector<Bytes> parity(BytesView payload, std::uint32_t ssrc);

private:
    struct Parity {
        rtp::FecHeader header;
        Bytes payload;
    };
    [[nodiscard]] std::vector<Bytes> look(std::uint32_t ssrc);
    void keep(std::uint16_t sequence_number, Bytes packet);

    std::map<std::int64_t, Bytes> packets_; ///< By unwrapped number.
    std::deque<Parity> parities_;           ///< That may still be of use.
    rtp::SequenceUnwrapper numbers_;
};

} // namespace godwit::pipeline

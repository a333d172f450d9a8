// SPDX-License-Identifier: Apache-2.0
// RTCP (RFC 3550 section 6), and the feedback of RFC 4585 that we use.
//
// Compounds are taken in any form: RFC 5506 lets feedback go alone, without a report before it. What is of a type that
// is not understood is skipped, as section 6.1 wants; what is of a known type and broken spoils the compound.
#pragma once

#include "lib/base/bytes.hpp"
#include "media/rtp/transport_feedback.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace godwit::rtp {

/// RTCP packets in one datagram.
inline constexpr std::size_t compound_packets_max = 16;
/// The count has five bits.
inline constexpr std::size_t report_blocks_max = 31;
inline constexpr std::size_t cname_bytes_max = 255;
/// Sequence numbers that one Nack asks for again: more than that is a keyframe's business.
inline constexpr std::size_t nack_numbers_max = 512;

/// Section 6.4.1.
struct ReportBlock {
    std::uint32_t ssrc = 0;           ///< Of the source reported on.
    std::uint8_t fraction_lost = 0;   ///< Since the last report, in 256ths.
    std::int32_t cumulative_lost = 0; ///< 24 bits with a sign: duplicates can make it negative.
    std::uint32_t extended_highest_sequence_number = 0;
    std::uint32_t jitter = 0;                         ///< In units of the timestamp.
    std::uint32_t last_sender_report = 0;             ///< Middle 32 bits of its NTP timestamp; 0: there was none.
    std::uint32_t delay_since_last_sender_report = 0; ///< In 1/65536 s.
    friend bool operator==(const ReportBlock&, const ReportBlock&) = default;
};

struct SenderReport {
    std::uint32_t ssrc = 0;
    std::uint64_t ntp_timestamp = 0; ///< Seconds in the upper half, their fraction in the lower.
    std::uint32_t rtp_timestamp = 0; ///< The same moment on the stream's own clock.
    std::uint32_t packet_count = 0;
    std::uint32_t octet_count = 0;
    std::vector<ReportBlock> blocks; ///< report_blocks_max at most.
    friend bool operator==(const SenderReport&, const SenderReport&) = default;
};
struct ReceiverReport {
    std::uint32_t ssrc = 0;
    std::vector<ReportBlock> blocks; ///< report_blocks_max at most.
    friend bool operator==(const ReceiverReport&, const ReceiverReport&) = default;
};
/// Section 6.5, reduced to what is mandatory: one source and its CNAME. Other items and further chunks are skipped.
struct SourceDescription {
    std::uint32_t ssrc = 0;
    std::string cname; ///< cname_bytes_max at most.
    friend bool operator==(const SourceDescription&, const SourceDescription&) = default;
};
/// Section 6.6. A reason is skipped.
struct Bye {
    std::vector<std::uint32_t> ssrcs; ///< report_blocks_max at most.
    friend bool operator==(const Bye&, const Bye&) = default;
};
/// RFC 4585 section 6.2.1: these sequence numbers did not come.
struct Nack {
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;
    std::vector<std::uint16_t> sequence_numbers; ///< nack_numbers_max at most; ascending, the long way round included.
    friend bool operator==(const Nack&, const Nack&) = default;
};
/// RFC 4585 section 6.3.1: send a keyframe.
struct PictureLossIndication {
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;
    friend bool operator==(const PictureLossIndication&, const PictureLossIndication&) = default;
};

using RtcpPacket =
    std::variant<SenderReport, ReceiverReport, SourceDescription, Bye, Nack, PictureLossIndication, TransportFeedback>;

/// Preconditions: the bounds above, and TransportFeedback's own.
[[nodiscard]] Bytes encode(const std::vector<RtcpPacket>& compound);
/// nullopt: not version 2, cut short, lengths that contradict each other, or more than a bound above.
[[nodiscard]] std::optional<std::vector<RtcpPacket>> decode_rtcp(BytesView bytes);

} // namespace godwit::rtp

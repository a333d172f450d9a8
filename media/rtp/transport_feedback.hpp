// SPDX-License-Identifier: Apache-2.0
// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01): every packet of a path, of
// whatever stream, carries the next number of one 16-bit counter; the receiver says of each number whether it came, and
// when, in steps of 250 us. RFC 8888 reports by stream and sequence number instead and cannot tell a repetition from
// its original; this one can.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"
#include "media/rtp/sequence.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace godwit::rtp {

inline constexpr std::uint8_t transport_feedback_format = 15; ///< FMT in RFC 4585's transport layer feedback.
/// Packets that one feedback speaks of. At a feedback every 50 ms that is 40,000 packets a second.
inline constexpr std::size_t feedback_statuses_max = 2048;
inline constexpr Duration feedback_tick{250};
inline constexpr Duration feedback_reference_tick = std::chrono::milliseconds(64);

struct TransportFeedback {
    std::uint32_t sender_ssrc = 0;
    std::uint32_t media_ssrc = 0;
    std::uint16_t base_sequence_number = 0;
    std::uint8_t feedback_packet_count = 0; ///< Counts feedbacks, so that a lost one shows.
    std::int32_t reference_time = 0;        ///< 24 bits with a sign, in feedback_reference_tick.
    /// Of base_sequence_number and those that follow; nullopt: did not come. In feedback_tick, since the one that came
    /// before in this list, the first one since reference_time.
    std::vector<std::optional<std::int16_t>> deltas; ///< feedback_statuses_max at most.
    friend bool operator==(const TransportFeedback&, const TransportFeedback&) = default;
};

/// What stands behind the RTCP header.
[[nodiscard]] Bytes encode_body(const TransportFeedback& feedback);
/// nullopt: cut short, a reserved symbol, or more than feedback_statuses_max.
[[nodiscard]] std::optional<TransportFeedback> decode_body(BytesView body);

/// One line of a feedback, on clocks that do not go round.
struct PacketArrival {
    std::int64_t sequence_number = 0;
    std::optional<Duration> at; ///< On the receiver's clock, of unknown origin; nullopt: did not come.
};
/// Unwraps the counters of a sequence of feedbacks.
class FeedbackReader {
public:
    [[nodiscard]] std::vector<PacketArrival> read(const TransportFeedback& feedback);

private:
    SequenceUnwrapper sequence_;
    Unwrapper<std::uint32_t> reference_; ///< Of reference_time, shifted to the top of 32 bits.
};

/// The receiver's side: gathers arrivals and makes feedbacks of them.
class FeedbackBuilder {
public:
    /// Arrivals kept, so that one that came out of order is told without contradicting what was told before.
    static constexpr std::size_t history_max = 1024;

    void arrived(std::uint16_t sequence_number, Instant now);
    /// Everything since the last one; nullopt: nothing new. Gaps beyond what one feedback can say are cut off: the rest
    /// comes with the next.
    [[nodiscard]] std::optional<TransportFeedback> build(std::uint32_t sender_ssrc, std::uint32_t media_ssrc);

private:
    SequenceUnwrapper unwrapper_;
    std::map<std::int64_t, Instant> arrivals_;
    std::optional<std::int64_t> next_; ///< First number not told of yet.
    std::uint8_t count_ = 0;
};

} // namespace godwit::rtp

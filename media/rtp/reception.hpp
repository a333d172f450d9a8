// SPDX-License-Identifier: Apache-2.0
// What a receiver knows of one stream, for reports: loss (RFC 3550 appendix A.3), jitter (A.8), round trip (6.4.1).
#pragma once

#include "lib/base/time.hpp"
#include "media/rtp/rtcp.hpp"
#include "media/rtp/sequence.hpp"

namespace godwit::rtp {

/// Our NTP timestamps stand on the monotonic clock: receivers only give them back, or compare two of one sender.
[[nodiscard]] std::uint64_t to_ntp(Instant now) noexcept;

class Reception {
public:
    /// `clock_rate`: of the stream's timestamps, in Hz.
    Reception(std::uint32_t ssrc, std::uint32_t clock_rate) : ssrc_(ssrc), clock_rate_(clock_rate) {}

    void packet(std::uint16_t sequence_number, std::uint32_t timestamp, Instant now);
    void sender_report(const SenderReport& report, Instant now);
    /// Fraction lost counts from one call to the next.
    [[nodiscard]] ReportBlock report(Instant now);

    [[nodiscard]] std::int64_t received() const noexcept { return received_; }
    [[nodiscard]] std::int64_t expected() const noexcept { return first_ ? highest_ - *first_ + 1 : 0; }
    [[nodiscard]] Duration jitter() const noexcept;

private:
    std::uint32_t ssrc_;
    std::uint32_t clock_rate_;
    SequenceUnwrapper sequence_;
    TimestampUnwrapper timestamp_;
    std::optional<std::int64_t> first_;
    std::int64_t highest_ = 0, received_ = 0;
    std::int64_t expected_before_ = 0, received_before_ = 0;
    std::optional<std::int64_t> transit_; ///< Arrival less timestamp of the packet before, in units of the timestamp.
    std::int64_t jitter_16_ = 0;          ///< Sixteen times the jitter, as A.8 has it, so that it is exact in integers.
    std::uint32_t last_sender_report_ = 0;
    Instant last_sender_report_at_{};
};

/// What the sender of a report learns from a block about itself; nullopt: the block refers to no report of it.
[[nodiscard]] std::optional<Duration> round_trip(const ReportBlock& block, Instant now) noexcept;

} // namespace godwit::rtp

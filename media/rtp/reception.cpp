// SPDX-License-Identifier: Apache-2.0
#include "media/rtp/reception.hpp"

#include <algorithm>
#include <cstdlib>

namespace godwit::rtp {

namespace {

constexpr std::int64_t us_per_s = 1'000'000;

std::uint32_t middle_of(std::uint64_t ntp)
{
    return static_cast<std::uint32_t>(ntp >> 16);
}

} // namespace

std::uint64_t to_ntp(Instant now) noexcept
{
    const auto us = static_cast<std::uint64_t>(now.time_since_epoch().count());
    return us / us_per_s << 32 | (us % us_per_s << 32) / us_per_s;
}

void Reception::packet(std::uint16_t sequence_number, std::uint32_t timestamp, Instant now)
{
    const std::int64_t number = sequence_.unwrap(sequence_number);
    ++received_;
    if (!first_ || number < *first_) first_ = number;
    highest_ = received_ == 1 ? number : std::max(highest_, number);
    const std::int64_t us = now.time_since_epoch().count();
    const auto arrival = us / us_per_s * clock_rate_ + us % us_per_s * clock_rate_ / us_per_s;
    const std::int64_t transit = arrival - timestamp_.unwrap(timestamp);
    if (transit_) jitter_16_ += std::abs(transit - *transit_) - (jitter_16_ + 8) / 16;
    transit_ = transit;
}

void Reception::sender_report(const SenderReport& report, Instant now)
{
    last_sender_report_ = middle_of(report.ntp_timestamp);
    last_sender_report_at_ = now;
}

ReportBlock Reception::report(Instant now)
{
    ReportBlock out;
    out.ssrc = ssrc_;
    const std::int64_t expected_since = expected() - expected_before_, received_since = received_ - received_before_;
    const std::int64_t lost_since = expected_since - received_since;
    if (expected_since > 0 && lost_since > 0)
        out.fraction_lost = static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_since * 256 / expected_since));
    out.cumulative_lost =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(expected() - received_, -0x800000, 0x7fffff));
    out.extended_highest_sequence_number = static_cast<std::uint32_t>(highest_);
    out.jitter = static_cast<std::uint32_t>(jitter_16_ / 16);
    out.last_sender_report = last_sender_report_;
    if (last_sender_report_ != 0)
        out.delay_since_last_sender_report = middle_of(to_ntp(Instant(now - last_sender_report_at_)));
    expected_before_ = expected();
    received_before_ = received_;
    return out;
}

Duration Reception::jitter() const noexcept
{
    return Duration(jitter_16_ * us_per_s / 16 / clock_rate_);
}

std::optional<Duration> round_trip(const ReportBlock& block, Instant now) noexcept
{
    if (block.last_sender_report == 0) return std::nullopt;
    // Section 6.4.1, figure 2: A - LSR - DLSR, modulo 2^32.
    const std::int32_t ticks =
        distance(static_cast<std::uint32_t>(block.last_sender_report + block.delay_since_last_sender_report),
                 middle_of(to_ntp(now)));
    return Duration(std::max<std::int64_t>(0, ticks) * us_per_s / 65536);
}

} // namespace godwit::rtp

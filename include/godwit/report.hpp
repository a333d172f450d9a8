// SPDX-License-Identifier: Apache-2.0
// What a user tells the operator of the relay about somebody, or about a group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit {

inline constexpr std::size_t report_text_bytes_max = 1024;
inline constexpr std::size_t report_messages_max = 16;
/// Of what one reported message says; the rest is cut off.
inline constexpr std::size_t report_excerpt_bytes_max = 1024;

enum class ReportReason : std::uint8_t {
    spam = 1,
    abuse = 2,
    illegal = 3,
    impersonation = 4,
    other = 5,
};
[[nodiscard]] constexpr std::string_view report_reason_name(ReportReason reason) noexcept
{
    switch (reason) {
    case ReportReason::spam: return "spam";
    case ReportReason::abuse: return "abuse";
    case ReportReason::illegal: return "illegal";
    case ReportReason::impersonation: return "impersonation";
    case ReportReason::other: return "other";
    }
    return "other";
}

} // namespace godwit

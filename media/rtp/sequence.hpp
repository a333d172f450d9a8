// SPDX-License-Identifier: Apache-2.0
// Counters of 16 and 32 bits go round; what is unwrapped does not, and can be compared, subtracted and sorted.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace godwit::rtp {

/// How far `to` lies ahead of `from`, by the shorter way round; exactly half way counts as behind.
template <class Number>
[[nodiscard]] constexpr std::make_signed_t<Number> distance(Number from, Number to) noexcept
{
    return static_cast<std::make_signed_t<Number>>(static_cast<Number>(to - from));
}

/// Each number is taken as the nearest to the one before it. The first one stands for itself, so that later, older ones
/// may be negative.
template <class Number>
class Unwrapper {
public:
    std::int64_t unwrap(Number number) noexcept
    {
        last_ = last_ ? *last_ + distance(static_cast<Number>(*last_), number) : static_cast<std::int64_t>(number);
        return *last_;
    }
    /// As unwrap(), but remembers nothing. Before the first unwrap() the number itself.
    [[nodiscard]] std::int64_t peek(Number number) const noexcept
    {
        return last_ ? *last_ + distance(static_cast<Number>(*last_), number) : static_cast<std::int64_t>(number);
    }

private:
    std::optional<std::int64_t> last_;
};

using SequenceUnwrapper = Unwrapper<std::uint16_t>;
using TimestampUnwrapper = Unwrapper<std::uint32_t>;

} // namespace godwit::rtp

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <godwit/ids.hpp>

#include "lib/base/time.hpp"

#include <algorithm>
#include <cstdint>

namespace godwit::engine {

/// The id of what is said now: its first four bytes are the minute, so that what is said together lies together in
/// every index that finds it (docs/adr/0061-ids-by-time.md). The other twelve are random, and nobody may read more into
/// any of them than that they differ.
[[nodiscard]] inline MessageId said_at(MessageId random, Moment now)
{
    constexpr int unit_bits = 16; // 65.5 seconds: no more about when than an envelope's arrival tells
    const auto minute = static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall_ms, 0)) >> unit_bits;
    for (std::size_t i = 0; i < 4; ++i)
        random.bytes[i] = static_cast<std::uint8_t>((minute >> (24 - 8 * i)) & 0xff);
    return random;
}

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/memory_store.hpp"

#include <doctest/doctest.h>

namespace godwit::testing {

inline DeviceId device_named(std::uint8_t n)
{
    DeviceId out;
    out.bytes[0] = n;
    return out;
}

inline MessageId message_named(std::uint32_t n)
{
    MessageId out;
    for (std::size_t i = 0; i < 4; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
    return out;
}

inline ConversationId conversation_named(std::uint8_t n)
{
    ConversationId out;
    out.bytes[0] = n;
    return out;
}

/// Both clocks at `ms` since the start.
inline Moment at_ms(std::int64_t ms)
{
    return {Instant(std::chrono::milliseconds(ms)), 1'700'000'000'000 + ms};
}

} // namespace godwit::testing

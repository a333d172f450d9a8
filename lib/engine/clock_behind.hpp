// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: by how much this device's clock was behind the relay's when that greeted it last. A value of
// the store, so that what is written without a connection knows it too.
#pragma once

#include "lib/conversation/shared.hpp"
#include "lib/port/store.hpp"

#include <string_view>

namespace godwit::engine {

/// A number: milliseconds. Not there: not behind.
inline constexpr std::string_view clock_behind_value = "clock/behind";
/// Less is how far clocks differ anyway.
inline constexpr std::int64_t clock_behind_ms_min = 60'000;

inline void note_relay_clock(port::Store& store, WallMs relay_ms, Moment now)
{
    const auto behind_ms = relay_ms - now.wall_ms;
    if (behind_ms >= clock_behind_ms_min)
        store.put_value(clock_behind_value, conversation::shared::number(behind_ms));
    else if (store.value(clock_behind_value))
        store.remove_value(clock_behind_value);
}

} // namespace godwit::engine

// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: by how much this device's clock differed from the relay's when that greeted it last. Values of
// the store, so that what is written, and what comes by a link, without a connection knows it too.
#pragma once

#include "lib/conversation/conversation.hpp"
#include "lib/conversation/shared.hpp"
#include "lib/port/store.hpp"

#include <string_view>

namespace godwit::engine {

/// Numbers: milliseconds. At most one of them is there.
inline constexpr std::string_view clock_behind_value = "clock/behind";
inline constexpr std::string_view clock_ahead_value = "clock/ahead";
/// Less is how far clocks differ anyway, but for what lives for seconds from its sending.
inline constexpr std::int64_t clock_behind_ms_min = 60'000;
inline constexpr std::int64_t clock_ahead_ms_min = 1'000;

inline void note_relay_clock(port::Store& store, WallMs relay_ms, Moment now)
{
    const auto note = [&](std::string_view name, std::int64_t by_ms, std::int64_t least_ms) {
        if (by_ms >= least_ms)
            store.put_value(name, conversation::shared::number(by_ms));
        else if (store.value(name))
            store.remove_value(name);
    };
    note(clock_behind_value, relay_ms - now.wall_ms, clock_behind_ms_min);
    note(clock_ahead_value, now.wall_ms - relay_ms, clock_ahead_ms_min);
}

/// 0: it does not differ, or by so much that nothing can be said by it.
[[nodiscard]] inline std::int64_t clock_differs_ms(port::Store& store, std::string_view name)
{
    const auto known = store.value(name);
    const auto by_ms = known ? conversation::shared::read_number(*known).value_or(0) : 0;
    return by_ms > 0 && by_ms < conversation::under_way_ms_max ? by_ms : 0;
}

} // namespace godwit::engine

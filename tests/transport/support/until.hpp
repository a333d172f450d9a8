// SPDX-License-Identifier: Apache-2.0
// Turns a loop until a condition holds. The time limit is a safety net for a broken build, never part of what is
// tested.
#pragma once

#include "transport/loop/loop.hpp"

namespace godwit::test {

template <class Condition>
[[nodiscard]] bool until(loop::Loop& loop, Condition holds, Duration limit = std::chrono::seconds(20))
{
    const Instant end = loop::Loop::now().mono + limit;
    while (!holds()) {
        if (loop::Loop::now().mono > end) return false;
        loop.run_once(std::chrono::milliseconds(50));
    }
    return true;
}

/// Some turns of the loop, to see that nothing happens.
inline void turns(loop::Loop& loop, int count)
{
    for (int i = 0; i < count; ++i)
        loop.run_once(Duration::zero());
}

} // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
// What an engine is told whose device sleeps between two words, and whose links ask each other for signs of life by
// themselves. The engine's own figures are for links that do not: those of tests and simulations.
#pragma once

#include "lib/engine/engine.hpp"

namespace godwit::engine {

inline void wake_seldom(Config& config)
{
    // The relay asks a quiet link for a sign of life (relay/daemon), and the link answers: one wake-up. A ping of the
    // engine is three: its timer, the pong, an acknowledgement that waits.
    config.relay_keepalive = std::chrono::minutes(10);
    // A direct path costs 14 wake-ups a minute on each side while nothing is said on it, and a new one a quarter of a
    // second. Three minutes: who answers later than that has put the device away.
    config.peer_link_idle_max = std::chrono::minutes(3);
}

} // namespace godwit::engine

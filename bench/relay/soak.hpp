// SPDX-License-Identifier: Apache-2.0
// A soak: the same people come, send and go, round after round, and nothing of the relay may grow with the rounds.
//
//   a round: everybody logs in (half by QUIC, half by TLS) -> messages to oneself and to friends -> strangers come,
//   stand there and go, half of them without a word -> everybody leaves -> what does the relay take?
//
// The judge looks at the second half of the rounds: by then caches and the allocator have what they keep.
#pragma once

#include "bench/relay/relay_process.hpp"

#include <string>
#include <vector>

namespace bench {

/// A round of some hundred logins and thousands of messages: what the allocator keeps for later is far below it.
inline constexpr double rss_kib_a_round_max = 64;
inline constexpr double database_kib_a_round_max = 64;
/// A connection that is being accepted while one looks.
inline constexpr std::size_t descriptors_more_max = 4;
inline constexpr std::size_t soak_rounds_min = 12;

/// Empty: nothing grew. Else what did, and by how much. `rounds`: what was taken after each.
[[nodiscard]] std::string judge(const std::vector<Usage>& rounds);

struct Soak {
    std::size_t users = 200;
    std::size_t messages = 4000; ///< A round.
    std::size_t strangers = 50;
    double seconds = 0;
    std::string ledger; ///< A CSV of what was taken after each round; empty: none.
};
/// False: something grew.
bool run_soak(const Soak& soak, const RelayProcess& relay);

} // namespace bench

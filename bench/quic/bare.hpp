// SPDX-License-Identifier: Apache-2.0
// Bytes by ngtcp2 alone: what a file could go at over the same path if it were not asked for, hashed, encrypted at
// rest, written and synced.
//
//   two threads, two connected UDP sockets on loopback, one stream; AES-128-GCM; trains of equal datagrams both ways
//   (UDP_SEGMENT, UDP_GRO), as transport/loop has them; no ICE, no loop library, no frames, no store.
#pragma once

#include <cstddef>
#include <string>

namespace bench::quic {

struct Bare {
    double mib_per_s = 0;     ///< From the first datagram of the handshake to the last byte.
    double cpu_s_per_gib = 0; ///< Of both threads.
    std::string congestion;   ///< Which control that was: the better one of those tried.
};

/// Sends so many MiB under CUBIC and under BBR2, and tells the better. Throws std::runtime_error when they do not
/// arrive within a minute.
[[nodiscard]] Bare bare_ngtcp2(std::size_t mebibytes);

} // namespace bench::quic

// SPDX-License-Identifier: Apache-2.0
// Private to this room: how much leaves in one go.
#pragma once

#include "transport/quic/quic_core.hpp"

#include <algorithm>

namespace godwit::quic {

/// Bytes that may leave without a pause: a millisecond of the pacer's rate, as BBR has it
/// (draft-cardwell-iccrg-bbr-congestion-control, section 4.6.3), one datagram at least, a train at most. `of_ngtcp2`
/// stays at ten datagrams where the round trip is short; then each 14 KiB would cost a timer, a system call to send,
/// and as many to receive. `bytes_per_ns`: ngtcp2_conn_stat::pacing_rate.
[[nodiscard]] inline std::size_t quantum_bytes(double bytes_per_ns, std::size_t of_ngtcp2)
{
    const double of_rate = bytes_per_ns * static_cast<double>(NGTCP2_MILLISECONDS);
    const auto most = static_cast<double>(train_bytes_max);
    return std::clamp(std::max(of_ngtcp2, static_cast<std::size_t>(std::clamp(of_rate, 0.0, most))), datagram_bytes_max,
                      train_bytes_max);
}

} // namespace godwit::quic

// SPDX-License-Identifier: Apache-2.0
// Private to this room: our time line in ngtcp2's nanoseconds.
#pragma once

#include "transport/loop/loop.hpp"

#include <ngtcp2/ngtcp2.h>

namespace godwit::quic {

[[nodiscard]] inline ngtcp2_duration span_of(Duration d)
{
    return static_cast<ngtcp2_duration>(d.count()) * NGTCP2_MICROSECONDS;
}
[[nodiscard]] inline ngtcp2_tstamp stamp(Instant at)
{
    return span_of(at.time_since_epoch());
}
[[nodiscard]] inline ngtcp2_tstamp stamp_now()
{
    return stamp(loop::Loop::now().mono);
}

} // namespace godwit::quic

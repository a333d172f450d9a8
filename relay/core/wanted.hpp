// SPDX-License-Identifier: Apache-2.0
// wanted: a device that sleeps, and somebody who calls. The relay has no push service of its own; its operator's
// program has, and is told by a webhook (events.hpp).
//
//   Signal for a device that is not here ── may its sender reach it? was that not just said? ──> device.wanted
//     ──> (commit) ──> webhook ──> the platform's push ──> the app wakes, resumes, connects ──> the next offer rings
//
// What is said: which account, which device. Not who wants it, nor what for, which the relay does not know.
#pragma once

#include "relay/core/events.hpp"

namespace godwit::relay {

/// A device is not said to be wanted again sooner: a call rings for 45 seconds and is offered every three.
inline constexpr Duration wanted_every = std::chrono::seconds(20);
/// Nobody waits any more; what is older is not told.
inline constexpr Duration wanted_for = std::chrono::seconds(45);

/// A signal of `session` met a device that is not connected. Writes an event, unless nobody wants to hear of it, the
/// two are no accepted contacts of each other, or it was said a moment ago.
void note_wanted(Context& context, const Session& session, const DeviceId& device, Moment now);

} // namespace godwit::relay

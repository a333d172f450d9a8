// SPDX-License-Identifier: Apache-2.0
// godwit-relay probe: a synthetic user. Two devices of one account of its own come to a relay, from outside like
// everybody; one sends the other an envelope by the mailbox, and it is measured how long each step takes.
//
//   connect (A, B) -> greeted -> logged in (first time: registered) -> stored -> delivered -> acknowledged
//
// The envelope is 64 random bytes that no client would open. The account is kept in a file (--state), so that each run
// logs in and registers nothing.
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

/// 0: all steps went well; 1: one did not, which stderr and the metrics name. --metrics writes OpenMetrics to a file,
/// as a textfile collector takes it: whole or not at all.
[[nodiscard]] int run_probe(const Options& options);

} // namespace godwit::relay

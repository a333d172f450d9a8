// SPDX-License-Identifier: Apache-2.0
// godwit-relay notice: what the operator types, asked of the relay that runs on a data directory (control.hpp).
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

/// Prints; returns the exit code: 0 done, 1 refused, or no relay runs there (stderr says why).
[[nodiscard]] int run_notice(const Options& options);

} // namespace godwit::relay

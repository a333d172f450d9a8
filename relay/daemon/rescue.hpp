// SPDX-License-Identifier: Apache-2.0
// godwit-relay check and godwit-relay repair: the report for a person, and an exit code for a script.
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

/// Prints; returns the exit code.
[[nodiscard]] int run_rescue(const Options& options);

} // namespace godwit::relay

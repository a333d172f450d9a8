// SPDX-License-Identifier: Apache-2.0
// `godwit-relay admin …` and `godwit-relay audit …`: they ask the relay that runs on --data (control.hpp). The audit
// log is read from the database itself when no relay runs there, without changing it.
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

/// Exit codes: 0 done; 1 refused, or it could not be asked; 5 (audit verify) the log is not what it was.
[[nodiscard]] int run_admin(const Options& options);

} // namespace godwit::relay

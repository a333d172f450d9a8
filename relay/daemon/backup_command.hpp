// SPDX-License-Identifier: Apache-2.0
// godwit-relay backup, verify, restore: relay/backup with a relay that runs, or does not.
//
//   backup   the relay is asked for a snapshot (control.hpp, snapshot.hpp); where none runs, its database is opened
//   here
//            -> backup::keep -> the snapshot goes
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

[[nodiscard]] inline bool is_backup(Options::Command command)
{
    using enum Options::Command;
    return command == backup || command == verify || command == restore;
}

/// The exit code: 0 done, 1 not done, 5 damaged, 7 in use.
[[nodiscard]] int run_backup(const Options& options);

} // namespace godwit::relay

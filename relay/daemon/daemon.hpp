// SPDX-License-Identifier: Apache-2.0
// daemon: godwit-relay as a process. In the order of its start:
//
//   options.hpp        the command line
//   config_file.hpp    the configuration
//   identity_file.hpp  the relay's key
//   front.hpp          links to the core and back
//   turn.hpp           TURN in the configuration, and credentials for it
//   turn_front.hpp     the sockets of the TURN server: turn_stream.hpp (TCP clients), turn_trains.hpp (what goes out)
//   control.hpp        what the operator asks while it runs
//   log.hpp            what it says, one line an event
//   operations.hpp     figures and health over HTTP: metrics.hpp, health.hpp
//   reload.hpp         what of an edited configuration takes effect (SIGHUP)
//   drain.hpp          the end (SIGTERM)
//   this               all of it together, signals, the end
#pragma once

#include "relay/daemon/options.hpp"

namespace godwit::relay {

/// Runs until SIGTERM or SIGINT; SIGHUP reads the configuration again. Returns the process's exit code: 0 after
/// draining, 1 when it could not start or had to stop. Prints `ready godwit://HOST:PORT#KEY` on stdout when it accepts
/// clients, `stats {…}` on SIGUSR1, and why it did not start, in one sentence, on stderr.
[[nodiscard]] int run(const Options& options);

} // namespace godwit::relay

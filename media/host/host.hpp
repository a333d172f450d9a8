// SPDX-License-Identifier: Apache-2.0
// media/host: calls' media where there are threads (docs/adr/0038-calls.md).
//
//   ring.hpp          sound between an application's callback and the media thread, without locks
//   devices.hpp       sources and sinks by their names: files, made-up signals, the application
//   call_thread.hpp   one call: its thread, and pipeline::Session on it
//   host.hpp          (this) all calls of a client: orders in; datagrams and reports out
//
// The loop's thread and the media threads meet in queues with bounds and short locks; a media thread never waits for
// the loop, and the loop for a media thread only to end it.
#pragma once

#include "lib/port/entropy.hpp"
#include "lib/port/media.hpp"

#include <memory>

namespace godwit::media_host {

/// `may_make`: which files calls may make, asked on any thread; empty: any.
[[nodiscard]] std::shared_ptr<port::MediaHost>
make_host(std::unique_ptr<port::Entropy> entropy, std::function<Result<void>(const std::string& path)> may_make = {});

} // namespace godwit::media_host

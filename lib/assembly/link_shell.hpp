// SPDX-License-Identifier: Apache-2.0
// The shell on real transports: libuv's loop, QUIC and TLS to the relay, ICE and QUIC to peers.
#pragma once

#include "lib/client/shell.hpp"
#include "lib/port/media.hpp"
#include "lib/port/trace.hpp"

#include <functional>
#include <memory>

namespace godwit::assembly {

struct ShellOptions {
    bool loopback_allowed = false;
    port::Trace* trace = nullptr;             ///< Takes what libnice says. Outlives the shell.
    std::shared_ptr<port::MediaHost> media{}; ///< May be null.
    std::function<WallMs()> wall_ms{};        ///< In place of the system's clock; empty: that.
};

/// To be called on the thread that will run it.
[[nodiscard]] std::unique_ptr<client::Shell> make_link_shell(ShellOptions options);

} // namespace godwit::assembly

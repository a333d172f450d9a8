// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT end the program where it chooses to look: they are blocked everywhere but inside poll(), so that
// none is lost between a look and a sleep. Made before the client, whose threads inherit that they are blocked.
#pragma once

#include <csignal>

#include <poll.h>

class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    /// poll(2); a signal that came before or comes meanwhile ends it with EINTR.
    int poll(pollfd* waits, nfds_t count, int timeout_ms);
    [[nodiscard]] bool came() const;

private:
    sigset_t before_{};
};

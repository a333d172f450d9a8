// SPDX-License-Identifier: Apache-2.0
#include "stop_signals.hpp"

#include <ctime>
#include <initializer_list>

#include <pthread.h>

namespace {
volatile std::sig_atomic_t interrupted = 0;
}

StopSignals::StopSignals()
{
    struct sigaction stop{};
    stop.sa_handler = [](int) { interrupted = 1; };
    sigset_t both;
    sigemptyset(&both);
    for (const int signal : {SIGTERM, SIGINT}) {
        ::sigaction(signal, &stop, nullptr);
        sigaddset(&both, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &both, &before_);
}

StopSignals::~StopSignals()
{
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::poll(pollfd* waits, nfds_t count, int timeout_ms)
{
    const timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L};
    return ::ppoll(waits, count, timeout_ms < 0 ? nullptr : &timeout, &before_);
}

bool StopSignals::came() const
{
    return interrupted != 0;
}

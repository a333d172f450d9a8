// SPDX-License-Identifier: Apache-2.0
// Signals as events, for daemons (SIGTERM drains the relay). A library inside someone's app never takes signals.
#pragma once

#include "transport/loop/loop.hpp"

namespace godwit::loop {

class SignalWatch {
public:
    /// `signal_number` as in <csignal>, e.g. SIGTERM.
    SignalWatch(Loop& loop, int signal_number, std::function<void()> received);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    struct Impl;

private:
    Impl* impl_;
};

} // namespace godwit::loop

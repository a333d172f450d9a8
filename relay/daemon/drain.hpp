// SPDX-License-Identifier: Apache-2.0
// The end of a relay that was asked to end (SIGTERM, SIGINT):
//
//   not ready, nobody new -> [announce] -> goodbyes with a time to come back -> they have left -> exit
//                                                                        the deadline, or asked again -> exit
//
// A function of time: what to do at a step is given by who owns it, so that a test needs no process.
#pragma once

#include "relay/daemon/operations_config.hpp"
#include "transport/loop/loop.hpp"

namespace godwit::relay {

class Drain {
public:
    struct Steps {
        std::function<void()> stop_accepting;
        /// Says goodbye to all; calls back when what was to be said has left.
        std::function<void(std::function<void()>)> say_goodbye;
        std::function<void()> end;
    };

    Drain(loop::Loop& loop, Steps steps)
        : steps_(std::move(steps)), goodbye_(loop, [this] { say(); }), deadline_(loop, [this] { end(); })
    {
    }

    /// The first time begins, the second ends at once.
    void ask(const DrainConfig& config, Instant now)
    {
        if (asked_) return end();
        asked_ = true;
        steps_.stop_accepting();
        deadline_.set(now + config.deadline);
        if (config.announce > Duration::zero())
            goodbye_.set(now + config.announce);
        else
            say();
    }
    [[nodiscard]] bool asked() const noexcept { return asked_; }

private:
    void say()
    {
        steps_.say_goodbye([this] { end(); });
    }
    void end()
    {
        goodbye_.cancel();
        deadline_.cancel();
        if (!std::exchange(ended_, true)) steps_.end();
    }

    Steps steps_;
    loop::Timer goodbye_;
    loop::Timer deadline_;
    bool asked_ = false;
    bool ended_ = false;
};

} // namespace godwit::relay

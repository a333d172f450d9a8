// SPDX-License-Identifier: Apache-2.0
// Private to this room: what a Loop is made of.
#pragma once

#include "transport/loop/poll_handle.hpp"

#include <atomic>
#include <map>
#include <unordered_set>

namespace godwit::loop {

struct TimerState {
    LoopImpl* loop = nullptr;
    std::function<void()> fired;
    Instant deadline = never;
    std::uint64_t order = 0; ///< Breaks ties: timers with one deadline fire in the order they were set.
};

struct LoopImpl {
    using TimerMap = std::map<std::pair<Instant, std::uint64_t>, std::shared_ptr<TimerState>>;

    uv_loop_t uv{};
    uv_async_t stop_bell{};
    uv_prepare_t prepare{};
    uv_idle_t hurry{};                   ///< Active while a deadline is due.
    uv_timer_t coarse{};                 ///< Where there is no timerfd.
    std::unique_ptr<PollHandle> precise; ///< timerfd, or null.
    std::atomic<bool> stop_wanted{false};
    bool inside_run = false;
    bool closing = false;

    TimerMap timers;
    std::size_t timers_alive = 0;
    std::uint64_t next_order = 0;
    Instant armed = never;   ///< When the system's timer rings; at or before the earliest deadline.
    Instant put_off_after{}; ///< From then on it may be made to ring later.

    std::size_t jobs = 0;
    std::unordered_set<uv_req_t*> requests; ///< Under way on the thread pool; cancelled by ~Loop.

    std::vector<std::uint8_t> receive_scratch; ///< Shared by all UDP sockets: one receives at a time.

    /// Makes the next turn come no later than the earliest deadline.
    void arm();
    void disarm();
    /// It rang.
    void alarm();
    void fire_due();
    void prepare_turn();
};

} // namespace godwit::loop

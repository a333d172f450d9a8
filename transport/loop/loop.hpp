// SPDX-License-Identifier: Apache-2.0
// loop: libuv, and nothing else of the system's sockets, timers and threads leaves this room.
//
//   sockets, timers, signals, other threads  ->  Loop (one thread)  ->  callbacks of the rooms above
//
// One Loop is one thread's. Everything here is created, called and destroyed on that thread, except what says "any
// thread". Whatever is opened on a Loop (timers, sockets, watches) is destroyed before it. Callbacks may destroy
// anything, also the object that calls. Two ways to drive it:
//   own thread    run() until stop()
//   host-driven   poll backend_fd() for reading for at most backend_timeout(), then run_once(Duration::zero())
//
// In this room: loop.hpp (Loop, Timer, Wakeup), address.hpp, udp.hpp, tcp.hpp, local.hpp, resolve.hpp,
// network_watch.hpp, signals.hpp, system_entropy.hpp. Only transport/ice also includes uv_access.hpp, to embed GLib in
// this loop.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"
#include "lib/base/time.hpp"

#include <functional>
#include <memory>

namespace godwit::loop {

struct LoopImpl;

/// Jobs that may wait or run in the background at once, so that a flood of logins queues at its sender and not here.
inline constexpr std::size_t background_jobs_max = 64;

struct LoopOptions {
    /// False: timers of a millisecond, as on systems without timerfd.
    bool precise_timers = true;
};

class Loop {
public:
    explicit Loop(LoopOptions options = {});
    /// Waits for background jobs that are already running (those that only wait are dropped, their `done` is not
    /// called).
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// The real clock, read now: monotonic microseconds and wall milliseconds. Any thread.
    [[nodiscard]] static Moment now();

    /// Dispatches until stop(). A stop() that came before makes it return at once.
    void run();
    /// Waits at most `wait_max` for something to happen and dispatches it; zero does not wait.
    void run_once(Duration wait_max);
    /// run() returns after the callbacks that are due. Any thread.
    void stop();

    /// Becomes readable when there is work; -1 where the platform has no such thing (Windows): use own-thread mode
    /// there.
    [[nodiscard]] int backend_fd() const;
    /// How long the host may wait for backend_fd(); nullopt: for ever. Ask again after each run_once().
    [[nodiscard]] std::optional<Duration> backend_timeout() const;

    /// `work` on a thread of libuv's pool, then `done` on the loop thread. False when background_jobs_max are under
    /// way. Neither may throw. `work` must not touch anything that the loop thread owns.
    [[nodiscard]] bool run_in_background(std::function<void()> work, std::function<void()> done);

    /// For this room and uv_access.hpp.
    [[nodiscard]] LoopImpl& impl() noexcept { return *impl_; }

private:
    std::unique_ptr<LoopImpl> impl_;
};

struct TimerState;

/// One deadline, moved as often as wanted: cheap enough to set on every datagram. Microseconds where the system can
/// (timerfd), else rounded up to milliseconds. Never fires early.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> fired);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Replaces the deadline; in the past means in the next turn of the loop, never inside this call. `never` cancels.
    void set(Instant deadline);
    void cancel() { set(never); }
    /// `never` when it is not set or has fired.
    [[nodiscard]] Instant deadline() const noexcept;

private:
    std::shared_ptr<TimerState> state_;
};

/// A bell that other threads ring. Carries no data; many rings may become one call.
class Wakeup {
public:
    Wakeup(Loop& loop, std::function<void()> woken);
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    /// Any thread, also a signal handler, as long as this object lives.
    void notify() noexcept;

    struct Impl;

private:
    Impl* impl_;
};

} // namespace godwit::loop

// SPDX-License-Identifier: Apache-2.0
// The loop thread, and the calls that application threads make.
//
//   start ── running ──halt──> halted ──resume──> running …      halted: no thread, no store, no link; the queues stay,
//               └──finish──> ended                                so what was asked meanwhile is answered after
//               resume()
//
// Driven by its host it is the same, without the thread: the host calls run_once().
#pragma once

#include "lib/client/event_queue.hpp"
#include "lib/client/mailbox.hpp"
#include "lib/client/ticker.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace godwit::client {

/// What a client is made of; lib/assembly brings the real ones.
struct FacadeParts {
    engine::Config config;
    std::unique_ptr<port::Store> store;
    std::unique_ptr<port::FileStore> kept_files; ///< With the next: null when there are to be no files.
    std::unique_ptr<port::UserFiles> user_files;
    std::shared_ptr<port::MediaHost> media; ///< Null when there are to be no calls.
    std::unique_ptr<port::Entropy> entropy;
    std::unique_ptr<port::Trace> trace;
    std::function<std::unique_ptr<Shell>()> make_shell; ///< Called once, on the loop thread.
    DerivePassword derive;
    std::size_t events_max = 4096;
    std::vector<Error> notices;   ///< What opening found: told first, as event::Warning. A few.
    std::function<void()> trim{}; ///< Gives back memory that is not needed; called on the loop thread.
    bool driven_by_host = false;  ///< No thread: the host calls run_once().
    bool dealt_by_call = false;   ///< As EventQueue's.
};

/// Thread-safe, as include/godwit/client.hpp says; halt(), resume() and finish() by one thread at a time.
class Facade {
public:
    /// Starts the thread. Errors: internal (the system gives no thread).
    static Result<std::unique_ptr<Facade>> start(FacadeParts parts);
    /// Commits what the application has dealt with, closes every link, ends the thread. Not on the loop thread.
    ~Facade();
    Facade(const Facade&) = delete;
    Facade& operator=(const Facade&) = delete;

    /// Errors: busy, cancelled (after finish()).
    [[nodiscard]] Result<RequestId> submit(Request request);
    /// Takes a place in the queue of requests whose reply is `error`. Errors: busy, cancelled.
    [[nodiscard]] Result<RequestId> refuse(Error error);

    [[nodiscard]] std::optional<Event> poll() { return events_.poll(); }
    [[nodiscard]] std::optional<Event> wait(std::chrono::milliseconds timeout) { return events_.wait(timeout); }
    /// As EventQueue's.
    void give_back(std::list<Event>&& event) noexcept { events_.give_back(std::move(event)); }
    [[nodiscard]] int wake_fd() { return events_.wake_fd(); }
    /// Errors: unsupported (not `dealt_by_call`), invalid_argument (more than are in the application's hand).
    [[nodiscard]] Result<void> deal(std::size_t messages);
    /// nullptr: this build has no media.
    [[nodiscard]] port::MediaHost* media() const noexcept { return media_.get(); }
    /// To be the next parts', at resume(): threads of the application may be in it.
    [[nodiscard]] std::shared_ptr<port::MediaHost> shared_media() const noexcept { return media_; }
    /// Memory is short: FacadeParts::trim, soon.
    void trim();
    /// As Reports::network_changed, soon; of a client that is halted: when it goes on. Errors: cancelled (after
    /// finish()).
    [[nodiscard]] Result<void> network_changed();
    /// Threads inside wait() and run_once() return; nothing is handed out any more. Before the destructor, when other
    /// threads may wait.
    void end_waits()
    {
        events_.close();
        wake();
    }

    /// Commits, closes every link and the store, ends the thread. What was under way is answered with `cancelled`; what
    /// waits in the mailbox is kept. False when that took longer than `wait_max`: it goes on, call again. Driven by its
    /// host it is done here, and a run_once() of another thread returns for it.
    [[nodiscard]] bool halt(std::chrono::milliseconds wait_max);
    /// After a halt() that said true. Errors: as start(); it is halted then, and holds no store.
    [[nodiscard]] Result<void> resume(FacadeParts parts);
    /// After a halt() that said true, for good: every request gets its answer, then wait() returns nothing.
    void finish();

    /// A halt() has been asked for, and may be done or not.
    [[nodiscard]] bool halting() const noexcept { return stopping_; }

    /// Whoever asks is the client's own thread, or inside its run_once() (a trace callback is).
    [[nodiscard]] bool on_loop_thread() const noexcept { return loop_thread_ == std::this_thread::get_id(); }

    /// The same of some client.
    [[nodiscard]] static bool on_any_loop_thread() noexcept;

    // Driven by its host: any thread, one at a time.
    [[nodiscard]] bool driven_by_host() const noexcept { return driven_by_host_; }
    void run_once(Duration wait_max);
    /// nullopt also while another thread is inside run_once().
    [[nodiscard]] std::optional<Duration> quiet_for() const;
    [[nodiscard]] int driver_fd() const noexcept { return driver_fd_; }

private:
    explicit Facade(FacadeParts parts);
    class OnLoop;
    [[nodiscard]] Result<void> launch();
    void woken();
    void enter();
    void leave();
    void silence();
    void let_go();
    Result<RequestId> put(std::variant<Request, Error> what);
    void answer_mailbox();
    void wake();

    FacadeParts parts_; // of whoever starts, halts and resumes, and of the loop thread
    const std::shared_ptr<port::MediaHost> media_;
    const bool driven_by_host_;
    const bool dealt_by_call_;
    Mailbox mailbox_;
    EventQueue events_;
    std::shared_ptr<const engine::Watches> watches_; ///< Of the engine before: lists go on where they were.
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> trim_wanted_ = false;
    std::atomic<bool> network_changed_ = false;
    std::atomic<bool> finished_ = false;

    mutable std::recursive_timed_mutex driving_; // held while a host turns the loop
    std::atomic<int> driver_fd_ = -1;
    std::unique_ptr<Shell> own_shell_; // made and destroyed on the loop thread, as the next
    std::unique_ptr<Ticker> ticker_;
    std::mutex shell_mutex_;
    Shell* shell_ = nullptr; // while the loop runs; under shell_mutex_

    std::atomic<std::thread::id> loop_thread_{};
    std::future<void> left_; // the loop thread has nothing left to do
    std::thread thread_;
};

} // namespace godwit::client

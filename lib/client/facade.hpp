// SPDX-License-Identifier: Apache-2.0
// The loop thread, and the calls that application threads make.
#pragma once

#include "lib/client/event_queue.hpp"
#include "lib/client/mailbox.hpp"
#include "lib/client/ticker.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
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
    std::vector<Error> notices; ///< What opening found: told first, as event::Warning. A few.
};

/// Thread-safe, as include/godwit/client.hpp says.
class Facade {
public:
    /// Starts the thread. Errors: internal (the system gives no thread).
    static Result<std::unique_ptr<Facade>> start(FacadeParts parts);
    /// Commits what the application has dealt with, closes every link, ends the thread.
    ~Facade();
    Facade(const Facade&) = delete;
    Facade& operator=(const Facade&) = delete;

    /// Errors: busy.
    [[nodiscard]] Result<RequestId> submit(Request request);
    /// Takes a place in the queue of requests whose reply is `error`. Errors: busy.
    [[nodiscard]] Result<RequestId> refuse(Error error);

    [[nodiscard]] std::optional<Event> poll() { return events_.poll(); }
    [[nodiscard]] std::optional<Event> wait(std::chrono::milliseconds timeout) { return events_.wait(timeout); }
    [[nodiscard]] int wake_fd() const noexcept { return events_.wake_fd(); }
    /// nullptr: this build has no media.
    [[nodiscard]] port::MediaHost* media() const noexcept { return parts_.media.get(); }
    /// Threads inside wait() return; nothing is handed out any more. Before the destructor, when other threads may
    /// wait.
    void end_waits() { events_.close(); }

private:
    explicit Facade(FacadeParts parts);
    void run();
    Result<RequestId> put(std::variant<Request, Error> what);
    void wake();

    FacadeParts parts_;
    Mailbox mailbox_;
    EventQueue events_;
    std::atomic<Shell*> shell_ = nullptr; // while the loop runs
    std::atomic<bool> stopping_ = false;
    std::promise<void> may_end_; // the shell must outlive the call of its stop()
    std::thread thread_;
};

} // namespace godwit::client

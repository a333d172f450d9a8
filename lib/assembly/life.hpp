// SPDX-License-Identifier: Apache-2.0
// The life of an open client, the same for C and C++: it runs, it is suspended and holds nothing, it runs again, it has
// stopped. One change at a time, by any thread.
//
//   runs ──suspend──> suspended ──resume──> runs …
//    └────────stop────────┴────> stopped
//
// A process that ends by exit() with clients open has them end first, while what their threads stand on is still there.
#pragma once

#include "lib/assembly/client_impl.hpp"
#include "lib/client/facade.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

namespace godwit::assembly {

class Life {
public:
    /// `options`: what the home is opened with again.
    Life(std::unique_ptr<client::Facade> facade, ClientOptions options);
    ~Life();
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    [[nodiscard]] client::Facade& facade() const { return *facade_; }

    /// Errors: timed_out (it goes on: call again).
    [[nodiscard]] Result<void> suspend(std::chrono::milliseconds deadline);
    /// Errors: cancelled (stopped), and as Client::open; the client stays suspended.
    [[nodiscard]] Result<void> resume();
    void stop();
    /// Errors: message_too_large, not_connected (suspended, stopped).
    [[nodiscard]] Result<void> push_received(std::span<const std::uint8_t> payload);

    /// This thread is inside a hook of this client, whose end a change would wait for.
    [[nodiscard]] bool in_a_hook() const
    {
        return facade_->on_loop_thread() || changing_ == std::this_thread::get_id();
    }

    /// The process ends: as suspend(), and it is not resumed any more. Whoever holds the client up is not waited for
    /// after `until`.
    void process_ends(std::chrono::steady_clock::time_point until);

private:
    class Change;

    ClientOptions options_;
    std::unique_ptr<client::Facade> facade_;

    std::timed_mutex mutex_;                  ///< Of whoever changes the state.
    std::atomic<std::thread::id> changing_{}; ///< Which thread that is.
    enum class State : std::uint8_t { runs, suspended, stopped };
    std::atomic<State> state_ = State::runs;
};

} // namespace godwit::assembly

// SPDX-License-Identifier: Apache-2.0
// The life of an open client, the same for C and C++: it runs, it is suspended and holds nothing, it runs again, it has
// stopped. One change at a time, by any thread.
//
//   runs ──suspend──> suspended ──resume──> runs …
//    └────────stop────────┴────> stopped
#pragma once

#include "lib/assembly/client_impl.hpp"
#include "lib/client/facade.hpp"

#include <chrono>
#include <memory>
#include <mutex>

namespace godwit::assembly {

class Life {
public:
    /// `options`: what the home is opened with again.
    Life(std::unique_ptr<client::Facade> facade, ClientOptions options, Hooks hooks)
        : options_(std::move(options)), hooks_(std::move(hooks)), facade_(std::move(facade))
    {
    }
    ~Life();
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    [[nodiscard]] client::Facade& facade() const { return *facade_; }

    /// Errors: timed_out (it goes on: call again).
    [[nodiscard]] Result<void> suspend(std::chrono::milliseconds deadline);
    /// Errors: cancelled (stopped), and as Client::open; the client stays suspended.
    [[nodiscard]] Result<void> resume();
    void stop();
    [[nodiscard]] bool suspended() const;

private:
    ClientOptions options_;
    Hooks hooks_;
    std::unique_ptr<client::Facade> facade_;

    mutable std::mutex mutex_;
    enum class State : std::uint8_t { runs, suspended, stopped };
    State state_ = State::runs;
};

} // namespace godwit::assembly

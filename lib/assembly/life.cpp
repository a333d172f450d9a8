// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/life.hpp"

#include "lib/assembly/living.hpp"
#include "lib/base/wiping.hpp"

#include <algorithm>

namespace godwit::assembly {

/// Holds off every other change, and says which thread makes this one.
class Life::Change {
public:
    explicit Change(Life& life) : life_(life), lock_(life.mutex_) { life_.changing_ = std::this_thread::get_id(); }
    ~Change() { life_.changing_ = std::thread::id{}; }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

private:
    Life& life_;
    std::lock_guard<std::timed_mutex> lock_;
};

Life::Life(std::unique_ptr<client::Facade> facade, ClientOptions options)
    : options_(std::move(options)), facade_(std::move(facade))
{
    live(*this);
}

Life::~Life()
{
    {
        const Change change(*this);
        facade_->end_waits();
        (void)facade_->halt(std::chrono::milliseconds::max()); // a hook may look at it until then
        facade_.reset();
    }
    live_no_more(*this);
    wipe(options_.store_key);
    wipe(options_.passphrase);
}

Result<void> Life::suspend(std::chrono::milliseconds deadline)
{
    const Change change(*this);
    if (state_ != State::runs) return {};
    if (!facade_->halt(deadline)) return Error{ErrorCode::timed_out, "it takes longer, and goes on: call again", 0};
    state_ = State::suspended;
    return {};
}

Result<void> Life::resume()
{
    const Change change(*this);
    if (state_ == State::stopped) return Error{ErrorCode::cancelled, "the client has ended: open it again", 0};
    if (state_ == State::runs) {
        if (!facade_->halting()) return {};
        (void)facade_->halt(std::chrono::milliseconds::max()); // a suspend() that took too long
        state_ = State::suspended;
    }
    const Resumed resumed{facade_->shared_media()};
    auto parts = open_parts(options_, &resumed);
    if (!parts.ok()) return std::move(parts).error();
    auto launched = facade_->resume(*std::move(parts));
    if (launched.ok()) state_ = State::runs;
    return launched;
}

void Life::stop()
{
    const Change change(*this);
    if (state_ == State::stopped) return;
    (void)facade_->halt(std::chrono::milliseconds::max());
    facade_->finish();
    state_ = State::stopped;
}

Result<void> Life::push_received(std::span<const std::uint8_t> payload)
{
    if (payload.size() > push_bytes_max)
        return Error{ErrorCode::message_too_large,
                     "what comes with a push message: at most " + std::to_string(push_bytes_max) + " bytes", 0};
    if (state_ != State::runs)
        return Error{ErrorCode::not_connected, "the client is suspended: resume it first, then say so again", 0};
    return facade_->network_changed();
}

void Life::process_ends(std::chrono::steady_clock::time_point until)
{
    if (changing_ == std::this_thread::get_id()) return; // inside its provide_key: nothing runs
    const std::unique_lock lock(mutex_, until);
    if (!lock || !facade_ || facade_->on_loop_thread() || state_ != State::runs) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (facade_->halt(std::max(left, std::chrono::milliseconds(0)))) state_ = State::suspended;
}

} // namespace godwit::assembly

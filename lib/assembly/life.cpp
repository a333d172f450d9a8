// SPDX-License-Identifier: Apache-2.0
#include "lib/assembly/life.hpp"

#include "lib/base/wiping.hpp"

namespace godwit::assembly {

Life::~Life()
{
    facade_.reset();
    wipe(options_.store_key);
    wipe(options_.passphrase);
}

Result<void> Life::suspend(std::chrono::milliseconds deadline)
{
    const std::lock_guard lock(mutex_);
    if (state_ != State::runs) return {};
    if (!facade_->halt(deadline)) return Error{ErrorCode::timed_out, "it takes longer, and goes on: call again", 0};
    state_ = State::suspended;
    return {};
}

Result<void> Life::resume()
{
    const std::lock_guard lock(mutex_);
    if (state_ == State::stopped) return Error{ErrorCode::cancelled, "the client has ended: open it again", 0};
    if (state_ == State::runs) {
        if (!facade_->halting()) return {};
        (void)facade_->halt(std::chrono::milliseconds::max()); // a suspend() that took too long
        state_ = State::suspended;
    }
    Hooks hooks = hooks_;
    hooks.media = facade_->shared_media();
    hooks.resumes = true;
    auto parts = open_parts(options_, std::move(hooks));
    if (!parts.ok()) return std::move(parts).error();
    auto resumed = facade_->resume(*std::move(parts));
    if (resumed.ok()) state_ = State::runs;
    return resumed;
}

void Life::stop()
{
    const std::lock_guard lock(mutex_);
    if (state_ == State::stopped) return;
    (void)facade_->halt(std::chrono::milliseconds::max());
    facade_->finish();
    state_ = State::stopped;
}

bool Life::suspended() const
{
    const std::lock_guard lock(mutex_);
    return state_ != State::runs;
}

} // namespace godwit::assembly

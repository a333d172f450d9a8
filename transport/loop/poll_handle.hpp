// SPDX-License-Identifier: Apache-2.0
// Private to this room: one file descriptor watched by uv_poll, closed with its owner.
#pragma once

#include "transport/loop/uv_access.hpp"

#include <functional>

namespace godwit::loop {

/// Owns `fd`. `ready(events)` gets UV_READABLE | UV_WRITABLE; errors and hang-ups show as both. The callback may
/// destroy the handle.
class PollHandle {
public:
    PollHandle(Loop& loop, int fd, std::function<void(int events)> ready);
    ~PollHandle();
    PollHandle(const PollHandle&) = delete;
    PollHandle& operator=(const PollHandle&) = delete;

    /// False when the system refuses to poll this descriptor (in practice: out of memory or descriptors).
    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }
    /// 0 stops watching.
    void watch(int events);
    [[nodiscard]] int events() const noexcept { return events_; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    struct State;
    State* state_ = nullptr;
    int fd_;
    int events_ = 0;
};

/// An Error for errno-style `code` (positive): address_in_use, invalid_argument (permission, no such address) or
/// not_connected. `what` starts the sentence, e.g. "cannot listen on 0.0.0.0:443".
[[nodiscard]] Error system_error(int code, std::string_view what);

} // namespace godwit::loop

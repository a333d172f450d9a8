// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/poll_handle.hpp"

#include <cerrno>
#include <unistd.h>

namespace godwit::loop {

struct PollHandle::State {
    uv_poll_t poll{};
    int events = 0;
    std::function<void(int)> ready;

    static void happened(uv_poll_t* poll, int status, int events)
    {
        auto* state = static_cast<State*>(poll->data);
        if (status < 0) {
            // libuv stops watching at POLLERR. The owner learns the error by its next read or write, and may well go on
            // (on UDP it concerns one datagram of the past).
            uv_poll_start(poll, state->events, happened);
            events = UV_READABLE | UV_WRITABLE;
        }
        state->ready(events);
    }
};

PollHandle::PollHandle(Loop& loop, int fd, std::function<void(int events)> ready) : fd_(fd)
{
    auto* state = new State;
    state->ready = std::move(ready);
    state->poll.data = state;
    if (uv_poll_init(uv_loop_of(loop), &state->poll, fd) != 0) {
        delete state;
        return;
    }
    state_ = state;
}

PollHandle::~PollHandle()
{
    if (state_ != nullptr) {
        // The state outlives us until libuv lets go of it, so a callback may destroy its own handle.
        uv_close(reinterpret_cast<uv_handle_t*>(&state_->poll),
                 [](uv_handle_t* h) { delete static_cast<State*>(h->data); });
    }
    ::close(fd_);
}

void PollHandle::watch(int events)
{
    if (state_ == nullptr || events == events_) return;
    events_ = state_->events = events;
    if (events == 0)
        uv_poll_stop(&state_->poll);
    else
        uv_poll_start(&state_->poll, events, State::happened);
}

Error system_error(int code, std::string_view what)
{
    const std::string head(what);
    switch (code) {
    case EADDRINUSE:
        return {ErrorCode::address_in_use, head + ": another program uses this port; stop it or choose another port"};
    case EACCES:
    case EPERM:
        return {ErrorCode::invalid_argument,
                head + ": permission denied; choose a port from 1024 up, or grant the right (CAP_NET_BIND_SERVICE)"};
    case EADDRNOTAVAIL:
        return {ErrorCode::invalid_argument,
                head + ": this host has no such address; use one of its own, 0.0.0.0 or [::]"};
    case EAFNOSUPPORT: return {ErrorCode::unsupported, head + ": this host has no such address family"};
    case EMFILE:
    case ENFILE: return {ErrorCode::quota_exceeded, head + ": too many open files; raise the limit (ulimit -n)"};
    case ETIMEDOUT: return {ErrorCode::timed_out, head + ": no answer"};
    default: return {ErrorCode::not_connected, head + ": " + uv_strerror(uv_translate_sys_error(code))};
    }
}

} // namespace godwit::loop

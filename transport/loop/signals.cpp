// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/signals.hpp"

#include "lib/base/check.hpp"
#include "transport/loop/uv_access.hpp"

namespace godwit::loop {

struct SignalWatch::Impl {
    uv_signal_t handle{};
    std::function<void()> received;
};

SignalWatch::SignalWatch(Loop& loop, int signal_number, std::function<void()> received) : impl_(new Impl)
{
    impl_->received = std::move(received);
    impl_->handle.data = impl_;
    GODWIT_ASSERT(uv_signal_init(uv_loop_of(loop), &impl_->handle) == 0);
    uv_signal_start(
        &impl_->handle, [](uv_signal_t* handle, int) { static_cast<Impl*>(handle->data)->received(); }, signal_number);
}

SignalWatch::~SignalWatch()
{
    uv_close(reinterpret_cast<uv_handle_t*>(&impl_->handle),
             [](uv_handle_t* h) { delete static_cast<Impl*>(h->data); });
}

} // namespace godwit::loop

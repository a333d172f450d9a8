// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/glib_pump.hpp"

#include "lib/base/check.hpp"
#include "transport/ice/pipe_signal.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace godwit::ice {

namespace {

[[nodiscard]] int to_uv(gushort events) noexcept
{
    int out = 0;
    if ((events & G_IO_IN) != 0) out |= UV_READABLE;
    if ((events & G_IO_OUT) != 0) out |= UV_WRITABLE;
    if ((events & G_IO_PRI) != 0) out |= UV_PRIORITIZED;
    // GLib asks for error and hang-up with every fd; libuv reports them as readable and writable.
    if (out == 0 && (events & (G_IO_ERR | G_IO_HUP)) != 0) out = UV_DISCONNECT;
    return out;
}

[[nodiscard]] gushort to_glib(int ready, gushort asked) noexcept
{
    unsigned out = 0;
    if ((ready & UV_READABLE) != 0) out |= G_IO_IN;
    if ((ready & UV_WRITABLE) != 0) out |= G_IO_OUT;
    if ((ready & UV_PRIORITIZED) != 0) out |= G_IO_PRI;
    if ((ready & UV_DISCONNECT) != 0) out |= G_IO_HUP;
    return static_cast<gushort>(out & asked);
}

/// Two files never share it while both are open; a number that was closed and opened again has another one.
[[nodiscard]] std::uint64_t inode_of(int fd) noexcept
{
    struct stat status{};
    return fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

} // namespace

GlibPump* GlibPump::create(uv_loop_t* loop)
{
    keep_pipe_signal();
    auto* pump = new GlibPump;
    pump->loop_ = loop;
    // Nobody owns it while the loop waits: who turns the loop next may be another thread (a host that drives). Sources
    // that are added meanwhile wake it all the same.
    pump->context_ = g_main_context_new_with_flags(G_MAIN_CONTEXT_FLAGS_OWNERLESS_POLLING);
    uv_prepare_init(loop, &pump->prepare_); // These three cannot fail.
    uv_check_init(loop, &pump->check_);
    uv_timer_init(loop, &pump->timer_);
    pump->open_handles_ = 3;
    pump->prepare_.data = pump->check_.data = pump->timer_.data = pump;
    uv_unref(reinterpret_cast<uv_handle_t*>(&pump->prepare_));
    uv_unref(reinterpret_cast<uv_handle_t*>(&pump->check_));
    uv_unref(reinterpret_cast<uv_handle_t*>(&pump->timer_));
    return pump;
}

GlibPump::~GlibPump()
{
    g_main_context_unref(context_);
}

void GlibPump::start()
{
    if (running_ || closing_) return;
    running_ = true;
    look_ = true;
    uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { static_cast<GlibPump*>(handle->data)->prepare(); });
    uv_check_start(&check_, [](uv_check_t* handle) { static_cast<GlibPump*>(handle->data)->check(); });
}

void GlibPump::stop()
{
    if (!running_) return;
    running_ = false;
    uv_prepare_stop(&prepare_);
    uv_check_stop(&check_);
    uv_timer_stop(&timer_);
    for (auto* watch : watches_)
        drop(watch);
    watches_.clear();
    prepared_ = false;
}

void GlibPump::poke()
{
    look_ = true;
    // Waking up is all the timer does; prepare() asks GLib and sets it anew before the loop waits.
    if (running_) uv_timer_start(&timer_, [](uv_timer_t*) {}, 0, 0);
}

void GlibPump::run_out(Duration time_max, const std::function<bool()>& done)
{
    prepared_ = false; // what was asked is out of date behind this
    look_ = true;
    bool over = false;
    auto* limit = g_timeout_source_new(static_cast<guint>(time_max / std::chrono::milliseconds(1)));
    g_source_set_callback(
        limit,
        [](gpointer flag) -> gboolean {
            *static_cast<bool*>(flag) = true;
            return G_SOURCE_REMOVE;
        },
        &over, nullptr);
    g_source_attach(limit, context_);
    while (!over && !done())
        g_main_context_iteration(context_, TRUE);
    g_source_destroy(limit);
    g_source_unref(limit);
}

void GlibPump::close()
{
    GODWIT_ASSERT(!closing_);
    stop();
    closing_ = true;
    const auto closed = [](uv_handle_t* handle) { static_cast<GlibPump*>(handle->data)->handle_closed(); };
    uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), closed);
    uv_close(reinterpret_cast<uv_handle_t*>(&check_), closed);
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), closed);
}

void GlibPump::handle_closed()
{
    GODWIT_ASSERT(open_handles_ > 0);
    if (--open_handles_ == 0 && closing_) delete this;
}

GlibPump::Watch* GlibPump::find(int fd)
{
    const auto at = std::find_if(watches_.begin(), watches_.end(), [&](const Watch* w) { return w->fd == fd; });
    return at == watches_.end() ? nullptr : *at;
}

void GlibPump::drop(Watch* watch)
{
    uv_poll_stop(&watch->handle);
    uv_close(reinterpret_cast<uv_handle_t*>(&watch->handle), [](uv_handle_t* handle) {
        auto* closed = static_cast<Watch*>(handle->data);
        auto* pump = closed->pump;
        delete closed;
        pump->handle_closed();
    });
}

void GlibPump::prepare()
{
    ready_ = false;
    if (prepared_ && !look_) return;
    if (!g_main_context_acquire(context_)) return; // Only another thread could hold it, and none may.
    prepared_ = true;
    look_ = false;
    g_main_context_prepare(context_, &priority_);

    gint timeout_ms = -1;
    if (fds_.empty()) fds_.resize(16);
    for (;;) {
        const auto needed =
            g_main_context_query(context_, priority_, &timeout_ms, fds_.data(), static_cast<gint>(fds_.size()));
        fd_count_ = static_cast<std::size_t>(needed);
        if (fd_count_ <= fds_.size()) break;
        fds_.resize(fd_count_);
    }
    g_main_context_release(context_);
    apply_watches();

    if (timeout_ms < 0)
        uv_timer_stop(&timer_);
    else
        uv_timer_start(&timer_, [](uv_timer_t*) {}, static_cast<std::uint64_t>(timeout_ms), 0);
    due_ms_ = timeout_ms < 0 ? UINT64_MAX : uv_now(loop_) + static_cast<std::uint64_t>(timeout_ms);
}

void GlibPump::apply_watches()
{
    for (auto* watch : watches_)
        watch->wanted = watch->ready = 0;
    for (std::size_t i = 0; i < fd_count_; ++i) {
        const int fd = static_cast<int>(fds_[i].fd);
        const int wanted = to_uv(fds_[i].events);
        if (wanted == 0) continue;
        auto* watch = find(fd);
        // libnice closes and reopens the same number within one dispatch; libuv would poll the dead one.
        const auto inode = inode_of(fd);
        if (watch != nullptr && watch->inode != inode) {
            drop(watch);
            std::erase(watches_, watch);
            watch = nullptr;
        }
        if (watch == nullptr) {
            watch = new Watch;
            if (uv_poll_init(loop_, &watch->handle, fd) !=
                0) { // The fd is already bad: GLib learns it from its next call.
                delete watch;
                continue;
            }
            ++open_handles_;
            watch->handle.data = watch;
            watch->pump = this;
            watch->fd = fd;
            watch->inode = inode;
            uv_unref(reinterpret_cast<uv_handle_t*>(&watch->handle));
            watches_.push_back(watch);
        }
        watch->wanted |= wanted;
    }
    for (auto* watch : watches_) {
        if (watch->wanted == 0) {
            drop(watch);
            continue;
        }
        if (watch->wanted == watch->active) continue;
        watch->active = watch->wanted;
        uv_poll_start(&watch->handle, watch->wanted, [](uv_poll_t* handle, int status, int events) {
            auto* ready = static_cast<Watch*>(handle->data);
            ready->pump->ready_ = true;
            ready->ready |= status < 0 ? ready->wanted : events; // An error: let GLib's own call on the fd find it.
        });
    }
    std::erase_if(watches_, [](const Watch* watch) { return watch->wanted == 0; });
}

void GlibPump::check()
{
    if (!prepared_ || !(ready_ || look_ || due_ms_ <= uv_now(loop_))) return;
    for (std::size_t i = 0; i < fd_count_; ++i) {
        const auto* watch = find(static_cast<int>(fds_[i].fd));
        fds_[i].revents = watch == nullptr ? gushort{0} : to_glib(watch->ready, fds_[i].events);
    }
    prepared_ = false;
    look_ = true;
    if (!g_main_context_acquire(context_)) return poke();
    const bool due = g_main_context_check(context_, priority_, fds_.data(), static_cast<gint>(fd_count_)) != FALSE;
    // What runs here may stop or close us; our memory lasts until the loop has closed the handles.
    if (due) g_main_context_dispatch(context_);
    g_main_context_release(context_);
    if (due) poke(); // It may have new timeouts and descriptors.
}

} // namespace godwit::ice

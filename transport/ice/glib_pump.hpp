// SPDX-License-Identifier: Apache-2.0
// Private: a GLib main context turned by a libuv loop, on the loop's thread.
//
//   uv prepare ─▶ g_main_context_prepare, _query ─▶ fds become uv_poll handles, the timeout a uv_timer
//   uv polls   ─▶ remember what is ready
//   uv check   ─▶ g_main_context_check, _dispatch ─▶ libnice runs
//
// A turn in which GLib has nothing to do costs nothing: the context stays prepared until something of its is ready, its
// time has come, or somebody says that it has news.
//
// A GLib thread of its own would cost 20 to 55 microseconds a round trip and locks around everything; this costs three.
#pragma once

#include "lib/base/time.hpp"

#include <glib.h>
#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace godwit::ice {

class GlibPump {
public:
    [[nodiscard]] static GlibPump* create(uv_loop_t* loop);

    [[nodiscard]] GMainContext* context() const noexcept { return context_; }

    /// Turns the context from now on. The handles do not keep the loop alive.
    void start();
    /// Stops turning it: an idle client must not pay for ICE.
    void stop();
    /// GLib has news that the loop has not heard of: look in the next turn. For every call into libnice from outside
    /// the dispatch, so that a host which drives the loop itself is told not to wait.
    void poke();
    /// The same without waking: for calls in a turn of the loop, before which nothing waits.
    void look() noexcept { look_ = true; }
    /// Turns the context without the loop until `done` or the time is over.
    void run_out(Duration time_max, const std::function<bool()>& done);
    /// Closes the handles; the object is freed when the loop has done so. Also callable while the context dispatches.
    void close();

    GlibPump(const GlibPump&) = delete;
    GlibPump& operator=(const GlibPump&) = delete;

private:
    struct Watch {
        uv_poll_t handle{};
        GlibPump* pump = nullptr;
        int fd = -1;
        std::uint64_t inode = 0;
        int wanted = 0; ///< uv events GLib asks for in this turn; 0: not in the set.
        int active = 0; ///< uv events the handle polls for.
        int ready = 0;  ///< uv events reported in this turn.
    };

    GlibPump() = default;
    ~GlibPump();
    void prepare();
    void check();
    void apply_watches();
    [[nodiscard]] Watch* find(int fd);
    void drop(Watch* watch);
    void handle_closed();

    uv_loop_t* loop_ = nullptr;
    GMainContext* context_ = nullptr;
    uv_prepare_t prepare_{};
    uv_check_t check_{};
    uv_timer_t timer_{};
    std::vector<GPollFD> fds_;
    std::size_t fd_count_ = 0;
    std::vector<Watch*> watches_;
    int priority_ = 0;
    std::uint64_t due_ms_ = 0; ///< By the loop's clock: when GLib wants to be asked at the latest.
    std::size_t open_handles_ = 0;
    bool look_ = true;      ///< What GLib said when it was last asked may not hold any more.
    bool ready_ = false;    ///< A descriptor, in this turn.
    bool prepared_ = false; ///< From prepare to check, some turns later: fds_ are what GLib waits for.
    bool running_ = false;
    bool closing_ = false;
};

} // namespace godwit::ice

// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/pipe_signal.hpp"

#include <gio/gio.h>

#include <signal.h>
#include <sys/socket.h>

#include <mutex>

namespace godwit::ice {

void keep_pipe_signal()
{
#if defined(MSG_NOSIGNAL) || defined(SO_NOSIGPIPE)
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction before{}, after{};
        if (sigaction(SIGPIPE, nullptr, &before) != 0) return;
        (void)g_type_class_ref(G_TYPE_SOCKET); // kept: it must not be made a second time
        const bool changed = sigaction(SIGPIPE, nullptr, &after) == 0 && after.sa_handler == SIG_IGN;
        if (changed) sigaction(SIGPIPE, &before, nullptr);
    });
#endif
}

} // namespace godwit::ice

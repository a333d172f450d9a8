// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/socket_filter.hpp"

#ifdef __linux__
#include <linux/filter.h>
#include <sys/socket.h>
#endif

namespace godwit::ice {

#ifdef __linux__
bool set_socket_deaf(int fd, bool deaf) noexcept
{
    if (!deaf) {
        int unused = 0;
        return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) == 0;
    }
    sock_filter accept_nothing{};
    accept_nothing.code = BPF_RET | BPF_K; // Return value 0: keep no byte of it.
    const sock_fprog program{1, &accept_nothing};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}
#else
bool set_socket_deaf(int, bool) noexcept
{
    return false;
}
#endif

} // namespace godwit::ice

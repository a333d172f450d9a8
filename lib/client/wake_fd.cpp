// SPDX-License-Identifier: Apache-2.0
#include "lib/client/wake_fd.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <unistd.h>
#endif

#include <utility>

namespace godwit::client {

#if defined(_WIN32)

WakeFd::~WakeFd() = default;
int WakeFd::fd() noexcept
{
    return -1;
}
void WakeFd::set(bool readable) noexcept
{
    wanted_ = readable_ = readable;
}

#else

int WakeFd::fd() noexcept
{
    if (std::exchange(asked_, true)) return read_;
    int ends[2];
    if (::pipe(ends) != 0) return -1; // out of descriptors: wait() still works
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    read_ = ends[0];
    write_ = ends[1];
    set(wanted_);
    return read_;
}

WakeFd::~WakeFd()
{
    if (read_ >= 0) ::close(read_);
    if (write_ >= 0) ::close(write_);
}

void WakeFd::set(bool readable) noexcept
{
    wanted_ = readable;
    if (read_ < 0 || readable == readable_) return;
    // One byte at most is ever in the pipe, so neither call can block or fail for want of room.
    char byte = 0;
    if (readable)
        readable_ = ::write(write_, &byte, 1) == 1;
    else
        readable_ = ::read(read_, &byte, 1) != 1;
}

#endif

} // namespace godwit::client

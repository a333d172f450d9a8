// SPDX-License-Identifier: Apache-2.0
#include "lib/client/wake_fd.hpp"

#if !defined(_WIN32)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace godwit::client {

#if defined(_WIN32)

WakeFd::WakeFd() noexcept = default;
WakeFd::~WakeFd() = default;
void WakeFd::set(bool readable) noexcept
{
    readable_ = readable;
}

#else

WakeFd::WakeFd() noexcept
{
    int ends[2];
    if (::pipe(ends) != 0) return; // out of descriptors: wait() still works
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    read_ = ends[0];
    write_ = ends[1];
}

WakeFd::~WakeFd()
{
    if (read_ >= 0) ::close(read_);
    if (write_ >= 0) ::close(write_);
}

void WakeFd::set(bool readable) noexcept
{
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

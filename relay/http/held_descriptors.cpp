// SPDX-License-Identifier: Apache-2.0
#include "relay/http/held_descriptors.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace godwit::relay::http {
namespace {

/// New descriptors get the lowest free number: theirs are among the first that are free.
constexpr std::size_t free_ones = 16;

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

void HeldDescriptors::before()
{
    watched_.clear();
    for (int fd = 0; watched_.size() < free_ones; ++fd)
        if (!is_open(fd)) watched_.push_back(fd);
}

void HeldDescriptors::after()
{
    std::erase_if(watched_, [](int fd) { return !is_open(fd); });
}

void HeldDescriptors::hold()
{
    const int holder = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); // its inode is nobody else's
    struct stat about{};
    if (holder < 0) return;
    if (::fstat(holder, &about) == 0) {
        inode_ = about.st_ino;
        for (const int fd : watched_)
            if (fd == holder || (!is_open(fd) && ::dup3(holder, fd, O_CLOEXEC) == fd)) held_.push_back(fd);
    }
    if (std::find(held_.begin(), held_.end(), holder) == held_.end()) ::close(holder);
    watched_.clear();
}

void HeldDescriptors::release()
{
    for (const int fd : held_) {
        struct stat about{};
        if (::fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode) && about.st_ino == inode_) ::close(fd);
    }
    held_.clear();
}

} // namespace godwit::relay::http

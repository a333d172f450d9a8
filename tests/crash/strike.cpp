// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process under test: strikes at its k-th system call of a kind, as a kill, a power cut of this
// process or a failing disk would.
//
//   LD_PRELOAD=libgodwit_strike.so  GODWIT_STRIKE=KIND:K:WHAT  [GODWIT_STRIKE_TELL=FILE]
//
//   KIND  sync    fsync, fdatasync                            WHAT  kill     SIGKILL instead of the call
//         write   write, pwrite, ftruncate on regular files         after    SIGKILL when the call has returned
//         send    send, sendto, sendmsg, sendmmsg                   torn     half of it is written, then SIGKILL
//         name    rename, unlink, link                              eio, enospc   the call fails
//   K     1 = the first; K+ = from the K-th on                      short    half of it is written, which the caller
//   sees
//                                                                  hold     the call waits while the file exists that
//                                                                           GODWIT_STRIKE_WHILE names; K is 1+
//
// When it strikes without killing it appends a line to FILE. Counting is by process, over all threads.
// Meson asks for 64-bit offsets, with which the headers would give pwrite the name of pwrite64; both are wanted here.
#undef _FILE_OFFSET_BITS
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

enum class What { nothing, kill, after, torn, eio, enospc, cut, hold };

struct Plan {
    std::string_view kind;
    unsigned long k = 0;
    bool from_then_on = false;
    What what = What::nothing;
};

What what_of(std::string_view word)
{
    if (word == "kill") return What::kill;
    if (word == "after") return What::after;
    if (word == "torn") return What::torn;
    if (word == "eio") return What::eio;
    if (word == "enospc") return What::enospc;
    if (word == "short") return What::cut;
    if (word == "hold") return What::hold;
    return What::nothing;
}

const Plan& plan()
{
    static const Plan out = [] {
        Plan made;
        const char* const text = std::getenv("GODWIT_STRIKE");
        if (text == nullptr) return made;
        const std::string_view all(text);
        const auto first = all.find(':');
        const auto second = all.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) return made;
        made.kind = all.substr(0, first);
        char* end = nullptr;
        made.k = std::strtoul(text + first + 1, &end, 10);
        made.from_then_on = *end == '+';
        made.what = what_of(all.substr(second + 1));
        return made;
    }();
    return out;
}

std::atomic<unsigned long> count{0};

[[noreturn]] void die()
{
    ::syscall(SYS_kill, ::getpid(), SIGKILL);
    for (;;)
        ::pause();
}

void tell()
{
    const char* const path = std::getenv("GODWIT_STRIKE_TELL");
    if (path == nullptr) return;
    const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600));
    if (fd < 0) return;
    char line[80];
    const int size = std::snprintf(line, sizeof line, "struck %.*s %lu\n", static_cast<int>(plan().kind.size()),
                                   plan().kind.data(), plan().k);
    (void)!::syscall(SYS_write, fd, line, static_cast<std::size_t>(size));
    ::syscall(SYS_close, fd);
}

/// A disk that takes its time.
void hold()
{
    const char* const path = std::getenv("GODWIT_STRIKE_WHILE");
    constexpr timespec pause{0, 5'000'000};
    while (path != nullptr && ::syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0)
        ::nanosleep(&pause, nullptr);
}

/// What is to happen to this call.
What strike(std::string_view kind)
{
    if (plan().what == What::nothing || plan().kind != kind) return What::nothing;
    if (plan().what == What::hold) {
        hold();
        return What::nothing;
    }
    const unsigned long number = ++count;
    if (number != plan().k && !(plan().from_then_on && number > plan().k)) return What::nothing;
    if (plan().what == What::kill) die();
    if (plan().what != What::after && plan().what != What::torn) tell();
    return plan().what;
}

/// -1 and errno set: the call fails. 0: it goes on.
int refuse(What what)
{
    if (what != What::eio && what != What::enospc) return 0;
    errno = what == What::eio ? EIO : ENOSPC;
    return -1;
}

template <class Result>
Result finish(What what, Result result)
{
    if (what == What::after || what == What::torn) die();
    return result;
}

template <class Function>
Function next(const char* name)
{
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool regular(int fd)
{
    struct stat found{};
    const int before = errno;
    const bool out = ::fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
    errno = before;
    return out;
}

What strike_write(int fd, std::size_t& size)
{
    if (plan().kind != "write" || !regular(fd)) return What::nothing;
    const What what = strike("write");
    if (what == What::torn || what == What::cut) size /= 2;
    return what;
}

} // namespace

extern "C" {

#define GODWIT_SHOWN __attribute__((visibility("default")))

GODWIT_SHOWN int fsync(int fd)
{
    static const auto real = next<int (*)(int)>("fsync");
    const What what = strike("sync");
    return refuse(what) != 0 ? -1 : finish(what, real(fd));
}

GODWIT_SHOWN int fdatasync(int fd)
{
    static const auto real = next<int (*)(int)>("fdatasync");
    const What what = strike("sync");
    return refuse(what) != 0 ? -1 : finish(what, real(fd));
}

GODWIT_SHOWN ssize_t write(int fd, const void* bytes, size_t size)
{
    static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
    const What what = strike_write(fd, size);
    return refuse(what) != 0 ? -1 : finish(what, real(fd, bytes, size));
}

GODWIT_SHOWN ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset)
{
    static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
    const What what = strike_write(fd, size);
    return refuse(what) != 0 ? -1 : finish(what, real(fd, bytes, size, offset));
}

GODWIT_SHOWN ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset)
{
    static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
    const What what = strike_write(fd, size);
    return refuse(what) != 0 ? -1 : finish(what, real(fd, bytes, size, offset));
}

GODWIT_SHOWN int ftruncate(int fd, off_t size)
{
    static const auto real = next<int (*)(int, off_t)>("ftruncate");
    const What what = strike("write");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, size));
}

GODWIT_SHOWN int ftruncate64(int fd, off64_t size)
{
    static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
    const What what = strike("write");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, size));
}

GODWIT_SHOWN ssize_t send(int fd, const void* bytes, size_t size, int flags)
{
    static const auto real = next<ssize_t (*)(int, const void*, size_t, int)>("send");
    const What what = strike("send");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, bytes, size, flags));
}

GODWIT_SHOWN ssize_t sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* to, socklen_t to_size)
{
    static const auto real = next<ssize_t (*)(int, const void*, size_t, int, const sockaddr*, socklen_t)>("sendto");
    const What what = strike("send");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, bytes, size, flags, to, to_size));
}

GODWIT_SHOWN ssize_t sendmsg(int fd, const msghdr* message, int flags)
{
    static const auto real = next<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
    const What what = strike("send");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, message, flags));
}

GODWIT_SHOWN int sendmmsg(int fd, mmsghdr* messages, unsigned count_of, int flags)
{
    static const auto real = next<int (*)(int, mmsghdr*, unsigned, int)>("sendmmsg");
    const What what = strike("send");
    return refuse(what) != 0 ? -1 : finish(what, real(fd, messages, count_of, flags));
}

GODWIT_SHOWN int rename(const char* from, const char* to)
{
    static const auto real = next<int (*)(const char*, const char*)>("rename");
    const What what = strike("name");
    return refuse(what) != 0 ? -1 : finish(what, real(from, to));
}

GODWIT_SHOWN int unlink(const char* path)
{
    static const auto real = next<int (*)(const char*)>("unlink");
    const What what = strike("name");
    return refuse(what) != 0 ? -1 : finish(what, real(path));
}

GODWIT_SHOWN int link(const char* from, const char* to)
{
    static const auto real = next<int (*)(const char*, const char*)>("link");
    const What what = strike("name");
    return refuse(what) != 0 ? -1 : finish(what, real(from, to));
}
}

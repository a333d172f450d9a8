// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/local.hpp"

#include "transport/loop/loop_impl.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace godwit::loop {
namespace {

constexpr int backlog = 8;

#ifdef MSG_NOSIGNAL
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;
#endif

Result<sockaddr_un> name_of(const std::string& path)
{
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    if (path.size() >= sizeof out.sun_path)
        return Error{ErrorCode::invalid_argument,
                     path + " is too long for a socket: at most " + std::to_string(sizeof out.sun_path - 1) + " bytes",
                     0};
    std::memcpy(out.sun_path, path.data(), path.size());
    return out;
}

Error failed(const std::string& what, int code)
{
    return {ErrorCode::storage_failed, what + ": " + std::strerror(code), 0};
}

void close_on_exec(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

/// One question.
struct Connection {
    std::unique_ptr<PollHandle> poll;
    std::unique_ptr<Timer> late;
    Bytes bytes; ///< The question, then the answer.
    std::size_t written = 0;
    bool answering = false;
};

} // namespace

struct LocalServer::Impl {
    Loop* loop = nullptr;
    std::string path;
    LocalLimits limits;
    Answer answer;
    std::unique_ptr<PollHandle> listener;
    std::list<Connection> connections;

    void accept_all()
    {
        for (;;) {
            const int fd = ::accept(listener->fd(), nullptr, nullptr);
            if (fd < 0) return; // would block, or somebody who has gone already
            close_on_exec(fd);
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
            if (connections.size() >= limits.connections_max) {
                ::close(fd);
                continue;
            }
            const auto at = connections.emplace(connections.end());
            at->poll = std::make_unique<PollHandle>(*loop, fd, [this, at](int) { ready(at); });
            at->late = std::make_unique<Timer>(*loop, [this, at] { connections.erase(at); });
            at->late->set(Loop::now().mono + limits.time_max);
            if (at->poll->valid())
                at->poll->watch(UV_READABLE);
            else
                connections.erase(at);
        }
    }

    void ready(std::list<Connection>::iterator at)
    {
        if (at->answering ? !write_some(*at) : !read_some(*at)) connections.erase(at);
    }

    /// False: this connection is over.
    bool read_some(Connection& one)
    {
        std::uint8_t room[16 * 1024];
        for (;;) {
            const auto got = ::recv(one.poll->fd(), room, sizeof room, MSG_DONTWAIT);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
            if (got == 0) break;
            if (one.bytes.size() + static_cast<std::size_t>(got) > limits.question_bytes_max) return false;
            one.bytes.insert(one.bytes.end(), room, room + got);
        }
        one.answering = true;
        one.bytes = answer(one.bytes);
        one.poll->watch(UV_WRITABLE);
        return true;
    }

    bool write_some(Connection& one)
    {
        while (one.written < one.bytes.size()) {
            const auto put = ::send(one.poll->fd(), one.bytes.data() + one.written, one.bytes.size() - one.written,
                                    MSG_DONTWAIT | send_flags);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
            one.written += static_cast<std::size_t>(put);
        }
        return false;
    }
};

LocalServer::LocalServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

LocalServer::~LocalServer()
{
    ::unlink(impl_->path.c_str());
}

std::size_t LocalServer::connections() const noexcept
{
    return impl_->connections.size();
}

Result<std::unique_ptr<LocalServer>> LocalServer::open(Loop& loop, const std::string& path, LocalLimits limits,
                                                       Answer answer)
{
    const auto name = name_of(path);
    if (!name) return name.error();
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return failed("cannot make " + path, errno);
    close_on_exec(fd);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    struct stat about{};
    if (::lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode)) ::unlink(path.c_str());
    const auto mask = ::umask(0177); // before it is there, not after: no moment in which anybody may ask
    const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&*name), sizeof *name);
    const int why = errno;
    ::umask(mask);
    if (bound != 0 || ::listen(fd, backlog) != 0) {
        const int code = bound != 0 ? why : errno;
        ::close(fd);
        return failed("cannot make " + path, code);
    }
    auto impl = std::make_shared<Impl>();
    impl->loop = &loop;
    impl->path = path;
    impl->limits = limits;
    impl->answer = std::move(answer);
    impl->listener = std::make_unique<PollHandle>(loop, fd, [raw = impl.get()](int) { raw->accept_all(); });
    if (!impl->listener->valid()) return failed("cannot watch " + path, ENFILE);
    impl->listener->watch(UV_READABLE);
    return std::unique_ptr<LocalServer>(new LocalServer(std::move(impl)));
}

Result<Bytes> ask_local(const std::string& path, BytesView question, std::size_t answer_bytes_max, Duration time_max)
{
    const auto name = name_of(path);
    if (!name) return name.error();
    struct Descriptor {
        int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        ~Descriptor()
        {
            if (fd >= 0) ::close(fd);
        }
    } socket;
    if (socket.fd < 0) return failed("cannot open a socket", errno);
    close_on_exec(socket.fd);
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time_max).count();
    timeval limit{};
    limit.tv_sec = static_cast<decltype(limit.tv_sec)>(us / 1'000'000);
    limit.tv_usec = static_cast<decltype(limit.tv_usec)>(us % 1'000'000);
    setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&*name), sizeof *name) != 0)
        return Error{ErrorCode::not_connected, path + ": " + std::strerror(errno), 0};

    const Error lost{ErrorCode::timed_out, path + ": no answer: it may have been done, or not", 0};
    while (!question.empty()) {
        const auto put = ::send(socket.fd, question.data(), question.size(), send_flags);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return lost;
        question = question.subspan(static_cast<std::size_t>(put));
    }
    ::shutdown(socket.fd, SHUT_WR);
    Bytes out;
    std::uint8_t room[16 * 1024];
    for (;;) {
        const auto got = ::recv(socket.fd, room, sizeof room, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return lost;
        if (got == 0) break;
        if (out.size() + static_cast<std::size_t>(got) > answer_bytes_max)
            return Error{ErrorCode::message_too_large, path + ": the answer is too long", 0};
        out.insert(out.end(), room, room + got);
    }
    if (out.empty()) return lost;
    return out;
}

} // namespace godwit::loop

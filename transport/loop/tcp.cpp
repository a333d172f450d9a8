// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/tcp.hpp"

#include "transport/loop/loop_impl.hpp"
#include "transport/loop/sockaddr.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace godwit::loop {
namespace {

/// listen(2): connections the system completes while the loop is busy; the system caps it (somaxconn).
constexpr int backlog = 512;
/// Connections accepted in one turn of the loop: fairness against a flood.
constexpr int accepts_per_turn = 32;
/// Out of descriptors: look again after this long instead of spinning on a readable listener.
constexpr Duration accept_pause = std::chrono::milliseconds(100);
/// Read and thrown away before close, so that unread input does not turn our FIN, and what we wrote before it, into a
/// reset (RFC 1122 section 4.2.2.13).
constexpr std::size_t drain_bytes_max = 256 * 1024;

#ifdef MSG_NOSIGNAL
constexpr int send_flags = MSG_NOSIGNAL; // an embedder's process must not die of SIGPIPE
#else
constexpr int send_flags = 0;
#endif

void prepare_stream(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // frames are small and wait for answers
#ifdef SO_NOSIGPIPE
    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

} // namespace

struct TcpStream::Impl {
    TcpStream* owner = nullptr;
    TcpObserver* observer = nullptr;
    std::optional<PollHandle> poll;
    std::optional<Timer> failed_early;
    Address peer;
    bool connecting = false;
    bool readable_wanted = true;
    bool writable_wanted = false;

    void update()
    {
        if (!poll) return;
        if (connecting) return poll->watch(UV_WRITABLE);
        if (observer == nullptr) return poll->watch(0);
        poll->watch((readable_wanted ? UV_READABLE : 0) | (writable_wanted ? UV_WRITABLE : 0));
    }

    void ready(int events)
    {
        if (connecting) {
            int fault = 0;
            socklen_t length = sizeof fault;
            getsockopt(poll->fd(), SOL_SOCKET, SO_ERROR, &fault, &length);
            connecting = false;
            if (fault != 0) {
                poll->watch(0);
                observer->tcp_connected(*owner, system_error(fault, "cannot connect to " + peer.text()));
                return;
            }
            update();
            observer->tcp_connected(*owner, std::nullopt);
            return;
        }
        if ((events & UV_WRITABLE) != 0 && writable_wanted) {
            writable_wanted = false;
            update();
            observer->tcp_writable(*owner);
            if (owner == nullptr) return;
        }
        if ((events & UV_READABLE) != 0 && readable_wanted) observer->tcp_readable(*owner);
    }

    static std::shared_ptr<Impl> adopt(Loop& loop, int fd)
    {
        auto impl = std::make_shared<Impl>();
        const std::weak_ptr<Impl> weak = impl;
        impl->poll.emplace(loop, fd, [weak](int events) {
            if (const auto stream = weak.lock()) stream->ready(events);
        });
        return impl;
    }
};

TcpStream::TcpStream(std::shared_ptr<Impl> impl) : impl_(std::move(impl))
{
    impl_->owner = this;
}

TcpStream::~TcpStream()
{
    impl_->owner = nullptr;
    impl_->failed_early.reset();
    if (!impl_->poll) return;
    std::uint8_t waste[4096];
    const int fd = impl_->poll->fd();
    shutdown(fd, SHUT_WR);
    for (std::size_t drained = 0; drained < drain_bytes_max;) {
        const ssize_t got = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
        if (got <= 0) break;
        drained += static_cast<std::size_t>(got);
    }
    impl_->poll.reset();
}

std::unique_ptr<TcpStream> TcpStream::connect(Loop& loop, const Address& to, TcpObserver& observer)
{
    std::shared_ptr<Impl> impl;
    int fault = 0;
    const int fd = ::socket(to.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        fault = errno;
        impl = std::make_shared<Impl>();
    } else {
        prepare_stream(fd);
        sockaddr_storage name{};
        const socklen_t length = to_sockaddr(to, to.is_v6, name);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), length) != 0 && errno != EINPROGRESS) fault = errno;
        impl = Impl::adopt(loop, fd);
        if (!impl->poll->valid() && fault == 0) fault = ENFILE;
    }
    impl->peer = to;
    impl->observer = &observer;
    if (fault == 0) {
        impl->connecting = true;
        impl->update();
    } else {
        impl->failed_early.emplace(loop, [raw = impl.get(), fault] {
            raw->observer->tcp_connected(*raw->owner, system_error(fault, "cannot connect to " + raw->peer.text()));
        });
        impl->failed_early->set(Loop::now().mono);
    }
    return std::unique_ptr<TcpStream>(new TcpStream(std::move(impl)));
}

void TcpStream::observe(TcpObserver& observer)
{
    impl_->observer = &observer;
    impl_->update();
}

namespace {

TcpIo receive(int fd, std::span<std::uint8_t> out, int flags)
{
    for (;;) {
        const ssize_t got = recv(fd, out.data(), out.size(), flags);
        if (got > 0) return {TcpIo::State::ok, static_cast<std::size_t>(got), 0};
        if (got == 0) return {TcpIo::State::end, 0, 0};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {TcpIo::State::would_block, 0, 0};
        return {TcpIo::State::failed, 0, errno};
    }
}

} // namespace

TcpIo TcpStream::read(std::span<std::uint8_t> out)
{
    if (!impl_->poll) return {TcpIo::State::failed, 0, ENOTCONN};
    return receive(impl_->poll->fd(), out, MSG_DONTWAIT);
}

TcpIo TcpStream::peek(std::span<std::uint8_t> out)
{
    if (!impl_->poll) return {TcpIo::State::failed, 0, ENOTCONN};
    return receive(impl_->poll->fd(), out, MSG_DONTWAIT | MSG_PEEK);
}

TcpIo TcpStream::write(BytesView bytes)
{
    if (!impl_->poll) return {TcpIo::State::failed, 0, ENOTCONN};
    for (;;) {
        const ssize_t put = ::send(impl_->poll->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | send_flags);
        if (put > 0) return {TcpIo::State::ok, static_cast<std::size_t>(put), 0};
        if (put < 0 && errno == EINTR) continue;
        if (put == 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            impl_->writable_wanted = true;
            impl_->update();
            return {TcpIo::State::would_block, 0, 0};
        }
        return {TcpIo::State::failed, 0, errno};
    }
}

void TcpStream::want_readable(bool wanted)
{
    impl_->readable_wanted = wanted;
    impl_->update();
}

int TcpStream::release(std::unique_ptr<TcpStream> stream)
{
    if (!stream->impl_->poll) return -1;
    // Another number for the same connection: libuv lets go of the old one in its own time.
    const int fd = fcntl(stream->impl_->poll->fd(), F_DUPFD_CLOEXEC, 0);
    stream->impl_->poll.reset();
    return fd;
}

const Address& TcpStream::peer() const noexcept
{
    return impl_->peer;
}

// -------------------------------------------------------------------------------------------- listener

struct TcpListener::Impl {
    Loop* loop = nullptr;
    Accepted accepted;
    std::optional<PollHandle> poll;
    std::optional<Timer> pause;
    Address local;
    bool gone = false;
};

TcpListener::TcpListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpListener::~TcpListener()
{
    impl_->gone = true;
    impl_->pause.reset();
    impl_->poll.reset();
}

Result<std::unique_ptr<TcpListener>> TcpListener::open(Loop& loop, const Address& bind, Accepted accepted, bool v6_only)
{
    const std::string what = "cannot listen on TCP " + bind.text();
    const int fd = ::socket(bind.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return system_error(errno, what);
    prepare_stream(fd);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); // a restarted relay takes its port back from TIME_WAIT
    const int only = v6_only ? 1 : 0;
    if (bind.is_v6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    sockaddr_storage name{};
    socklen_t length = to_sockaddr(bind, bind.is_v6, name);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), length) != 0 || ::listen(fd, backlog) != 0) {
        const int fault = errno;
        ::close(fd);
        return system_error(fault, what);
    }
    auto impl = std::make_shared<Impl>();
    length = sizeof name;
    getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
    impl->local = from_sockaddr(reinterpret_cast<const sockaddr*>(&name));
    impl->loop = &loop;
    impl->accepted = std::move(accepted);
    impl->pause.emplace(loop, [raw = impl.get()] { raw->poll->watch(UV_READABLE); });

    const std::weak_ptr<Impl> weak = impl;
    impl->poll.emplace(loop, fd, [weak](int) {
        const auto self = weak.lock();
        for (int i = 0; self && !self->gone && i < accepts_per_turn; ++i) {
            sockaddr_storage from{};
            socklen_t from_length = sizeof from;
            const int client = ::accept(self->poll->fd(), reinterpret_cast<sockaddr*>(&from), &from_length);
            if (client < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
                self->poll->watch(0);
                self->pause->set(Loop::now().mono + accept_pause);
                return;
            }
            if (client < 0) return; // would block, or a client that has gone already
            prepare_stream(client);
            auto stream = TcpStream::Impl::adopt(*self->loop, client);
            if (!stream->poll->valid()) continue;
            stream->peer = from_sockaddr(reinterpret_cast<const sockaddr*>(&from));
            self->accepted(std::unique_ptr<TcpStream>(new TcpStream(std::move(stream))));
        }
    });
    if (!impl->poll->valid()) return system_error(ENFILE, what);
    impl->poll->watch(UV_READABLE);
    return std::unique_ptr<TcpListener>(new TcpListener(std::move(impl)));
}

const Address& TcpListener::local() const noexcept
{
    return impl_->local;
}

} // namespace godwit::loop

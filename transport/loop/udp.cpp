// SPDX-License-Identifier: Apache-2.0
// open: socket -> options -> bind -> probe -> poll. Then: readable -> batch -> observer; send -> blocked? -> writable.
#include "transport/loop/udp.hpp"

#include "lib/base/check.hpp"
#include "transport/loop/sockaddr.hpp"
#include "transport/loop/udp_impl.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace godwit::loop {
namespace {

/// Batches dispatched in one turn of the loop: fairness between sockets.
constexpr int batches_per_turn = 4;

void set_option(int fd, int level, int name, int value)
{
    // Wishes only: a socket without them still carries datagrams.
    static_cast<void>(setsockopt(fd, level, name, &value, sizeof value));
}

/// RFC 9000 section 14: QUIC forbids fragmentation; it probes the path itself.
void set_fragments([[maybe_unused]] int fd, [[maybe_unused]] bool is_v6, [[maybe_unused]] bool allowed)
{
#ifdef IP_MTU_DISCOVER
    set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, allowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
#endif
#ifdef IPV6_MTU_DISCOVER
    if (is_v6) set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, allowed ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE);
#endif
}

void set_wishes(int fd, bool is_v6, const UdpOptions& options)
{
    set_option(fd, SOL_SOCKET, SO_RCVBUF, options.buffer_bytes);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, options.buffer_bytes);
#ifdef IP_PKTINFO
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
#endif
    set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    set_fragments(fd, is_v6, options.fragments);
    if (!is_v6) return;
    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
}

void receive(UdpSocket::Impl& socket)
{
    for (int turn = 0; turn < batches_per_turn; ++turn) {
        socket.batch.clear();
        if (!(socket.fast_receive ? udp_receive_fast(socket) : udp_receive_plain(socket))) return;
        const bool emptied = socket.emptied;
        socket.observer->udp_datagrams(*socket.owner, socket.batch);
        if (emptied || socket.owner == nullptr) return;
    }
}

/// A new socket, not bound; -1: errno says why.
int make_socket(bool is_v6, const UdpOptions& options)
{
    const int fd = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
    if (fd < 0) return fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (is_v6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0);
    set_wishes(fd, is_v6, options);
    return fd;
}

} // namespace

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(Loop& loop, const Address& bind, UdpObserver& observer,
                                                   UdpOptions options)
{
    const std::string what = "cannot receive UDP on " + bind.text();
    const int fd = make_socket(bind.is_v6, options);
    if (fd < 0) return system_error(errno, what);
    sockaddr_storage name{};
    const socklen_t length = to_sockaddr(bind, bind.is_v6, name);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), length) != 0) {
        const int fault = errno;
        ::close(fd);
        return system_error(fault, what);
    }
    return adopt(loop, fd, bind.is_v6, options.batch, observer);
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::open_beside(Loop& loop, int fd, const Address& from,
                                                          UdpObserver& observer)
{
    const int beside = make_socket(from.is_v6, {});
    if (beside >= 0 && udp_share_address(fd, beside, from)) return adopt(loop, beside, from.is_v6, true, observer);
    if (beside >= 0) ::close(beside);
    return Error{ErrorCode::unsupported, "cannot share a UDP socket's address", 0};
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::adopt(Loop& loop, int fd, bool is_v6, bool batch, UdpObserver& observer)
{
    auto impl = std::make_shared<Impl>();
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
    impl->local = from_sockaddr(reinterpret_cast<const sockaddr*>(&name));
    impl->loop = &loop.impl();
    impl->observer = &observer;
    impl->is_v6 = is_v6;
    impl->fast_receive = batch && udp_probe_fast_receive(fd);
    impl->fast_send = batch && udp_probe_fast_send(fd);

    const std::weak_ptr<Impl> weak = impl; // the poll handle is inside impl: no cycle
    impl->poll.emplace(loop, fd, [weak](int events) {
        const auto socket = weak.lock();
        if (!socket) return;
        if ((events & UV_WRITABLE) != 0) {
            socket->poll->watch(UV_READABLE);
            socket->observer->udp_writable(*socket->owner);
            if (socket->owner == nullptr) return;
        }
        if ((events & UV_READABLE) != 0) receive(*socket);
    });
    if (!impl->poll->valid()) return system_error(ENFILE, "cannot receive UDP on " + impl->local.text());
    impl->poll->watch(UV_READABLE);
    std::unique_ptr<UdpSocket> out(new UdpSocket(impl));
    impl->owner = out.get();
    return out;
}

UdpSocket::UdpSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

UdpSocket::~UdpSocket()
{
    impl_->owner = nullptr;
    impl_->poll.reset();
}

std::size_t UdpSocket::send(std::span<const UdpSend> sends)
{
    for ([[maybe_unused]] const UdpSend& send : sends)
        GODWIT_ASSERT(send.bytes.size() <= udp_send_bytes_max);
    const std::size_t taken = impl_->fast_send ? udp_send_fast(*impl_, sends) : udp_send_plain(*impl_, sends);
    if (taken < sends.size()) impl_->poll->watch(UV_READABLE | UV_WRITABLE);
    return taken;
}

void UdpSocket::allow_fragments(bool allowed)
{
    set_fragments(impl_->fd(), impl_->is_v6, allowed);
}

const Address& UdpSocket::local() const noexcept
{
    return impl_->local;
}
bool UdpSocket::batching() const noexcept
{
    return impl_->fast_receive && impl_->fast_send;
}
void UdpSocket::observe(UdpObserver& observer) noexcept
{
    impl_->observer = &observer;
}

} // namespace godwit::loop

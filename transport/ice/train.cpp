// SPDX-License-Identifier: Apache-2.0
#include "transport/ice/train.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

#ifdef __linux__
#include <netinet/udp.h>
#endif

namespace godwit::ice {

bool is_train(std::span<const BytesView> datagrams) noexcept
{
    if (datagrams.size() < 2) return false;
    const auto segment = datagrams.front().size();
    for (std::size_t i = 1; i < datagrams.size(); ++i) {
        const auto& before = datagrams[i - 1];
        if (before.size() != segment || datagrams[i].data() != before.data() + segment) return false;
    }
    return !datagrams.back().empty() && datagrams.back().size() <= segment;
}

TrainOutcome send_one(int fd, const sockaddr* to, socklen_t to_bytes, BytesView datagram) noexcept
{
    for (;;) {
        if (::sendto(fd, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to, to_bytes) >= 0)
            return TrainOutcome::sent;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? TrainOutcome::full : TrainOutcome::apart;
    }
}

#if defined(__linux__) && defined(UDP_SEGMENT)

namespace {

/// What IP's length field leaves for UDP's payload, and the kernel's bound on segments (UDP_MAX_SEGMENTS).
constexpr std::size_t train_bytes_max = 65'000;
constexpr std::size_t train_datagrams_max = 64;

} // namespace

TrainOutcome send_train(int fd, const sockaddr* to, socklen_t to_bytes, std::span<const BytesView> datagrams) noexcept
{
    const auto size =
        static_cast<std::size_t>(datagrams.back().data() - datagrams.front().data()) + datagrams.back().size();
    if (size > train_bytes_max || datagrams.size() > train_datagrams_max) return TrainOutcome::apart;
    iovec all{const_cast<std::uint8_t*>(datagrams.front().data()), size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint16_t))] = {};
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(to);
    message.msg_namelen = to_bytes;
    message.msg_iov = &all;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(datagrams.front().size());
    std::memcpy(CMSG_DATA(head), &segment, sizeof segment);
    for (;;) {
        if (::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return TrainOutcome::sent;
        if (errno == EINTR) continue;
        switch (errno) {
        case EAGAIN:
        case ENOBUFS: return TrainOutcome::full;
        case EIO: // The device of this route cannot checksum what it would cut (udp(7)).
        case ENOPROTOOPT:
        case EOPNOTSUPP: return TrainOutcome::refused;
        default: return TrainOutcome::apart; // A segment is longer than the MTU, the route is gone: it may come back.
        }
    }
}

#else

TrainOutcome send_train(int, const sockaddr*, socklen_t, std::span<const BytesView>) noexcept
{
    return TrainOutcome::refused;
}

#endif

} // namespace godwit::ice

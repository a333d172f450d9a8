// SPDX-License-Identifier: Apache-2.0
// The fast way, on Linux: recvmmsg with UDP_GRO, sendmmsg with UDP_SEGMENT (udp(7)).
#include "transport/loop/udp_impl.hpp"
#include "transport/loop/udp_message.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <cerrno>

#ifdef __linux__
#include <netinet/udp.h>
#endif

namespace godwit::loop {

#ifdef __linux__

namespace {

/// Messages a system call. Each may hold up to 64 KiB of coalesced datagrams; untouched room costs no memory.
constexpr std::size_t messages_per_call = 16;
constexpr std::size_t message_room_bytes = 65536;

} // namespace

bool udp_probe_fast_receive(int fd)
{
    const int on = 1;
    return setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
}

bool udp_probe_fast_send(int fd)
{
    int segment = 0;
    socklen_t length = sizeof segment;
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &length) == 0;
}

bool udp_receive_fast(UdpSocket::Impl& socket)
{
    auto& scratch = socket.loop->receive_scratch;
    if (scratch.size() < messages_per_call * message_room_bytes) scratch.resize(messages_per_call * message_room_bytes);
    MessageIn messages[messages_per_call];
    mmsghdr headers[messages_per_call] = {};
    for (std::size_t i = 0; i < messages_per_call; ++i) {
        messages[i].prepare(std::span(scratch).subspan(i * message_room_bytes, message_room_bytes));
        headers[i].msg_hdr = messages[i].header;
    }
    int got = 0;
    do {
        got = recvmmsg(socket.fd(), headers, messages_per_call, MSG_DONTWAIT, nullptr);
    } while (got < 0 && errno == EINTR);
    socket.emptied = got < static_cast<int>(messages_per_call);
    for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got); ++i) {
        messages[i].header = headers[i].msg_hdr;
        if ((messages[i].header.msg_flags & MSG_TRUNC) != 0) continue;
        messages[i].unpack(BytesView(scratch).subspan(i * message_room_bytes, headers[i].msg_len), socket.local,
                           socket.batch);
    }
    return !socket.batch.empty();
}

std::size_t udp_send_fast(UdpSocket::Impl& socket, std::span<const UdpSend> sends)
{
    std::size_t done = 0;
    MessageOut messages[messages_per_call];
    mmsghdr headers[messages_per_call];
    while (done < sends.size()) {
        const std::size_t count = std::min(messages_per_call, sends.size() - done);
        for (std::size_t i = 0; i < count; ++i) {
            const UdpSend& send = sends[done + i];
            messages[i].fill(send, send.bytes, send.segment_bytes, socket.is_v6);
            headers[i] = {};
            headers[i].msg_hdr = messages[i].header;
        }
        const int sent = sendmmsg(socket.fd(), headers, static_cast<unsigned>(count), MSG_DONTWAIT);
        if (sent > 0) {
            done += static_cast<std::size_t>(sent);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return done;
        if (sends[done].segment_bytes > 0 && (errno == EIO || errno == EINVAL)) {
            // EIO: the device of this route cannot checksum what it would cut (udp(7)): no trains from now on. EINVAL:
            // a segment does not fit this route's MTU: one by one, what fits arrives.
            if (errno == EIO) socket.fast_send = false;
            if (udp_send_plain(socket, sends.subspan(done, 1)) == 0) return done;
            if (!socket.fast_send) return done + 1 + udp_send_plain(socket, sends.subspan(done + 1));
        }
        ++done; // refused for good: lost
    }
    return done;
}

#else

bool udp_probe_fast_receive(int)
{
    return false;
}
bool udp_probe_fast_send(int)
{
    return false;
}

bool udp_receive_fast(UdpSocket::Impl&)
{
    GODWIT_ASSERT(false);
    return false;
}

std::size_t udp_send_fast(UdpSocket::Impl&, std::span<const UdpSend>)
{
    GODWIT_ASSERT(false);
    return 0;
}

#endif

} // namespace godwit::loop

// SPDX-License-Identifier: Apache-2.0
// The portable way: one system call a datagram.
#include "transport/loop/udp_impl.hpp"
#include "transport/loop/udp_message.hpp"

#include <algorithm>
#include <cerrno>

namespace godwit::loop {
namespace {

/// Datagrams taken in one turn, so that one busy socket does not starve the others.
constexpr std::size_t receive_turn_max = 32;
/// Ample for any QUIC or STUN datagram on a real link; longer ones are cut by the system and dropped here.
constexpr std::size_t datagram_room_bytes = 2048;

bool send_one(UdpSocket::Impl& socket, const UdpSend& send, BytesView bytes)
{
    MessageOut message;
    message.fill(send, bytes, 0, socket.is_v6);
    for (;;) {
        if (sendmsg(socket.fd(), &message.header, 0) >= 0) return true;
        if (errno == EINTR) continue;
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS;
    }
}

} // namespace

bool udp_receive_plain(UdpSocket::Impl& socket)
{
    auto& scratch = socket.loop->receive_scratch;
    if (scratch.size() < receive_turn_max * datagram_room_bytes) scratch.resize(receive_turn_max * datagram_room_bytes);
    socket.emptied = false;
    for (std::size_t turn = 0; turn < receive_turn_max; ++turn) {
        MessageIn message;
        const auto room = std::span(scratch).subspan(turn * datagram_room_bytes, datagram_room_bytes);
        message.prepare(room);
        const ssize_t got = recvmsg(socket.fd(), &message.header, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) { // would block, or a pending ICMP error, which concerns some earlier datagram
            socket.emptied = errno == EAGAIN || errno == EWOULDBLOCK;
            break;
        }
        if ((message.header.msg_flags & MSG_TRUNC) != 0) continue;
        message.unpack(room.first(static_cast<std::size_t>(got)), socket.local, socket.batch);
    }
    return !socket.batch.empty();
}

std::size_t udp_send_plain(UdpSocket::Impl& socket, std::span<const UdpSend> sends)
{
    for (std::size_t i = 0; i < sends.size(); ++i) {
        const BytesView all = sends[i].bytes;
        const std::size_t segment =
            sends[i].segment_bytes > 0 ? sends[i].segment_bytes : std::max<std::size_t>(all.size(), 1);
        for (std::size_t at = 0; at < all.size(); at += segment) {
            // Blocked half-way through a train: it is offered again whole, and the far side drops what it has twice.
            if (!send_one(socket, sends[i], all.subspan(at, std::min(segment, all.size() - at)))) return i;
        }
    }
    return sends.size();
}

} // namespace godwit::loop

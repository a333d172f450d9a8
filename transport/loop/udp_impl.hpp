// SPDX-License-Identifier: Apache-2.0
// Private to this room: a UDP socket, and the two ways to speak with the system that udp.cpp chooses from.
#pragma once

#include "transport/loop/loop_impl.hpp"
#include "transport/loop/udp.hpp"

#include <optional>

namespace godwit::loop {

enum class SendOutcome { taken, blocked, no_segmentation };

struct UdpSocket::Impl {
    UdpSocket* owner = nullptr; ///< Null once the socket is destroyed: stop touching anything.
    LoopImpl* loop = nullptr;
    UdpObserver* observer = nullptr;
    std::optional<PollHandle> poll;
    Address local;
    bool is_v6 = false;
    bool fast_receive = false; ///< recvmmsg + UDP_GRO
    bool fast_send = false;    ///< sendmmsg + UDP_SEGMENT
    std::vector<UdpDatagram> batch;
    bool emptied = false; ///< The last receive took all there was: asking again costs a system call for nothing.

    [[nodiscard]] int fd() const { return poll->fd(); }
};

/// Reads what is there, up to a fair share, into `socket.batch` (spans of the loop's scratch). Returns false when
/// nothing came.
bool udp_receive_plain(UdpSocket::Impl& socket);
/// One sendmsg a datagram.
std::size_t udp_send_plain(UdpSocket::Impl& socket, std::span<const UdpSend> sends);

/// True: from now on the kernel gives `beside`, which is not bound yet, the QUIC packets of `from` that come to `fd`,
/// and binds it. False: nothing was done but for wishes that do no harm.
bool udp_share_address(int fd, int beside, const Address& from);

/// Linux only; elsewhere the probe says no and the others are never called.
bool udp_probe_fast_receive(int fd);
bool udp_probe_fast_send(int fd);
bool udp_receive_fast(UdpSocket::Impl& socket);
/// Turns socket.fast_send off, and goes on plainly, when the route turns out not to do segmentation.
std::size_t udp_send_fast(UdpSocket::Impl& socket, std::span<const UdpSend> sends);

} // namespace godwit::loop

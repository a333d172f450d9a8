// SPDX-License-Identifier: Apache-2.0
// UDP, many datagrams a call.
//
// Linux, where the kernel can (probed at open): UDP_GRO + recvmmsg in, UDP_SEGMENT + sendmmsg out, 3-4 times less CPU
// than one call a datagram. Else, or with batch = false: one recvmsg or sendmsg a datagram. Callers see no difference.
#pragma once

#include "transport/loop/address.hpp"
#include "transport/loop/loop.hpp"

namespace godwit::loop {

class UdpSocket;

/// Most segments in one UdpSend: the kernel's UDP_MAX_SEGMENTS (64 up to Linux 6.8).
inline constexpr std::size_t udp_segments_max = 64;
/// Most bytes in one UdpSend: what an IPv4 datagram carries (RFC 768, RFC 791: 65,535 - 20 - 8).
inline constexpr std::size_t udp_send_bytes_max = 65507;

struct UdpDatagram {
    Address from;
    Address to; ///< Our address it was sent to; port of the socket. The IP is all zero where the system does not say.
    BytesView bytes;      ///< Valid during the call.
    std::uint8_t ecn = 0; ///< RFC 3168 code point, 0 where the system does not say.
};

/// One or many datagrams to one destination.
struct UdpSend {
    Address to;
    Address from;    ///< Source IP when not all zero (answer from where we were asked); its port is ignored.
    BytesView bytes; ///< At most udp_send_bytes_max.
    std::size_t segment_bytes = 0; ///< > 0: `bytes` is cut into datagrams of this size, the last may be shorter.
    std::uint8_t ecn = 0;
};

class UdpObserver {
public:
    /// In the order of arrival. May destroy the socket.
    virtual void udp_datagrams(UdpSocket& socket, std::span<const UdpDatagram> datagrams) = 0;
    /// After a send() that did not take all. May destroy the socket.
    virtual void udp_writable(UdpSocket& socket) = 0;

protected:
    ~UdpObserver() = default;
};

struct UdpOptions {
    bool batch = true;    ///< False: the plain path, as on systems without the fast one.
    bool v6_only = false; ///< Bound on IPv6: do not also serve IPv4.
    /// What is longer than the way allows is cut into fragments (RFC 791), here and by routers. False: it is lost.
    bool fragments = false;
    /// Asked of the kernel, which may give less: room for 40 ms of 200 Mbit/s while the loop is busy.
    int buffer_bytes = 1024 * 1024;
};

class UdpSocket {
public:
    /// Binds and starts to receive. Port 0 takes a free one: see local(). Errors: address_in_use, invalid_argument (no
    /// right, not our address), unsupported (no IPv6 here), quota_exceeded (too many open files).
    [[nodiscard]] static Result<std::unique_ptr<UdpSocket>> open(Loop& loop, const Address& bind, UdpObserver& observer,
                                                                 UdpOptions options = {});
    /// A second socket at the address of `fd`, a bound UDP socket of this process whose owner speaks STUN with many:
    /// takes the QUIC packets (RFC 9443) that come from `from`, to receive only. All else stays with `fd`, one datagram
    /// each, and everything does when this one goes. What comes while it is opened may be mixed up. Errors: unsupported
    /// (the system cannot share an address so, or `from` is not of the family of `fd`).
    [[nodiscard]] static Result<std::unique_ptr<UdpSocket>> open_beside(Loop& loop, int fd, const Address& from,
                                                                        UdpObserver& observer);
    ~UdpSocket();
    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;

    /// Returns how many of `sends` were taken, in order. Fewer than all: the system's buffer is full, and udp_writable
    /// follows. A datagram that the system refuses for another reason (no route, too long for the link) counts as
    /// taken: to the protocol above it is a lost one.
    std::size_t send(std::span<const UdpSend> sends);

    /// As UdpOptions::fragments, for what is sent from now on.
    void allow_fragments(bool allowed);

    [[nodiscard]] const Address& local() const noexcept;
    /// True when the fast path is in use, for status and tests.
    [[nodiscard]] bool batching() const noexcept;
    /// Takes over from the former observer (e.g. when the owner of the socket changes).
    void observe(UdpObserver& observer) noexcept;

    struct Impl;

private:
    explicit UdpSocket(std::shared_ptr<Impl> impl);
    [[nodiscard]] static Result<std::unique_ptr<UdpSocket>> adopt(Loop& loop, int fd, bool is_v6, bool batch,
                                                                  UdpObserver& observer);
    std::shared_ptr<Impl> impl_;
};

} // namespace godwit::loop

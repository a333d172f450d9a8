// SPDX-License-Identifier: Apache-2.0
// Private to this room: the msghdr of one send or receive, with its ancillary data (RFC 3542).
#pragma once

#include "transport/loop/sockaddr.hpp"
#include "transport/loop/udp.hpp"

#include <cstring>
#include <sys/uio.h>

namespace godwit::loop {

/// Room for packet info of either family, traffic class and segment size.
inline constexpr std::size_t control_bytes = 256;

struct MessageOut {
    msghdr header{};
    iovec vector{};
    sockaddr_storage to{};
    alignas(cmsghdr) std::uint8_t control[control_bytes];

    /// `segment_bytes` 0: no segmentation. Must stay where it is until sent.
    void fill(const UdpSend& send, BytesView bytes, std::size_t segment_bytes, bool v6_socket);
};

struct MessageIn {
    msghdr header{};
    iovec vector{};
    sockaddr_storage from{};
    alignas(cmsghdr) std::uint8_t control[control_bytes];

    void prepare(std::span<std::uint8_t> room);
    /// Appends the datagrams in `bytes` (several when the kernel coalesced them) to `out`.
    void unpack(BytesView bytes, const Address& local, std::vector<UdpDatagram>& out) const;
};

} // namespace godwit::loop

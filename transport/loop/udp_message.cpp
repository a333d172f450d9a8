// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/udp_message.hpp"

#include <algorithm>

#ifdef __linux__
#include <netinet/udp.h>
#endif

namespace godwit::loop {
namespace {

/// Appends one control message; the buffer is sized for all that fill() can add.
template <class T>
void add_control(msghdr& header, std::uint8_t* control, int level, int type, const T& value)
{
    auto* at = reinterpret_cast<cmsghdr*>(control + header.msg_controllen);
    at->cmsg_level = level;
    at->cmsg_type = type;
    at->cmsg_len = CMSG_LEN(sizeof(T));
    std::memcpy(CMSG_DATA(at), &value, sizeof(T));
    header.msg_controllen += CMSG_SPACE(sizeof(T));
}

template <class T>
T control_value(const cmsghdr* from)
{
    T out{};
    std::memcpy(&out, CMSG_DATA(from), sizeof(T));
    return out;
}

} // namespace

void MessageOut::fill(const UdpSend& send, BytesView bytes, std::size_t segment_bytes, bool v6_socket)
{
    header = {};
    header.msg_namelen = to_sockaddr(send.to, v6_socket, to);
    header.msg_name = &to;
    vector.iov_base = const_cast<std::uint8_t*>(bytes.data()); // sendmsg does not write
    vector.iov_len = bytes.size();
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    std::memset(control, 0, sizeof control);

    if (!send.from.is_any() && send.from.is_v6 == send.to.is_v6) {
        sockaddr_storage source{};
        to_sockaddr(send.from, v6_socket, source);
        if (v6_socket) {
            in6_pktinfo info{};
            info.ipi6_addr = reinterpret_cast<const sockaddr_in6&>(source).sin6_addr;
            info.ipi6_ifindex = send.from.scope;
            add_control(header, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
        } else {
#ifdef IP_PKTINFO
            in_pktinfo info{};
            info.ipi_spec_dst = reinterpret_cast<const sockaddr_in&>(source).sin_addr;
            add_control(header, control, IPPROTO_IP, IP_PKTINFO, info);
#endif
        }
    }
    if (send.ecn != 0) {
        const int traffic_class = send.ecn;
        if (send.to.is_v6)
            add_control(header, control, IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
        else
            add_control(header, control, IPPROTO_IP, IP_TOS, traffic_class);
    }
#ifdef UDP_SEGMENT
    if (segment_bytes > 0 && segment_bytes < bytes.size())
        add_control(header, control, IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment_bytes));
#else
    static_cast<void>(segment_bytes);
#endif
    if (header.msg_controllen == 0) header.msg_control = nullptr;
}

void MessageIn::prepare(std::span<std::uint8_t> room)
{
    header = {};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    vector.iov_base = room.data();
    vector.iov_len = room.size();
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
}

void MessageIn::unpack(BytesView bytes, const Address& local, std::vector<UdpDatagram>& out) const
{
    UdpDatagram datagram;
    datagram.from = from_sockaddr(reinterpret_cast<const sockaddr*>(&from));
    datagram.to = local;
    std::size_t segment = bytes.size();
    auto* head = const_cast<msghdr*>(&header); // CMSG_NXTHDR wants it so, and does not write
    for (cmsghdr* at = CMSG_FIRSTHDR(head); at != nullptr; at = CMSG_NXTHDR(head, at)) {
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            const auto info = control_value<in6_pktinfo>(at);
            datagram.to =
                *Address::from_ip(BytesView(reinterpret_cast<const std::uint8_t*>(&info.ipi6_addr), 16), local.port);
            if (datagram.from.scope != 0) datagram.to.scope = datagram.from.scope;
#ifdef IP_PKTINFO
        } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            const auto info = control_value<in_pktinfo>(at);
            datagram.to =
                *Address::from_ip(BytesView(reinterpret_cast<const std::uint8_t*>(&info.ipi_addr), 4), local.port);
#endif
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS) {
            datagram.ecn = static_cast<std::uint8_t>(control_value<int>(at) & 3);
        } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS) {
            datagram.ecn = static_cast<std::uint8_t>(*CMSG_DATA(at) & 3);
#ifdef UDP_GRO
        } else if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO) {
            const int size = control_value<int>(at);
            if (size > 0) segment = static_cast<std::size_t>(size);
#endif
        }
    }
    if (bytes.empty()) return; // an empty datagram says nothing to any protocol here
    for (std::size_t at = 0; at < bytes.size(); at += segment) {
        datagram.bytes = bytes.subspan(at, std::min(segment, bytes.size() - at));
        out.push_back(datagram);
    }
}

} // namespace godwit::loop

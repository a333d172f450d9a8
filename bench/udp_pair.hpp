// SPDX-License-Identifier: Apache-2.0
// Two UDP sockets of this process on loopback: the floor of everything that goes directly.
#pragma once

#include "bench/pilot.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bench {

class UdpPair {
public:
    UdpPair()
    {
        for (int i = 0; i < 2; ++i) {
            sockets_[i] = socket(AF_INET, SOCK_DGRAM, 0);
            address_[i].sin_family = AF_INET;
            address_[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            socklen_t length = sizeof address_[i];
            if (sockets_[i] < 0 || bind(sockets_[i], reinterpret_cast<sockaddr*>(&address_[i]), length) != 0 ||
                getsockname(sockets_[i], reinterpret_cast<sockaddr*>(&address_[i]), &length) != 0)
                give_up("cannot open a UDP socket on loopback");
        }
    }
    ~UdpPair()
    {
        for (const int one : sockets_)
            close(one);
    }
    UdpPair(const UdpPair&) = delete;
    UdpPair& operator=(const UdpPair&) = delete;

    /// One datagram, sent by `from` and taken by the other.
    void send(int from, char* payload, std::size_t bytes)
    {
        const int to = 1 - from;
        if (sendto(sockets_[from], payload, bytes, 0, reinterpret_cast<sockaddr*>(&address_[to]), sizeof address_[to]) <
                0 ||
            recv(sockets_[to], payload, bytes, 0) < 0)
            give_up("UDP on loopback failed");
    }

private:
    int sockets_[2];
    sockaddr_in address_[2]{};
};

} // namespace bench

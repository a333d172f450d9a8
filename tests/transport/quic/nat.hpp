// SPDX-License-Identifier: Apache-2.0
// A NAT between clients and a server, on loopback: it can change the port that the server sees, swallow everything,
// change the server behind it, and count bytes.
#pragma once

#include "transport/loop/udp.hpp"

namespace godwit::test {

class Nat final : private loop::UdpObserver {
public:
    Nat(loop::Loop& loop, const loop::Address& server) : loop_(loop), server_(server)
    {
        inside_ = std::move(loop::UdpSocket::open(loop, loop::Address::loopback_v4(0), *this)).value();
        rebind();
    }
    [[nodiscard]] const loop::Address& address() const { return inside_->local(); }
    /// The server sees another port from now on; what it sends to the old one is lost.
    void rebind() { outside_ = std::move(loop::UdpSocket::open(loop_, loop::Address::loopback_v4(0), *this)).value(); }
    void set_server(const loop::Address& server) { server_ = server; }

    bool black_hole = false;
    bool deaf_to_client = false; ///< Only what the server says passes.
    std::size_t to_server_bytes = 0;
    std::size_t to_client_bytes = 0;

private:
    void udp_datagrams(loop::UdpSocket& socket, std::span<const loop::UdpDatagram> datagrams) override
    {
        for (const auto& d : datagrams) {
            if (black_hole) continue;
            const bool from_client = &socket == inside_.get();
            if (from_client && deaf_to_client) continue;
            if (from_client) client_ = d.from;
            (from_client ? to_server_bytes : to_client_bytes) += d.bytes.size();
            const loop::UdpSend send{.to = from_client ? server_ : client_, .from = {}, .bytes = d.bytes};
            static_cast<void>((from_client ? outside_ : inside_)->send({&send, 1}));
        }
    }
    void udp_writable(loop::UdpSocket&) override {}

    loop::Loop& loop_;
    loop::Address server_;
    loop::Address client_;
    std::unique_ptr<loop::UdpSocket> inside_;
    std::unique_ptr<loop::UdpSocket> outside_;
};

} // namespace godwit::test

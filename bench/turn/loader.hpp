// SPDX-License-Identifier: Apache-2.0
// Clients of a TURN server and the peer that sends back what they say: one thread, plain sockets, bounded in number and
// time.
#pragma once

#include "lib/crypto/wiped.hpp"
#include "relay/stun/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench::turn {

inline constexpr std::size_t clients_max = 1000;

struct Traffic {
    std::size_t clients = 1;
    std::size_t payload_bytes = 160;
    std::size_t window = 1; ///< Under way at a time, of each client.
};

struct Outcome {
    std::uint64_t relayed = 0; ///< By the server, both ways.
    std::size_t lost = 0;      ///< Under way when nothing came any more.
    double seconds = 0;
};

class Loader {
public:
    /// Makes the allocations, and gives them back at the end; gives up when the server does.
    Loader(std::uint16_t server_port, const Traffic& traffic);
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    [[nodiscard]] Outcome run(double seconds);

private:
    struct Client {
        int fd = -1;
        std::size_t under_way = 0;
        std::string user;
        std::string realm;
        std::string nonce;
        godwit::crypto::WipedBytes key;
    };

    [[nodiscard]] godwit::Bytes exchange(int fd, const godwit::Bytes& request) const;
    void open(Client& client, std::uint16_t server_port) const;
    void allocate(Client& client) const;
    void ask(const Client& client, godwit::relay::stun::Writer request) const;
    void send(Client& client, std::size_t count) const;
    [[nodiscard]] std::size_t receive(int fd) const;
    void echo() const;

    Traffic traffic_;
    std::vector<Client> clients_;
    int peer_ = -1;
    int poll_ = -1;
    std::uint16_t peer_port_ = 0;
    godwit::Bytes datagram_; ///< ChannelData.
};

} // namespace bench::turn

// SPDX-License-Identifier: Apache-2.0
// Enemies that speak a port's protocol well enough to be let in: a user of the TURN server with good credentials, a
// QUIC client whose every datagram is on record, requests to the HTTP listeners.
#pragma once

#include "relay/stun/writer.hpp"
#include "relay/turn/rest.hpp"
#include "tests/relay/enemy.hpp"

namespace godwit::relay::test {

/// What the kernel holds for a UDP port of this machine's IPv4, and what it has dropped for want of room.
struct UdpQueue {
    std::uint64_t waiting_bytes = 0;
    std::uint64_t dropped = 0;
};
[[nodiscard]] UdpQueue udp_queue(std::uint16_t port);

/// A user with an allocation who says everything that TURN has words for, with values that are damaged and integrity
/// that is right: what is refused for its credentials proves nothing.
class TurnUser {
public:
    TurnUser(std::uint16_t port, std::uint8_t last, std::string_view secret, std::uint64_t number)
        : socket_(SOCK_DGRAM, port, last), username_(turn::rest_username(4'000'000'000, std::to_string(number))),
          password_(turn::rest_password(as_bytes(secret), username_))
    {
    }
    /// The 401, then the Allocate. False: not answered with success in time.
    [[nodiscard]] bool allocate(Random& random);
    void say(Random& random);
    /// Gives the allocation back: it would keep its socket for another ten minutes.
    void leave(Random& random);
    [[nodiscard]] const Enemy& socket() const { return socket_; }

private:
    [[nodiscard]] stun::Writer begin(stun::Method method, stun::Class of, Random& random) const;
    [[nodiscard]] Bytes signed_with_key(stun::Writer& writer) const;

    Enemy socket_;
    std::string username_, password_;
    Bytes realm_, nonce_;
    crypto::WipedBytes key_;
};

/// A QUIC connection by way of a socket of ours, which keeps what the client sends: handshake and what comes after it.
class RecordedClient {
public:
    RecordedClient(const wire::RelayAddress& relay, std::uint64_t number);
    ~RecordedClient();
    RecordedClient(const RecordedClient&) = delete;
    RecordedClient& operator=(const RecordedClient&) = delete;

    /// Of a connection that stands.
    [[nodiscard]] const std::vector<Bytes>& said() const { return said_; }
    /// From the connection's own address.
    void send(BytesView datagram) const;

private:
    void carry();

    int near_, far_ = -1;
    sockaddr_in client_{};
    loop::Loop loop_;
    std::unique_ptr<LiveClient> live_;
    std::vector<Bytes> said_;
};

/// A good request of the API, as its bytes. `token`: of who may do everything.
[[nodiscard]] std::string good_request(std::string_view token, Random& random);
/// One that is damaged, or lies about its length, or is a flood of headers, or is only begun.
[[nodiscard]] Bytes bad_request(std::string_view token, Random& random);
/// The answer to one request, whole; empty: none.
[[nodiscard]] std::string http_answer(std::uint16_t port, const std::string& request);

} // namespace godwit::relay::test

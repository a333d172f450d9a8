// SPDX-License-Identifier: Apache-2.0
// Who attacks a relay's ports without speaking its protocol: raw sockets, of addresses of their own, and what they need
// to look real.
#pragma once

#include "tests/relay/process.hpp"

#include <netinet/in.h>
#include <random>
#include <sys/socket.h>

namespace godwit::relay::test {

/// 127.0.0.`last`
[[nodiscard]] sockaddr_in loopback(std::uint8_t last, std::uint16_t port);

/// A socket of an address of its own: what the relay allows one address is not taken from those who behave.
class Enemy {
public:
    Enemy(int type, std::uint16_t port, std::uint8_t last = 2);
    ~Enemy();
    Enemy(const Enemy&) = delete;
    Enemy& operator=(const Enemy&) = delete;

    void send(BytesView bytes) const { (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
    /// One datagram, or what there is of a stream; nullopt: nothing within `wait_ms`. Empty: the stream has ended.
    [[nodiscard]] std::optional<Bytes> receive(int wait_ms) const;
    [[nodiscard]] bool is_closed() const;

private:
    int fd_;
};

/// The first bytes of a real client: a QUIC Initial, or the record with a TLS ClientHello.
[[nodiscard]] Bytes first_flight(Over over, const wire::RelayAddress& relay);

using Random = std::mt19937_64;
[[nodiscard]] Bytes noise(Random& random, std::size_t bytes_max);
/// One to four edits: a bit, a byte, a cut, an insertion, a piece of `other`.
[[nodiscard]] Bytes mutated(Bytes bytes, const Bytes& other, Random& random);

/// Of a `stats` line.
[[nodiscard]] std::uint64_t counter(const std::string& stats, const std::string& name);
[[nodiscard]] std::size_t resident_kib(pid_t pid);
[[nodiscard]] std::size_t open_files(pid_t pid);

} // namespace godwit::relay::test

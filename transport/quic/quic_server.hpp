// SPDX-License-Identifier: Apache-2.0
// Many QUIC links on one UDP port, which it shares with STUN.
//
//   datagram -> first byte < 0x40 ............ stray (STUN, RFC 7983)
//            -> first byte < 0x80 ............ stray if that one knows it (TURN channels, RFC 9443), else as below
//            -> known connection id .......... its connection
//            -> Initial, and room ............ Retry first when busy, else a new connection; accepted when its key is
//            proved
//            -> Initial, no room ............. CONNECTION_REFUSED
//            -> other version ................ Version Negotiation
//            -> short header, unknown id ..... stateless reset: a client notices a restarted server at once
// Nothing that a stranger gets back is larger than three times what it sent (RFC 9000 section 8).
#pragma once

#include "lib/port/entropy.hpp"
#include "transport/loop/udp.hpp"
#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::quic {

struct QuicServeOptions {
    tls::ServeOptions serve;
    /// Keep it across restarts (32 random bytes beside the identity): then clients notice a restart in one round trip,
    /// else after the idle timeout.
    std::array<std::uint8_t, 32> reset_secret{};
    /// Of the tokens by which clients prove their address when they come again. Keep it likewise: then they do after a
    /// restart, too. Zeros: one of this server's own.
    std::array<std::uint8_t, 32> address_secret{};
    /// Proves every client's address before anything is kept of it: a round trip more (Retry) for who shows no token of
    /// a visit of the last day. Else only when the server is busy.
    bool retry_always = false;
    loop::UdpOptions udp;
};

/// Datagrams on the port that are not QUIC, or may not be: TURN's channels begin as some of QUIC's packets do, and
/// which of the two it is the sender's address tells (RFC 9443 section 3). False: not mine. May answer by
/// QuicServer::send_stray.
using StrayHandler = std::function<bool(const loop::UdpDatagram&)>;

class QuicServer {
public:
    /// Errors as loop::UdpSocket::open. `entropy` and `acceptor` outlive the server and its links.
    [[nodiscard]] static Result<std::unique_ptr<QuicServer>>
    open(loop::Loop& loop, const loop::Address& bind, const tls::Identity& identity, const QuicServeOptions& options,
         port::Entropy& entropy, tls::LinkAcceptor& acceptor, StrayHandler stray = {});
    /// Ends what is still in the handshake. Accepted links live on with their owner, and the port with the last of
    /// them.
    ~QuicServer();
    QuicServer(const QuicServer&) = delete;
    QuicServer& operator=(const QuicServer&) = delete;

    [[nodiscard]] const loop::Address& local() const noexcept;
    /// Answers newcomers with CONNECTION_REFUSED from now on. For draining.
    void stop_accepting();
    /// From the server's port. What the system's buffer has no room for is lost.
    void send_stray(std::span<const loop::UdpSend> datagrams);
    void send_stray(const loop::UdpSend& datagram) { send_stray({&datagram, 1}); }
    [[nodiscard]] std::size_t half_open() const noexcept;
    [[nodiscard]] std::size_t open_links() const noexcept;
    /// Answered, so far, by asking the sender to prove its address.
    [[nodiscard]] std::uint64_t retries() const noexcept;

    class Endpoint;

private:
    explicit QuicServer(std::shared_ptr<Endpoint> endpoint);
    std::shared_ptr<Endpoint> endpoint_;
};

} // namespace godwit::quic

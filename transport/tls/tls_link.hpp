// SPDX-License-Identifier: Apache-2.0
// TLS 1.3 over TCP as a Link: for networks that block UDP. Same keys, same frames as QUIC.
//
//   client   connect -> handshake (our key shown, theirs judged) -> wait for the confirmation -> link_up
//   server   accept -> first byte -> below 4: stray (STUN; RFC 9443's order of first bytes, on a stream)
//                                 -> handshake (theirs judged) -> send the confirmation -> link_accepted
//
// The confirmation is one empty frame, the first of the server. Without it a client would think that it is in while the
// server is still judging its key (RFC 8446 section 4.4.2: the client's certificate comes last).
#pragma once

#include "transport/loop/tcp.hpp"
#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

namespace godwit::tls {

/// Starts at once and returns at once; `observer` hears link_up or link_down later, never inside this call. Destroy the
/// link to cancel. `observer` outlives the link.
[[nodiscard]] std::unique_ptr<port::Link> dial(loop::Loop& loop, const loop::Address& to, const Identity& identity,
                                               const DialOptions& options, port::LinkObserver& observer);

/// Connections that begin with STUN (a first byte below 4; TLS begins with 22). Nothing of them is read yet.
using StrayStream = std::function<void(std::unique_ptr<loop::TcpStream>)>;

class TlsServer {
public:
    /// Errors as loop::TcpListener::open: address_in_use, invalid_argument, unsupported, quota_exceeded.
    [[nodiscard]] static Result<std::unique_ptr<TlsServer>> open(loop::Loop& loop, const loop::Address& bind,
                                                                 const Identity& identity, const ServeOptions& options,
                                                                 LinkAcceptor& acceptor, StrayStream stray = {});
    /// Ends what is still in the handshake; accepted links live on with their owner.
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    [[nodiscard]] const loop::Address& local() const noexcept;
    /// Takes no newcomers from now on; the port is free again. For draining.
    void stop_accepting();
    [[nodiscard]] std::size_t half_open() const noexcept;
    [[nodiscard]] std::size_t open_links() const noexcept;

    struct Impl;

private:
    explicit TlsServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::tls

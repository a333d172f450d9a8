// SPDX-License-Identifier: Apache-2.0
// http: HTTP/1.1 (RFC 9112) for the operator, on the relay's own loop and thread. The one room that sees libwebsockets.
//
//   message.hpp   Request and Response as values
//   router.hpp    which handler: a table
//   server.hpp    this: a listener, its connections and their limits
//
//   accept -> headers within header_time_max -> Host is ours? -> route? -> body within its bound and body_time_max
//          -> Router::answer -> written within write_time_max -> the next request, or the end
//
// Plain HTTP, loopback by default: whoever serves it to other machines puts a TLS proxy in front. Nothing is upgraded
// (no HTTP/2, no WebSocket), a transfer coding of a request is refused (501), so that a proxy and we never disagree
// where a request ends.
#pragma once

#include "relay/http/router.hpp"
#include "transport/loop/loop.hpp"

#include <memory>

namespace godwit::relay::http {

struct ServerLimits {
    std::size_t connections_max = 64;                    ///< More are closed at once.
    std::size_t header_bytes_max = 8 * 1024;             ///< Request line and all headers; more closes the connection.
    Duration header_time_max = std::chrono::seconds(10); ///< From accepted, or the last answer's first next byte.
    Duration body_time_max = std::chrono::seconds(30);
    Duration write_time_max = std::chrono::seconds(60); ///< The whole answer, however slowly it is read.
    Duration idle_max = std::chrono::seconds(30);       ///< Between two requests of a connection.
    std::uint32_t requests_per_connection_max = 1000;   ///< Then it is closed: nobody holds a place for ever.
};

struct ServerOptions {
    loop::Address at = loop::Address::loopback_v4(0); ///< Port 0 takes a free one.
    ServerLimits limits;
    /// Names by which it is called, besides IP literals and "localhost"; any other Host is 421 (a page of a browser
    /// whose name was pointed here must not get in: DNS rebinding).
    std::vector<std::string> hosts;
};

struct ServerCounters {
    std::uint64_t connections = 0; ///< Now.
    std::uint64_t connections_total = 0;
    std::uint64_t connections_refused = 0; ///< Beyond connections_max.
    std::uint64_t requests_total = 0;
    std::uint64_t timeouts_total = 0;
};

class Server {
public:
    /// Errors: address_in_use, invalid_argument (not our address, no right), internal (libwebsockets or its libuv
    /// plugin is missing; the detail says which package).
    [[nodiscard]] static Result<std::unique_ptr<Server>> open(loop::Loop& loop, const ServerOptions& options,
                                                              Router router);
    /// Closes everything. Not from inside a handler. The loop must turn, or end, afterwards: memory is freed there.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const loop::Address& local() const noexcept;
    [[nodiscard]] const ServerCounters& counters() const noexcept;

    struct Impl;

private:
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace godwit::relay::http

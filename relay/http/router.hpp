// SPDX-License-Identifier: Apache-2.0
// Which handler a request is for. A table, without sockets: what it does is in its tests.
#pragma once

#include "relay/http/message.hpp"

namespace godwit::relay::http {

inline constexpr std::size_t routes_max = 256;
inline constexpr std::size_t path_segments_max = 16;

/// Called on the loop, for a whole request. May change the core and commit; must not destroy the server.
using Handler = std::function<Response(const Request&)>;

struct Route {
    Method method = Method::get;
    /// "/v1/accounts/{user}/devices": a segment in braces matches any one that is not empty. "/page/*": a last "*"
    /// matches whatever follows, "" too, as parameter "*". The longest literal prefix wins.
    std::string pattern;
    Handler handler;
    std::size_t body_bytes_max = 0; ///< Longer: 413 before it is read. 0: this route takes no body.
};

class Router {
public:
    /// Programming errors (no '/', twice the same, more than routes_max) are asserted.
    void add(Route route);
    void get(std::string pattern, Handler handler);
    struct Match {
        const Route* route = nullptr; ///< Null: `status` says why not.
        Pairs parameters;
        int status = 0;    ///< 404 or 405.
        std::string allow; ///< Of 405: "GET, HEAD, POST" (RFC 9110 section 10.2.1).
    };
    [[nodiscard]] Match match(Method method, std::string_view path) const;
    /// Total: match, handler; an exception of a handler is 500. Fills in request.parameters.
    [[nodiscard]] Response answer(Request request) const;

    [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

private:
    std::vector<Route> routes_;
};

} // namespace godwit::relay::http

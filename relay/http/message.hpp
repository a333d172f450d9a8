// SPDX-License-Identifier: Apache-2.0
// What a handler is given and what it says, as values (RFC 9110).
#pragma once

#include "transport/loop/address.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::relay::http {

/// RFC 9110 section 9, PATCH: RFC 5789. HEAD is served by what GET is served by; whatever else is 405.
enum class Method : std::uint8_t { get, head, post, put, patch, del };
[[nodiscard]] std::string_view method_name(Method method) noexcept; ///< "GET" …

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
    Method method = Method::get;
    std::string path;          ///< Percent-decoded, without query; begins with '/'.
    Pairs parameters;          ///< What the `{name}` segments of the route's pattern matched, not empty.
    Pairs query;               ///< Percent-decoded, in their order; a name without '=' has an empty value.
    std::string authorization; ///< RFC 9110 section 11.6.2, such as "Bearer …". Empty: none.
    std::string content_type;  ///< Of the body, as sent. Empty: none.
    std::string if_none_match; ///< RFC 9110 section 13.1.2. Empty: none.
    std::string origin;        ///< RFC 6454 section 7: a browser's page asks. Empty: none.
    std::string body;
    loop::Address from;

    /// "" when there is none: parameters of a route that matched always are.
    [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json"; ///< Not sent when there is no body (204, 304).
    Pairs headers; ///< Further ones, with lower-case names. content-length, connection and date are the server's.
    std::string body;
    /// For what is bigger than one wants to hold: called for the next piece each time that the last one has left,
    /// nullopt ends. With it `body` is the first piece. Outlives the handler; dropped unasked when the client goes.
    std::function<std::optional<std::string>()> more;

    [[nodiscard]] static Response json(int status, std::string body);
    [[nodiscard]] static Response text(int status, std::string body); ///< text/plain; charset=utf-8
    /// RFC 9457: {"title": …, "status": …, "detail": …} as application/problem+json.
    [[nodiscard]] static Response problem(int status, std::string_view detail);
};

/// RFC 9110 section 15, such as "Not Found"; "" for what is not known here.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// As a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

} // namespace godwit::relay::http

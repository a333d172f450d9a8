// SPDX-License-Identifier: Apache-2.0
#include "relay/http/message.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay::http {
namespace {

/// Length of the well-formed UTF-8 sequence at `text` (RFC 3629 section 4), 0 when it is none.
std::size_t utf8_length(std::string_view text)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    const bool is_overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool is_surrogate = lead == 0xED && byte(1) >= 0xA0;
    const bool is_beyond = lead == 0xF4 && byte(1) >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

} // namespace

std::string_view method_name(Method method) noexcept
{
    switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    }
    return "";
}

std::string_view Request::parameter(std::string_view name) const noexcept
{
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.first == name; });
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

Response Response::json(int status, std::string body)
{
    Response out;
    out.status = status;
    out.body = std::move(body);
    return out;
}

Response Response::text(int status, std::string body)
{
    auto out = json(status, std::move(body));
    out.content_type = "text/plain; charset=utf-8";
    return out;
}

Response Response::problem(int status, std::string_view detail)
{
    auto out = json(status, "{\"title\":" + json_string(reason_phrase(status)) +
                                ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_string(detail) + "}\n");
    out.content_type = "application/problem+json";
    return out;
}

std::string_view reason_phrase(int status) noexcept
{
    struct Row {
        int status;
        std::string_view phrase;
    };
    constexpr std::array rows = {
        Row{200, "OK"},
        Row{201, "Created"},
        Row{202, "Accepted"},
        Row{204, "No Content"},
        Row{301, "Moved Permanently"},
        Row{302, "Found"},
        Row{303, "See Other"},
        Row{304, "Not Modified"},
        Row{400, "Bad Request"},
        Row{401, "Unauthorized"},
        Row{403, "Forbidden"},
        Row{404, "Not Found"},
        Row{405, "Method Not Allowed"},
        Row{406, "Not Acceptable"},
        Row{408, "Request Timeout"},
        Row{409, "Conflict"},
        Row{410, "Gone"},
        Row{411, "Length Required"},
        Row{412, "Precondition Failed"},
        Row{413, "Content Too Large"},
        Row{415, "Unsupported Media Type"},
        Row{421, "Misdirected Request"},
        Row{422, "Unprocessable Content"},
        Row{428, "Precondition Required"},
        Row{429, "Too Many Requests"},
        Row{500, "Internal Server Error"},
        Row{501, "Not Implemented"},
        Row{503, "Service Unavailable"},
        Row{507, "Insufficient Storage"},
    };
    const auto* const found =
        std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.status == status; });
    return found == rows.end() ? std::string_view() : found->phrase;
}

std::string json_string(std::string_view text)
{
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out = "\"";
    while (!text.empty()) {
        const auto length = utf8_length(text);
        const auto lead = static_cast<unsigned char>(text.front());
        if (length == 0)
            out += "\xEF\xBF\xBD"; // U+FFFD
        else if (lead == '"' || lead == '\\')
            (out += '\\') += text.front();
        else if (lead < 0x20)
            ((out += "\\u00") += hex[lead >> 4U]) += hex[lead & 0xFU];
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out + "\"";
}

} // namespace godwit::relay::http

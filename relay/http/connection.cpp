// SPDX-License-Identifier: Apache-2.0
#include "relay/http/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace godwit::relay::http {
namespace {

/// Given to libwebsockets at once: it keeps a copy of what the socket does not take.
constexpr std::size_t write_bytes_max = 16 * 1024;

std::string header(lws* wsi, lws_token_indexes token)
{
    const int length = lws_hdr_total_length(wsi, token);
    if (length <= 0) return {};
    std::string out(static_cast<std::size_t>(length) + 64, '\0'); // several of one name are joined by commas
    const int got = lws_hdr_copy(wsi, out.data(), static_cast<int>(out.size()), token);
    if (got < 0) return {};
    out.resize(std::min(out.find('\0'), out.size()));
    return out;
}

Pairs query_of(lws* wsi)
{
    Pairs out;
    std::array<char, 4096> room{};
    for (int i = 0; i < 64; ++i) {
        const int length =
            lws_hdr_copy_fragment(wsi, room.data(), static_cast<int>(room.size()), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0) break;
        const std::string_view text(room.data(), static_cast<std::size_t>(length));
        const auto equals = text.find('=');
        out.emplace_back(text.substr(0, equals), equals == std::string_view::npos ? "" : text.substr(equals + 1));
    }
    return out;
}

struct Target {
    Method method = Method::get;
    std::string path;
    bool is_known = false;
};

Target target_of(lws* wsi)
{
    struct Row {
        lws_token_indexes token;
        Method method;
    };
    constexpr std::array rows = {Row{WSI_TOKEN_GET_URI, Method::get},     Row{WSI_TOKEN_HEAD_URI, Method::head},
                                 Row{WSI_TOKEN_POST_URI, Method::post},   Row{WSI_TOKEN_PUT_URI, Method::put},
                                 Row{WSI_TOKEN_PATCH_URI, Method::patch}, Row{WSI_TOKEN_DELETE_URI, Method::del}};
    for (const auto& row : rows)
        if (lws_hdr_total_length(wsi, row.token) > 0) return {row.method, header(wsi, row.token), true};
    return {};
}

bool equals_lower(std::string_view text, std::string_view lower)
{
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// "relay.example:9180", "[::1]:9180", "127.0.0.1" without its port.
std::string_view host_name(std::string_view host)
{
    if (!host.empty() && host.front() == '[') return host.substr(0, std::min(host.find(']') + 1, host.size()));
    return host.substr(0, host.find(':'));
}

/// RFC 9112 section 7.1. Not empty: that would be the last.
std::string chunk(std::string_view piece)
{
    std::array<char, 16> size{};
    const auto* const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    std::string out(size.data(), static_cast<std::size_t>(end - size.data()));
    return ((out += "\r\n") += piece) += "\r\n";
}

bool is_our_host(std::string_view host, const std::vector<std::string>& names)
{
    const auto name = host_name(host);
    const auto literal = std::string(name) + ":1";
    if (loop::Address::parse(literal) || equals_lower(name, "localhost")) return true;
    return std::any_of(names.begin(), names.end(), [&](const std::string& one) { return equals_lower(name, one); });
}

} // namespace

void Connection::begin(lws* wsi)
{
    wsi_ = wsi;
    deadline_in(shared_.options.limits.header_time_max);
}

void Connection::timed_out()
{
    if (!is_closed_) ++shared_.counters.timeouts_total;
    lws_set_timeout(wsi_, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC); // we are not inside a call of its
}

int Connection::headers()
{
    ++shared_.counters.requests_total;
    ++requests_;
    request_ = {};
    request_.from = from_;
    answered_ = chunked_ = is_body_whole_ = false;
    body_bytes_ = 0;

    const auto version = header(wsi_, WSI_TOKEN_HTTP);
    is_http_1_1_ = version == "HTTP/1.1";
    const auto connection = header(wsi_, WSI_TOKEN_CONNECTION);
    close_after_ = requests_ >= shared_.options.limits.requests_per_connection_max ||
                   equals_lower(connection, "close") || (!is_http_1_1_ && !equals_lower(connection, "keep-alive"));

    auto target = target_of(wsi_);
    request_.method = target.method;
    is_head_ = target.method == Method::head;
    request_.path = std::move(target.path);
    request_.query = query_of(wsi_);
    request_.authorization = header(wsi_, WSI_TOKEN_HTTP_AUTHORIZATION);
    request_.content_type = header(wsi_, WSI_TOKEN_HTTP_CONTENT_TYPE);
    request_.if_none_match = header(wsi_, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    request_.origin = header(wsi_, WSI_TOKEN_ORIGIN);

    // Where the body ends is settled first: what is not understood here must not be taken for the next request.
    const auto length = header(wsi_, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    const auto* const end = length.data() + length.size();
    const bool is_length_good = length.empty() || std::from_chars(length.data(), end, body_bytes_).ptr == end;
    const bool may_have_body =
        request_.method == Method::post || request_.method == Method::put || request_.method == Method::patch;
    if (length.empty() && may_have_body) close_after_ = true; // libwebsockets would go on waiting for one
    if (lws_hdr_total_length(wsi_, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return refuse(501, "no transfer coding of a request is served: send content-length");
    if (!is_length_good || length.size() > 15) return refuse(400, "content-length is no number");
    if (is_http_1_1_ && lws_hdr_total_length(wsi_, WSI_TOKEN_HOST) <= 0)
        return refuse(400, "the host header is missing");
    if (!is_our_host(header(wsi_, WSI_TOKEN_HOST), shared_.options.hosts) && is_http_1_1_)
        return refuse(421, "this name is not ours: ask by address, or name it in the configuration");
    if (!target.is_known) return refuse(405, "this method is not served");

    if (body_bytes_ == 0) return answer(shared_.router.answer(std::move(request_)));
    const auto found = shared_.router.match(request_.method, request_.path);
    if (found.route == nullptr) {
        close_after_ = true; // its body is not read
        return answer(shared_.router.answer(std::move(request_)));
    }
    if (!may_have_body || body_bytes_ > found.route->body_bytes_max)
        return refuse(413, "the body is longer than the " + std::to_string(found.route->body_bytes_max) +
                               " bytes that are taken here");
    if (equals_lower(header(wsi_, WSI_TOKEN_HTTP_EXPECT), "100-continue")) {
        std::array<unsigned char, LWS_PRE + 32> room{};
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        std::copy(go_on.begin(), go_on.end(), room.begin() + LWS_PRE);
        if (lws_write(wsi_, room.data() + LWS_PRE, go_on.size(), LWS_WRITE_HTTP_HEADERS) < 0) return -1;
    }
    deadline_in(shared_.options.limits.body_time_max);
    return 0;
}

int Connection::body(std::string_view bytes)
{
    if (answered_) return 0; // refused: read and thrown away until the answer has left
    if (request_.body.size() + bytes.size() > body_bytes_) return -1;
    request_.body += bytes;
    return 0;
}

int Connection::body_complete()
{
    if (std::exchange(is_body_whole_, true)) return overrun();
    if (answered_) return 0;
    return answer(shared_.router.answer(std::move(request_)));
}

/// More came behind the body before the answer has left: a request that does not wait for it (RFC 9112 section 9.3.2
/// lets us close), or bytes of nothing. libwebsockets 4.1 offers it as more of this body again and again in one call,
/// in which the relay stood still for good: so the answer is said now, and the connection ends.
int Connection::overrun()
{
    while (answered_ && out_at_ < out_.size() && write_piece())
        continue;
    return -1;
}

int Connection::refuse(int status, std::string_view detail)
{
    close_after_ = true;
    return answer(Response::problem(status, detail));
}

int Connection::answer(Response response)
{
    answered_ = true;
    const bool has_body = response.status != 204 && response.status != 304;
    if (!has_body) {
        response.body.clear();
        response.more = nullptr;
    }
    chunked_ = response.more && is_http_1_1_;
    if (response.more && !is_http_1_1_) close_after_ = true; // HTTP/1.0: it ends where the connection does
    out_ = header_block(response);
    out_at_ = 0;
    more_ = nullptr;
    if (!is_head_) {
        more_ = std::move(response.more);
        const auto piece = std::move(response.body);
        out_ += chunked_ && !piece.empty() ? chunk(piece) : piece;
    }
    deadline_in(shared_.options.limits.write_time_max);
    lws_callback_on_writable(wsi_);
    return 0;
}

std::string Connection::header_block(const Response& response) const
{
    std::string out =
        "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason_phrase(response.status)) + "\r\n";
    const auto put = [&](std::string_view name, std::string_view value) {
        ((out += name) += ": ") += value;
        out += "\r\n";
    };
    const bool has_body = response.status != 204 && response.status != 304;
    if (has_body) put("content-type", response.content_type);
    if (chunked_)
        put("transfer-encoding", "chunked");
    else if (has_body && !response.more)
        put("content-length", std::to_string(response.body.size()));
    for (const auto& [name, value] : response.headers) {
        const bool is_split = (name + value).find_first_of("\r\n") != std::string::npos; // no header may begin another
        if (!is_split) put(name, value);
    }
    put("x-content-type-options", "nosniff");
    if (close_after_) put("connection", "close");
    return out + "\r\n";
}

/// False: the answer is complete.
bool Connection::next_piece()
{
    while (more_) {
        std::optional<std::string> piece;
        try {
            piece = more_();
        } catch (const std::exception&) { // cut off, so that nobody takes it for the whole
            more_ = nullptr;
            close_after_ = true;
            return false;
        }
        out_at_ = 0;
        if (!piece) {
            more_ = nullptr;
            out_ = chunked_ ? "0\r\n\r\n" : "";
            return !out_.empty();
        }
        if (piece->empty()) continue;
        out_ = chunked_ ? chunk(*piece) : *std::move(piece);
        return true;
    }
    return false;
}

int Connection::writable()
{
    if (!answered_) return 0;
    if (out_at_ == out_.size() && !next_piece()) return finish();
    if (!write_piece()) return -1;
    lws_callback_on_writable(wsi_);
    return 0;
}

bool Connection::write_piece()
{
    std::array<unsigned char, LWS_PRE + write_bytes_max> room;
    const auto count = std::min(write_bytes_max, out_.size() - out_at_);
    std::copy_n(out_.data() + out_at_, count, room.data() + LWS_PRE);
    out_at_ += count;
    return lws_write(wsi_, room.data() + LWS_PRE, count, LWS_WRITE_HTTP) >= static_cast<int>(count);
}

int Connection::finish()
{
    answered_ = false;
    std::string().swap(out_);
    out_at_ = 0;
    request_ = {};
    if (close_after_) return -1;
    deadline_in(shared_.options.limits.idle_max);
    return lws_http_transaction_completed(wsi_) == 0 ? 0 : -1;
}

} // namespace godwit::relay::http

// SPDX-License-Identifier: Apache-2.0
// Private to this room: one connection, between what libwebsockets calls and what the router is asked.
//
//   headers() -> body() … -> body_complete() -> writable() … -> headers() of the next request, or the end
//
// Each returns what libwebsockets wants to hear: 0 to go on, -1 to close.
#pragma once

#include "relay/http/server.hpp"

#include <libwebsockets.h>

namespace godwit::relay::http {

/// What the connections of one server share.
struct Shared {
    ServerOptions options;
    Router router;
    ServerCounters counters;
};

class Connection {
public:
    Connection(loop::Loop& loop, Shared& shared, const loop::Address& from)
        : shared_(shared), from_(from), deadline_(loop, [this] { timed_out(); })
    {
    }

    /// Once, when libwebsockets has taken the socket.
    void begin(lws* wsi);
    [[nodiscard]] int headers();
    [[nodiscard]] int body(std::string_view bytes);
    [[nodiscard]] int body_complete();
    [[nodiscard]] int writable();
    /// libwebsockets closes it, which may take until the far side has read: the deadline of what was under way stands.
    void closed() { is_closed_ = true; }

private:
    [[nodiscard]] int refuse(int status, std::string_view detail);
    [[nodiscard]] int answer(Response response);
    [[nodiscard]] std::string header_block(const Response& response) const;
    [[nodiscard]] int overrun();
    [[nodiscard]] bool next_piece();
    [[nodiscard]] bool write_piece();
    [[nodiscard]] int finish();
    void deadline_in(Duration time) { deadline_.set(loop::Loop::now().mono + time); }
    void timed_out();

    Shared& shared_;
    loop::Address from_;
    loop::Timer deadline_; ///< Of what is under way. Ours: libwebsockets counts seconds, and anew with each byte.
    lws* wsi_ = nullptr;
    std::uint32_t requests_ = 0;

    Request request_;
    std::size_t body_bytes_ = 0; ///< That content-length promises.
    bool answered_ = false;
    bool close_after_ = false;
    bool is_body_whole_ = false;
    bool chunked_ = false;
    bool is_http_1_1_ = false;
    bool is_head_ = false;
    bool is_closed_ = false;
    std::string out_;
    std::size_t out_at_ = 0;
    std::function<std::optional<std::string>()> more_;
};

} // namespace godwit::relay::http

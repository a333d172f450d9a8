// SPDX-License-Identifier: Apache-2.0
// libwebsockets runs on our uv loop as on a foreign one (LWS_SERVER_OPTION_LIBUV with foreign_loops); our listener
// accepts, so that its errors and limits are ours, and gives it the sockets.
//
// Its end has two stages: lws_context_destroy() closes its handles, which libuv lets go of in later turns, and called
// again frees. Afterglow waits in between, also for a server that dies inside a callback of the loop.
#include "relay/http/server.hpp"

#include "relay/http/connection.hpp"
#include "relay/http/held_descriptors.hpp"
#include "transport/loop/tcp.hpp"
#include "transport/loop/uv_access.hpp"

#include <unistd.h>
#include <unordered_map>

namespace godwit::relay::http {

struct Server::Impl {
    Shared shared;
    std::unordered_map<lws*, std::unique_ptr<Connection>> connections;
    std::unique_ptr<loop::TcpListener> listener;
    lws_context* context = nullptr;
    lws_vhost* vhost = nullptr;
    lws_protocols protocols[2]{};
    void* loops[1]{};
    loop::Loop* loop = nullptr;
    uv_loop_t* uv = nullptr;
    HeldDescriptors descriptors;

    [[nodiscard]] bool start(loop::Loop& on);
    void accepted(std::unique_ptr<loop::TcpStream> stream);
    [[nodiscard]] Connection* find(lws* wsi)
    {
        const auto found = connections.find(wsi);
        return found == connections.end() ? nullptr : found->second.get();
    }
    [[nodiscard]] int called(lws* wsi, lws_callback_reasons reason, std::string_view bytes);
    static int call(lws* wsi, lws_callback_reasons reason, void* user, void* in, std::size_t length);
};

namespace {

/// Asks again each turn whether libuv has let go of every handle that is closing; then frees.
struct Afterglow {
    uv_check_t turn{};
    std::unique_ptr<Server::Impl> impl;

    static void begin(std::unique_ptr<Server::Impl> impl)
    {
        auto* const self = new Afterglow;
        self->impl = std::move(impl);
        lws_context_destroy(self->impl->context); // stage one
        self->impl->descriptors.hold();
        self->again();
    }

private:
    void again()
    {
        uv_check_init(impl->uv, &turn);
        turn.data = this;
        uv_close(reinterpret_cast<uv_handle_t*>(&turn), turned);
    }

    static void turned(uv_handle_t* handle)
    {
        auto* const self = static_cast<Afterglow*>(handle->data);
        bool is_closing = false;
        uv_walk(
            self->impl->uv,
            [](uv_handle_t* other, void* out) {
                // Another server's afterglow waits like us: for it we do not.
                if (uv_is_closing(other) != 0 && other->close_cb != turned) *static_cast<bool*>(out) = true;
            },
            &is_closing);
        if (is_closing) return self->again();
        lws_context_destroy(self->impl->context); // stage two
        self->impl->descriptors.release();
        delete self;
    }
};

} // namespace

bool Server::Impl::start(loop::Loop& on)
{
    loop = &on;
    uv = loop::uv_loop_of(on);
    loops[0] = uv;
    protocols[0].name = "http";
    protocols[0].callback = &Impl::call;

    lws_set_log_level(0, nullptr); // what is worth saying, we count
    const auto seconds = [](Duration time) {
        return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(time).count());
    };
    const auto& limits = shared.options.limits;
    lws_context_creation_info info{};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = loops;
    info.user = this;
    info.gid = static_cast<decltype(info.gid)>(-1);
    info.uid = static_cast<decltype(info.uid)>(-1);
    info.fd_limit_per_thread = static_cast<unsigned>(limits.connections_max + 8); // and its own few
    info.max_http_header_data2 = static_cast<unsigned>(limits.header_bytes_max);
    info.max_http_header_pool2 = static_cast<unsigned>(limits.connections_max);
    // Its own patience stands behind our deadlines, which are exact and for the whole of a thing.
    info.timeout_secs = seconds(std::max({limits.header_time_max, limits.body_time_max, limits.write_time_max})) + 60;
    info.timeout_secs_ah_idle = info.timeout_secs;
    info.keepalive_timeout = static_cast<int>(seconds(limits.idle_max)) + 60;
    descriptors.before();
    context = lws_create_context(&info);
    descriptors.after();
    if (context == nullptr) return false;
    info.protocols = protocols;
    info.vhost_name = "relay";
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    vhost = lws_create_vhost(context, &info);
    return vhost != nullptr;
}

void Server::Impl::accepted(std::unique_ptr<loop::TcpStream> stream)
{
    auto& counters = shared.counters;
    if (connections.size() >= shared.options.limits.connections_max) {
        ++counters.connections_refused;
        return;
    }
    ++counters.connections_total;
    auto connection = std::make_unique<Connection>(*loop, shared, stream->peer());
    auto* const raw = connection.get();
    const int fd = loop::TcpStream::release(std::move(stream));
    if (fd < 0) return;
    auto* const wsi = lws_adopt_socket_vhost(vhost, fd); // closes it when it cannot
    if (wsi == nullptr) return;
    connections.emplace(wsi, std::move(connection));
    counters.connections = connections.size();
    raw->begin(wsi);
}

int Server::Impl::called(lws* wsi, lws_callback_reasons reason, std::string_view bytes)
{
    if (reason == LWS_CALLBACK_WSI_DESTROY) {
        connections.erase(wsi);
        shared.counters.connections = connections.size();
        return 0;
    }
    auto* const connection = find(wsi);
    if (connection == nullptr) return 0;
    switch (reason) {
    case LWS_CALLBACK_HTTP: return connection->headers();
    case LWS_CALLBACK_HTTP_BODY: return connection->body(bytes);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return connection->body_complete();
    case LWS_CALLBACK_HTTP_WRITEABLE: return connection->writable();
    case LWS_CALLBACK_CLOSED_HTTP: connection->closed(); return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return -1;
    default: return 0;
    }
}

int Server::Impl::call(lws* wsi, lws_callback_reasons reason, void*, void* in, std::size_t length)
{
    if (wsi == nullptr) return 0;
    auto* const impl = static_cast<Impl*>(lws_context_user(lws_get_context(wsi)));
    if (impl == nullptr) return 0;
    const bool has_bytes = reason == LWS_CALLBACK_HTTP_BODY && in != nullptr;
    try {
        return impl->called(wsi, reason,
                            has_bytes ? std::string_view(static_cast<const char*>(in), length) : std::string_view());
    } catch (const std::exception&) { // out of memory: this connection ends, nothing else
        return -1;
    }
}

Result<std::unique_ptr<Server>> Server::open(loop::Loop& loop, const ServerOptions& options, Router router)
{
    auto impl = std::make_unique<Impl>();
    impl->shared.options = options;
    impl->shared.router = std::move(router);
    auto* const raw = impl.get();
    auto listener = loop::TcpListener::open(
        loop, options.at, [raw](std::unique_ptr<loop::TcpStream> stream) { raw->accepted(std::move(stream)); }, true);
    if (!listener.ok()) return listener.error();
    impl->listener = *std::move(listener);
    const bool is_started = impl->start(loop);
    std::unique_ptr<Server> server(new Server(std::move(impl)));
    if (!is_started)
        return Error{ErrorCode::internal,
                     "libwebsockets did not start on libuv: install its plugin for it (Debian: libwebsockets-evlib-uv)",
                     0};
    return server;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server()
{
    impl_->listener.reset();
    if (impl_->context != nullptr) Afterglow::begin(std::move(impl_));
}

const loop::Address& Server::local() const noexcept
{
    return impl_->listener->local();
}

const ServerCounters& Server::counters() const noexcept
{
    return impl_->shared.counters;
}

} // namespace godwit::relay::http

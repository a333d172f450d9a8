// SPDX-License-Identifier: Apache-2.0
#include "transport/tls/tls_link.hpp"

#include "transport/tls/tls_core.hpp"

#include <unordered_map>

namespace godwit::tls {
namespace {

class TlsLink final : public port::Link {
public:
    explicit TlsLink(std::shared_ptr<TlsCore> core) : core_(std::move(core)) { core_->link = this; }
    ~TlsLink() override { core_->abandon(); }

    bool send(BytesView frame, port::Lane) override { return core_->send(frame); }
    void close() override { core_->close(); }
    void limit_frames(std::size_t bytes_max) override { core_->limit_frames(bytes_max); }
    [[nodiscard]] const port::PeerKey& peer_key() const override { return core_->peer_key(); }
    [[nodiscard]] port::LinkQuality quality() const override { return core_->quality(); }

private:
    std::shared_ptr<TlsCore> core_;
};

} // namespace

std::unique_ptr<port::Link> dial(loop::Loop& loop, const loop::Address& to, const Identity& identity,
                                 const DialOptions& options, port::LinkObserver& observer)
{
    auto core = std::make_shared<TlsCore>(loop, identity, Role::client, options.peer, options.alpn, options.link);
    core->observer = &observer;
    auto link = std::make_unique<TlsLink>(core);
    core->connect(to);
    return link;
}

// A link in the handshake belongs to the server, which is its observer; once up it moves to the acceptor.
struct TlsServer::Impl final : port::LinkObserver {
    struct HalfOpen {
        std::unique_ptr<TlsLink> link;
        std::shared_ptr<TlsCore> core;
    };

    loop::Loop& loop;
    const Identity identity;
    const ServeOptions options;
    LinkAcceptor& acceptor;
    const StrayStream stray;
    loop::Address local;
    std::shared_ptr<LinkLedger> ledger;
    std::unordered_map<port::Link*, HalfOpen> half_open;
    std::unique_ptr<loop::TcpListener> listener;

    Impl(loop::Loop& loop_in, const Identity& identity_in, const ServeOptions& options_in, LinkAcceptor& acceptor_in,
         StrayStream stray_in)
        : loop(loop_in), identity(identity_in), options(options_in), acceptor(acceptor_in), stray(std::move(stray_in)),
          ledger(std::make_shared<LinkLedger>(options_in.limits))
    {
    }

    void newcomer(std::unique_ptr<loop::TcpStream> stream)
    {
        auto ticket = ledger->admit(stream->peer(), loop::Loop::now().mono);
        if (!ticket) return; // closed at once: those who are in stay
        auto core = std::make_shared<TlsCore>(loop, identity, Role::server, options.peer, options.alpn, options.link);
        core->ticket = std::move(*ticket);
        core->observer = this;
        core->stray = stray;
        auto link = std::make_unique<TlsLink>(core);
        port::Link* key = link.get();
        half_open.emplace(key, HalfOpen{std::move(link), core});
        core->accept(std::move(stream));
    }

    void link_up(port::Link& link) override
    {
        auto node = half_open.extract(&link);
        HalfOpen& done = node.mapped();
        done.core->ticket.promote();
        const auto core = done.core;
        core->observer = &acceptor.link_accepted(std::move(done.link), core->from);
    }
    void link_frame(port::Link&, BytesView) override {}
    void link_writable(port::Link&) override {}
    void link_down(port::Link& link, const Error&) override { half_open.erase(&link); }
};

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServer::~TlsServer() = default;

Result<std::unique_ptr<TlsServer>> TlsServer::open(loop::Loop& loop, const loop::Address& bind,
                                                   const Identity& identity, const ServeOptions& options,
                                                   LinkAcceptor& acceptor, StrayStream stray)
{
    auto impl = std::make_unique<Impl>(loop, identity, options, acceptor, std::move(stray));
    auto listener = loop::TcpListener::open(
        loop, bind, [raw = impl.get()](std::unique_ptr<loop::TcpStream> stream) { raw->newcomer(std::move(stream)); });
    if (!listener) return std::move(listener).error();
    impl->listener = std::move(listener).value();
    impl->local = impl->listener->local();
    return std::unique_ptr<TlsServer>(new TlsServer(std::move(impl)));
}

const loop::Address& TlsServer::local() const noexcept
{
    return impl_->local;
}
void TlsServer::stop_accepting()
{
    impl_->listener.reset();
}
std::size_t TlsServer::half_open() const noexcept
{
    return impl_->ledger->half_open();
}
std::size_t TlsServer::open_links() const noexcept
{
    return impl_->ledger->open();
}

} // namespace godwit::tls

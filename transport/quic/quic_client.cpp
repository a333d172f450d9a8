// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/quic_client.hpp"

#include "transport/loop/sockaddr.hpp"
#include "transport/loop/udp.hpp"
#include "transport/quic/quic_core.hpp"

namespace godwit::quic {
namespace {

/// One socket, one connection. Core and sink hold each other until the core ends.
class ClientSink final : public DatagramSink,
                         public loop::UdpObserver,
                         public std::enable_shared_from_this<ClientSink> {
public:
    ClientSink(port::Entropy& entropy, const loop::Address& to, std::shared_ptr<AddressTokens> tokens)
        : entropy_(entropy), to_(to), tokens_(std::move(tokens))
    {
    }

    [[nodiscard]] std::optional<Error> open(loop::Loop& loop)
    {
        auto socket =
            loop::UdpSocket::open(loop, to_.is_v6 ? loop::Address::any_v6(0) : loop::Address::any_v4(0), *this);
        if (!socket) return std::move(socket).error();
        socket_ = std::move(socket).value();
        return std::nullopt;
    }
    void attach(QuicCore& core) { core_ = &core; }
    /// The local address stays the unbound one: which interface is used is the system's business, and may change.
    [[nodiscard]] const loop::Address& local() const { return socket_->local(); }

    bool send_train(QuicCore&, const ngtcp2_path& path, BytesView bytes, std::size_t segment_bytes,
                    std::uint8_t ecn) override
    {
        const loop::UdpSend send{.to = loop::from_sockaddr(reinterpret_cast<const sockaddr*>(path.remote.addr)),
                                 .from = {},
                                 .bytes = bytes,
                                 .segment_bytes = segment_bytes,
                                 .ecn = ecn};
        return socket_->send({&send, 1}) == 1;
    }
    void cid_added(QuicCore&, const ngtcp2_cid&) override {}
    void cid_removed(const ngtcp2_cid&) override {}
    void reset_token(const ngtcp2_cid&, std::uint8_t* out) override
    {
        entropy_.fill({out, NGTCP2_STATELESS_RESET_TOKENLEN});
    }
    void token_came(BytesView token) override
    {
        if (tokens_) tokens_->keep(to_, token);
    }
    [[nodiscard]] Bytes take_token() { return tokens_ ? tokens_->take(to_) : Bytes{}; }
    void ended(QuicCore&) override
    {
        core_ = nullptr;
        socket_.reset();
    }

private:
    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        if (core_ == nullptr) return;
        const auto self = shared_from_this(); // the core lets go of us when it ends
        const auto core = core_->shared_from_this();
        for (const auto& d : datagrams) {
            if (core_ == nullptr) return;
            if (d.from.ip != to_.ip || d.from.port != to_.port) continue; // a client talks with one server only
            const PathHolder path(local(), to_);
            core->datagram(path.path, d.bytes, d.ecn);
        }
        if (core_ != nullptr) core->flush();
    }
    void udp_writable(loop::UdpSocket&) override
    {
        const auto self = shared_from_this();
        if (core_ != nullptr) core_->writable();
    }

    port::Entropy& entropy_;
    const loop::Address to_;
    const std::shared_ptr<AddressTokens> tokens_;
    std::unique_ptr<loop::UdpSocket> socket_;
    QuicCore* core_ = nullptr;
};

} // namespace

std::unique_ptr<port::Link> dial(loop::Loop& loop, const loop::Address& to, const tls::Identity& identity,
                                 const tls::DialOptions& options, port::Entropy& entropy, port::LinkObserver& observer,
                                 std::shared_ptr<AddressTokens> tokens)
{
    auto sink = std::make_shared<ClientSink>(entropy, to, std::move(tokens));
    auto core = std::make_shared<QuicCore>(loop, entropy, identity, tls::Role::client, options.peer, options.alpn,
                                           options.link, Trust::peer, sink);
    core->observer = &observer;
    core->from = to;
    auto link = make_link(core);
    auto fault = sink->open(loop);
    if (!fault) {
        sink->attach(*core);
        const PathHolder path(sink->local(), to);
        fault = core->start_client(path.path, sink->take_token());
    }
    if (fault) core->fail_soon(std::move(*fault));
    return link;
}

} // namespace godwit::quic

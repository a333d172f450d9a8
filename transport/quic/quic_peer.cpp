// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/quic_peer.hpp"

#include "transport/quic/quic_core.hpp"

#include <algorithm>

namespace godwit::quic {
namespace {

// ngtcp2 wants addresses; a DatagramPath has none. Unique local ones (RFC 4193) that no socket ever sees stand for the
// two ends.
constexpr std::string_view near_end = "[fd00:676f:6477:6974::1]:1";
constexpr std::string_view far_end = "[fd00:676f:6477:6974::2]:1";

class PeerSink final : public DatagramSink,
                       public port::DatagramPathObserver,
                       public std::enable_shared_from_this<PeerSink> {
public:
    PeerSink(loop::Loop& loop, port::Entropy& entropy, port::DatagramPath& path)
        : entropy_(entropy), path_(&path), route_(*loop::Address::parse(near_end), *loop::Address::parse(far_end)),
          retry_(loop, [this] {
              const auto self = shared_from_this();
              if (core_ != nullptr) core_->writable();
          })
    {
    }

    void attach(QuicCore& core)
    {
        core_ = &core;
        path_->observe(this);
    }
    [[nodiscard]] const ngtcp2_path& route() const { return route_.path; }

    bool send_train(QuicCore&, const ngtcp2_path&, BytesView bytes, std::size_t segment_bytes, std::uint8_t) override
    {
        BytesView datagrams[train_bytes_max / port::datagram_bytes_min + 1];
        std::size_t count = 0;
        const std::size_t segment = segment_bytes > 0 ? segment_bytes : bytes.size();
        for (std::size_t at = 0; at < bytes.size() && count < std::size(datagrams); at += segment)
            datagrams[count++] = bytes.subspan(at, std::min(segment, bytes.size() - at));
        if (path_->send({datagrams, count}) > 0) return true; // the rest of the train is lost, which is legal
        // A path does not say when it can take more: look again a little later.
        retry_.set(loop::Loop::now().mono + std::chrono::milliseconds(2));
        return false;
    }
    void cid_added(QuicCore&, const ngtcp2_cid&) override {}
    void cid_removed(const ngtcp2_cid&) override {}
    void reset_token(const ngtcp2_cid&, std::uint8_t* out) override
    {
        entropy_.fill({out, NGTCP2_STATELESS_RESET_TOKENLEN});
    }
    void ended(QuicCore&) override
    {
        if (core_ == nullptr) return;
        core_ = nullptr;
        retry_.cancel();
        path_->observe(nullptr);
    }

private:
    void path_datagram(BytesView datagram) override
    {
        if (core_ == nullptr) return;
        const auto self = shared_from_this(); // the core lets go of us when it ends
        const auto core = core_->shared_from_this();
        if (!core->started()) {
            ServerStart start;
            if (ngtcp2_accept(&start.head, datagram.data(), datagram.size()) != 0)
                return; // not the beginning: wait for it
            start.original_dcid = start.head.dcid;
            if (auto fault = core->start_server(route(), start)) return core->sink_failed(*fault);
        }
        core->datagram(route(), datagram, 0);
        // A path hands over a train one by one, all in one turn: they share an acknowledgement, and the timer's clock.
        if (core_ != nullptr) core->flush_soon();
    }
    void path_failed(const Error& reason) override
    {
        if (core_ == nullptr) return;
        const auto self = shared_from_this();
        const auto core = core_->shared_from_this();
        core->sink_failed(reason);
    }

    port::Entropy& entropy_;
    port::DatagramPath* path_;
    const PathHolder route_;
    loop::Timer retry_;
    QuicCore* core_ = nullptr;
};

} // namespace

std::unique_ptr<port::Link> open_peer(loop::Loop& loop, port::DatagramPath& path, const tls::Identity& identity,
                                      const PeerOptions& options, port::Entropy& entropy, port::LinkObserver& observer)
{
    tls::PeerPolicy policy;
    policy.expected = options.expected;
    policy.on_mismatch = ErrorCode::authentication_failed;
    auto sink = std::make_shared<PeerSink>(loop, entropy, path);
    auto core = std::make_shared<QuicCore>(loop, entropy, identity,
                                           options.role == PeerRole::client ? tls::Role::client : tls::Role::server,
                                           policy, options.alpn, options.link, Trust::peer, sink);
    core->observer = &observer;
    core->from = *loop::Address::parse(far_end);
    core->up_when_complete = true;
    auto link = make_link(core);
    sink->attach(*core);
    if (options.role == PeerRole::server) {
        core->start_waiting();
    } else if (auto fault = core->start_client(sink->route())) {
        core->fail_soon(std::move(*fault));
    }
    return link;
}

} // namespace godwit::quic

// SPDX-License-Identifier: Apache-2.0
// Flow: servers' names -> addresses -> IceSession: description and candidates out, the peer's in -> a pair works
//       -> QUIC over it (the controlling side is the client) -> up. A better pair later: the path is told anew.
#include "lib/assembly/wire_link.hpp"

#include "transport/loop/resolve.hpp"
#include "transport/quic/quic_peer.hpp"

#include <algorithm>

namespace godwit::assembly {

namespace {

/// What signalling may bring before the servers' names are resolved: as many as ICE would take (ice::candidates_max).
constexpr std::size_t early_candidates_max = 64;

std::string describe(const ice::IcePair& pair)
{
    return std::string(ice::kind_name(pair.local)) + " " + pair.local_text + " ↔ " +
           std::string(ice::kind_name(pair.remote)) + " " + pair.remote_text;
}

Path path_of(const ice::IcePair& pair)
{
    return pair.turned() ? Path::turned : Path::direct;
}

class PeerLink final : public WireLink, private ice::IceObserver, private port::LinkObserver {
public:
    PeerLink(LinkWorld& world, engine::OpenPath what) : world_(world), what_(std::move(what)) {}

    ~PeerLink() override
    {
        link_.reset(); // before the path under it
        session_.reset();
    }

    void start() override
    {
        config_.controlling = what_.controlling;
        config_.allow_direct = what_.allow_direct;
        config_.allow_relay = what_.allow_turn;
        config_.loopback_allowed = world_.loopback_allowed;
        const auto turns = std::min(what_.turn_servers.size(), ice::servers_max);
        for (std::size_t i = 0; i < turns; ++i)
            ask({what_.turn_servers[i].host, what_.turn_servers[i].port}, i);
        if (!what_.stun_host.empty() && turns == 0) ask({what_.stun_host, what_.stun_port}, turns);
        if (waiting_ == 0) open();
    }

    port::Link* frames() override { return up_ ? link_.get() : nullptr; }

    void set_remote(const engine::SetRemoteDescription& remote) override
    {
        if (!session_) {
            early_remote_ = remote;
            return;
        }
        const auto set = session_->set_remote({remote.ufrag, remote.pwd});
        if (!set.ok()) end(set.error());
    }
    void add_remote(const engine::AddRemoteCandidate& remote) override
    {
        if (session_)
            (void)session_->add_remote_candidate(remote.candidate); // a bad one leaves the others
        else if (early_candidates_.size() < early_candidates_max)
            early_candidates_.push_back(remote);
    }
    void remote_done() override
    {
        early_done_ = true;
        if (session_) session_->remote_gathering_done();
    }
    void apply_drop() override
    {
        // The cut is of direct paths: a pair through a TURN server stays.
        if (!session_) return;
        const auto pair = session_->pair();
        session_->set_blackhole(world_.drop_direct && !relayed_only_ && !(pair && pair->turned()));
    }

private:
    void ask(const loop::HostPort& server, std::size_t index)
    {
        ++waiting_;
        resolves_.push_back(std::make_unique<loop::Resolve>(
            world_.loop, server, [this, index](Result<std::vector<loop::Address>> found) {
                if (found.ok()) use_server(index, found->front()); // one that is not found is left out
                if (--waiting_ == 0) open();
            }));
    }

    void use_server(std::size_t index, const loop::Address& address)
    {
        std::string text = address.text(); // 192.0.2.1:443 or [2001:db8::1]:443
        text.resize(text.rfind(':'));
        if (text.front() == '[') text = text.substr(1, text.size() - 2);
        if (index >= what_.turn_servers.size()) {
            config_.stun = ice::StunServer{text, address.port};
            return;
        }
        const auto& turn = what_.turn_servers[index];
        const auto transport = turn.transport == wire::TurnServer::Transport::tcp ? ice::TurnServer::Transport::tcp
                                                                                  : ice::TurnServer::Transport::udp;
        config_.turn.push_back({text, address.port, transport, turn.username, turn.password});
    }

    void open()
    {
        relayed_only_ = !config_.allow_direct;
        if (world_.drop_direct && config_.allow_relay && !config_.turn.empty()) {
            config_.allow_direct = false;
            relayed_only_ = true;
        }
        auto opened = world_.ice.open(config_, *this);
        if (!opened.ok()) return end(std::move(opened).error());
        session_ = *std::move(opened);
        apply_drop();
        const auto& local = session_->local_description();
        world_.reports->ice_local_description(what_.link, local.ufrag, local.password);
        session_->gather();
        for (const auto& candidate : std::exchange(early_candidates_, {}))
            add_remote(candidate);
        if (early_done_) remote_done();
        if (early_remote_) set_remote(*std::exchange(early_remote_, std::nullopt)); // last: it may end us
    }

    void ice_candidate(ice::IceSession&, const std::string& candidate) override
    {
        world_.reports->ice_local_candidate(what_.link, candidate);
    }
    void ice_gathered(ice::IceSession&) override { world_.reports->ice_gathering_done(what_.link); }
    void ice_connected(ice::IceSession& session, const ice::IcePair& pair) override
    {
        pair_ = pair;
        if (what_.device_seed.size() != 32) return end(Error{ErrorCode::internal, "a device seed has 32 bytes", 0});
        const auto identity = tls::Identity::from_seed(tls::Seed(what_.device_seed.data(), 32));
        if (!identity.ok()) return end(identity.error());
        quic::PeerOptions options;
        options.role = what_.controlling ? quic::PeerRole::client : quic::PeerRole::server;
        options.expected = what_.peer;
        link_ = quic::open_peer(world_.loop, session.path(), *identity, options, world_.entropy, *this);
    }
    void ice_pair_changed(ice::IceSession&, const ice::IcePair& pair) override
    {
        pair_ = pair;
        apply_drop();
        if (up_) world_.reports->link_path_changed(what_.link, path_of(pair), describe(pair));
    }
    void ice_failed(ice::IceSession&, const Error& reason) override { end(reason); }

    void link_up(port::Link& link) override
    {
        up_ = true;
        world_.reports->link_up(what_.link, link.peer_key(), path_of(pair_), describe(pair_));
    }
    void link_frame(port::Link&, BytesView frame) override { world_.reports->link_frame(what_.link, frame); }
    void link_datagram(port::Link&, BytesView datagram) override
    {
        if (world_.media != nullptr) world_.media->datagram(what_.peer, datagram);
    }
    void link_writable(port::Link&) override {}
    void link_down(port::Link&, const Error& reason) override { end(reason); }

    void end(Error reason) { world_.ended(what_.link, std::move(reason)); }

    LinkWorld& world_;
    engine::OpenPath what_;
    std::vector<std::unique_ptr<loop::Resolve>> resolves_;
    std::size_t waiting_ = 0;
    ice::IceConfig config_;
    bool relayed_only_ = false;
    std::unique_ptr<ice::IceSession> session_;
    ice::IcePair pair_;
    std::unique_ptr<port::Link> link_;
    bool up_ = false;

    std::optional<engine::SetRemoteDescription> early_remote_;
    std::vector<engine::AddRemoteCandidate> early_candidates_;
    bool early_done_ = false;
};

} // namespace

std::unique_ptr<WireLink> make_peer_link(LinkWorld& world, engine::OpenPath what)
{
    return std::make_unique<PeerLink>(world, std::move(what));
}

} // namespace godwit::assembly

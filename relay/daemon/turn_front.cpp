// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/turn_front.hpp"

namespace godwit::relay {
namespace {

turn::Endpoint endpoint(const loop::Address& address)
{
    return turn::Endpoint::of(address.ip_bytes(), address.port);
}

loop::Address address(const turn::Endpoint& endpoint)
{
    loop::Address out;
    out.ip = endpoint.ip;
    out.port = endpoint.port;
    out.is_v6 = endpoint.is_v6;
    return out;
}

} // namespace

struct TurnFront::ClientPort final : loop::UdpObserver {
    TurnFront& front;
    loop::Address local;
    Trains::Port send;
    std::unique_ptr<loop::UdpSocket> socket; ///< nullptr: the relay's own.
    std::unique_ptr<loop::TcpListener> listener;

    explicit ClientPort(TurnFront& front_in) : front(front_in) {}

    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        for (const auto& one : datagrams)
            front.datagram(one);
    }
    void udp_writable(loop::UdpSocket&) override {}
};

struct TurnFront::RelaySocket final : loop::UdpObserver {
    TurnFront& front;
    turn::RelayId id;
    std::unique_ptr<loop::UdpSocket> socket;
    Trains::Port send = [this](std::span<const loop::UdpSend> sends) { static_cast<void>(socket->send(sends)); };

    RelaySocket(TurnFront& front_in, turn::RelayId id_in) : front(front_in), id(id_in) {}

    void udp_datagrams(loop::UdpSocket&, std::span<const loop::UdpDatagram> datagrams) override
    {
        const auto now = front.now();
        for (const auto& one : datagrams)
            front.server_.from_peer(id, endpoint(one.from), one.bytes, now);
    }
    void udp_writable(loop::UdpSocket&) override {}
};

TurnFront::TurnFront(loop::Loop& loop, turn::Config config, port::Entropy& entropy, PaceTable& strangers)
    : loop_(loop), strangers_(strangers), turn_over_(loop, [this] { end_turn(); }),
      deadline_(loop,
                [this] {
                    server_.handle_deadline(now());
                    plan();
                }),
      server_(std::move(config), *this, entropy)
{
}

TurnFront::~TurnFront() = default;

void TurnFront::serve(const loop::Address& local, Trains::Port send)
{
    auto port = std::make_unique<ClientPort>(*this);
    port->local = local;
    port->send = std::move(send);
    ports_.push_back(std::move(port));
}

Result<void> TurnFront::listen(const loop::Address& at)
{
    auto port = std::make_unique<ClientPort>(*this);
    auto udp = loop::UdpSocket::open(loop_, at, *port);
    if (!udp.ok()) return udp.error();
    port->socket = *std::move(udp);
    port->local = port->socket->local();
    auto tcp = loop::TcpListener::open(
        loop_, port->local, [this, local = port->local](auto stream) { this->stream(std::move(stream), local); });
    if (!tcp.ok()) return tcp.error();
    port->listener = *std::move(tcp);
    port->send = [socket = port->socket.get()](std::span<const loop::UdpSend> sends) {
        static_cast<void>(socket->send(sends));
    };
    ports_.push_back(std::move(port));
    return {};
}

Moment TurnFront::now()
{
    if (!now_) {
        now_ = loop::Loop::now();
        turn_over_.set(Instant{});
    }
    return *now_;
}

void TurnFront::end_turn()
{
    now_.reset();
    trains_.flush();
}

void TurnFront::plan()
{
    deadline_.set(server_.deadline());
}

bool TurnFront::datagram(const loop::UdpDatagram& datagram)
{
    if (!stun::is_stun(datagram.bytes) && !server_.has_allocations()) return false;
    hearing_ = &datagram;
    const bool ours =
        receive({turn::Transport::udp, endpoint(datagram.from), endpoint(datagram.to)}, datagram.from, datagram.bytes);
    hearing_ = nullptr;
    return ours;
}

bool TurnFront::receive(const turn::FiveTuple& client, const loop::Address& from, BytesView bytes)
{
    const auto at = now();
    if (server_.from_client(client, bytes, at)) {
        if (stun::is_stun(bytes)) plan();
        return true;
    }
    if (!stun::is_stun(bytes)) return false;
    const auto subscriber = from.subscriber().text();
    if (strangers_.wait(subscriber, at.mono) > Duration::zero()) return true;
    if (server_.from_stranger(client, bytes, at)) strangers_.take(subscriber, at.mono);
    plan();
    return true;
}

// ----------------------------------------------------------------------------------------- connections

void TurnFront::stream(std::unique_ptr<loop::TcpStream> stream, const loop::Address& local)
{
    const auto subscriber = stream->peer().subscriber();
    const turn::FiveTuple client{turn::Transport::tcp, endpoint(stream->peer()), endpoint(local)};
    const auto held = streams_of_.find(subscriber);
    if (streams_.size() >= turn_streams_max || streams_.contains(client) ||
        (held != streams_of_.end() && held->second >= turn_streams_per_subscriber_max))
        return;
    ++streams_of_[subscriber];
    TurnStreamOwner& owner = *this;
    streams_.emplace(client, std::make_unique<TurnStream>(loop_, std::move(stream), client, owner));
}

bool TurnFront::stream_message(TurnStream& stream, BytesView bytes)
{
    return receive(stream.client(), address(stream.client().client), bytes);
}

void TurnFront::stream_over(TurnStream& stream)
{
    const auto client = stream.client();
    server_.client_gone(client);
    const auto held = streams_of_.find(address(client.client).subscriber());
    if (--held->second == 0) streams_of_.erase(held);
    streams_.erase(client);
    plan();
}

// --------------------------------------------------------------------------------------------- outside

const TurnFront::ClientPort* TurnFront::port_of(const turn::Endpoint& server) const
{
    for (const auto& one : ports_)
        if (one->local.port == server.port && (one->local.is_any() || endpoint(one->local).same_ip(server)))
            return one.get();
    return nullptr;
}

void TurnFront::send_to_client(const turn::FiveTuple& client, BytesView head, BytesView body, std::size_t zeroes)
{
    if (client.transport == turn::Transport::tcp) {
        const auto found = streams_.find(client);
        if (found != streams_.end()) found->second->send(head, body, zeroes);
        return;
    }
    const auto* const port = port_of(client.server);
    if (port == nullptr) return;
    static_cast<void>(now()); // there is something to flush
    auto to = address(client.client);
    // A link-local address has an interface, which STUN knows nothing of.
    if (hearing_ != nullptr && endpoint(hearing_->from) == client.client) to = hearing_->from;
    trains_.add(port->send, to, address(client.server), head, body, zeroes);
}

bool TurnFront::open_relay(turn::RelayId id, const turn::Endpoint& at)
{
    auto made = std::make_unique<RelaySocket>(*this, id);
    // RFC 8656 section 15: fragments are allowed where the client does not forbid them.
    auto socket = loop::UdpSocket::open(loop_, address(at), *made, {.v6_only = true, .fragments = true});
    if (!socket.ok()) return false;
    made->socket = *std::move(socket);
    relays_.emplace(id, std::move(made));
    return true;
}

void TurnFront::close_relay(turn::RelayId id)
{
    const auto found = relays_.find(id);
    if (found == relays_.end()) return;
    trains_.forget(found->second->send);
    relays_.erase(found);
}

void TurnFront::send_to_peer(turn::RelayId id, const turn::Endpoint& peer, BytesView payload, bool dont_fragment)
{
    const auto found = relays_.find(id);
    if (found == relays_.end()) return;
    auto& relay = *found->second;
    if (!dont_fragment) return trains_.add(relay.send, address(peer), {}, payload, {}, 0);
    trains_.flush();
    relay.socket->allow_fragments(false);
    const loop::UdpSend send{.to = address(peer), .from = {}, .bytes = payload};
    static_cast<void>(relay.socket->send({&send, 1}));
    relay.socket->allow_fragments(true);
}

} // namespace godwit::relay

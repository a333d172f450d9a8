// SPDX-License-Identifier: Apache-2.0
// turn_front: the sockets of the TURN server (relay/turn), and the clock.
//
//   the relay's UDP port -- stray datagrams --+
//   further UDP ports ------------------------+--> turn::Server --> relayed sockets --> peers
//   TCP connections that begin with STUN -----+          |
//   further TCP ports ------------------------+          +--> Trains: what goes out in one turn of the loop goes
//   together
//
// Who has no allocation is paced by subscriber before anything is computed for it.
#pragma once

#include "relay/core/pace.hpp"
#include "relay/daemon/turn_stream.hpp"
#include "relay/daemon/turn_trains.hpp"
#include "relay/turn/turn.hpp"

namespace godwit::relay {

/// TCP clients of TURN, all together and of one IPv4 address or IPv6 /64. Beyond, newcomers are closed at once.
inline constexpr std::size_t turn_streams_max = 4000;
inline constexpr std::size_t turn_streams_per_subscriber_max = 64;

class TurnFront final : private turn::Outside, private TurnStreamOwner {
public:
    /// `strangers`: how often who has no allocation may ask. All outlive it.
    TurnFront(loop::Loop& loop, turn::Config config, port::Entropy& entropy, PaceTable& strangers);
    ~TurnFront() override;
    TurnFront(const TurnFront&) = delete;
    TurnFront& operator=(const TurnFront&) = delete;

    /// The relay's own port: its datagrams come by datagram(), its connections by stream().
    void serve(const loop::Address& local, Trains::Port send);
    /// A further port, UDP and TCP. Errors as loop::UdpSocket::open.
    [[nodiscard]] Result<void> listen(const loop::Address& at);

    /// True: it was for us.
    bool datagram(const loop::UdpDatagram& datagram);
    /// To the port that `local` names.
    void stream(std::unique_ptr<loop::TcpStream> stream, const loop::Address& local);
    /// The account may not be relayed for any more: its allocations end now.
    void revoke(std::string_view account)
    {
        server_.revoke(account);
        plan();
    }
    void shed(bool allocations, bool data) noexcept { server_.shed(allocations, data); }
    [[nodiscard]] turn::Counters counters() const { return server_.counters(); }

private:
    /// Where UDP clients talk to us.
    struct ClientPort;
    struct RelaySocket;

    bool open_relay(turn::RelayId id, const turn::Endpoint& at) override;
    void close_relay(turn::RelayId id) override;
    void send_to_peer(turn::RelayId id, const turn::Endpoint& peer, BytesView payload, bool dont_fragment) override;
    void send_to_client(const turn::FiveTuple& client, BytesView head, BytesView body, std::size_t zeroes) override;

    bool stream_message(TurnStream& stream, BytesView bytes) override;
    bool has_allocation(TurnStream& stream) override { return server_.has_allocation(stream.client()); }
    void stream_over(TurnStream& stream) override;

    bool receive(const turn::FiveTuple& client, const loop::Address& from, BytesView bytes);
    [[nodiscard]] Moment now();
    void plan();
    void end_turn();
    [[nodiscard]] const ClientPort* port_of(const turn::Endpoint& server) const;

    loop::Loop& loop_;
    PaceTable& strangers_;
    std::vector<std::unique_ptr<ClientPort>> ports_;
    std::unordered_map<turn::RelayId, std::unique_ptr<RelaySocket>> relays_;
    std::unordered_map<turn::FiveTuple, std::unique_ptr<TurnStream>, turn::FiveTupleHash> streams_;
    std::unordered_map<loop::Address, std::size_t, loop::AddressHash> streams_of_;
    Trains trains_;
    std::optional<Moment> now_; ///< Of this turn of the loop.
    const loop::UdpDatagram* hearing_ = nullptr;
    loop::Timer turn_over_;
    loop::Timer deadline_;
    turn::Server server_;
};

} // namespace godwit::relay

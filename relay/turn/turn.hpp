// SPDX-License-Identifier: Apache-2.0
// turn: a TURN server (RFC 8656) as a state machine. Datagrams and time in; datagrams, sockets to open and close, and a
// deadline out. It has no socket and no clock: the daemon gives it real ones, tests recorded ones.
//
//   client -- 5-tuple -- request ........ authenticate -> Allocate, Refresh, CreatePermission, ChannelBind -> answer
//                     -- ChannelData, Send ... permitted? paid for? -> the relayed socket -> peer
//   peer -- relayed socket .............. permitted? paid for? -> ChannelData, or a Data indication -> client
//   peer is another allocation of ours .. straight to its client, past the network
//
// Nothing is remembered of who has shown no credential; what it is told is at most 1.6 times what it asked. A user is
// an account: its allocations, permissions, channels, bytes and datagrams a second are counted together.
//
//   config.hpp         limits, and what is asked of the outside
//   peers.hpp          whom a relayed socket may talk to
//   rest.hpp, nonces.hpp, authenticator.hpp   who is asking
//   allocation.hpp, book.hpp                  what there is
//   stream.hpp         messages on a TCP connection
//   this               the server: server.cpp (in and out), allocate.cpp, permit.cpp (requests), relaying.cpp (data)
#pragma once

#include "relay/stun/stun.hpp"
#include "relay/stun/writer.hpp"
#include "relay/turn/authenticator.hpp"
#include "relay/turn/book.hpp"

namespace godwit::relay::turn {

class Server {
public:
    /// `outside` and `entropy` outlive it.
    Server(Config config, Outside& outside, port::Entropy& entropy);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// From a 5-tuple that has an allocation; one datagram, or one message of a stream. False: it has none, nothing was
    /// done, and the caller may pass it to from_stranger() if it lets that one ask.
    bool from_client(const FiveTuple& client, BytesView bytes, Moment now);
    /// From a 5-tuple without an allocation. False: nothing was answered.
    bool from_stranger(const FiveTuple& client, BytesView bytes, Moment now);
    void from_peer(RelayId relay, const Endpoint& peer, BytesView payload, Moment now);
    /// The stream has ended, and its allocation with it: its 5-tuple will not come back.
    void client_gone(const FiveTuple& client);
    /// There is too much to do: no new allocations (508), or nothing relayed at all.
    void shed(bool allocations, bool data) noexcept
    {
        sheds_allocations_ = allocations;
        sheds_data_ = data;
    }
    /// The account may not be relayed for any more: its allocations end now.
    void revoke(std::string_view account);

    void handle_deadline(Moment now);
    /// When handle_deadline() wants to be called.
    [[nodiscard]] Instant deadline() const;

    [[nodiscard]] bool has_allocations() const noexcept { return book_.allocations() > 0; }
    [[nodiscard]] bool has_allocation(const FiveTuple& client) { return book_.find(client) != nullptr; }
    [[nodiscard]] Counters counters() const;

private:
    using Message = stun::Message;

    /// A request that is understood and whose caller is known.
    struct Request {
        const FiveTuple& client;
        const Message& message;
        const Caller& caller;
        Allocation* allocation; ///< nullptr: none yet.
        Moment now;
    };

    // server.cpp
    bool serve(const FiveTuple& client, Allocation* known, BytesView bytes, Moment now);
    void dispatch(const Request& request);
    [[nodiscard]] stun::Writer success(const Request& request) const;
    void answer(const Request& request, stun::Writer& writer);
    void refuse(const Request& request, int code);
    bool refuse_stranger(const FiveTuple& client, const Message& message, Refusal why, Moment now);
    /// The allocation's users, or an answer.
    [[nodiscard]] bool is_own(const Request& request);

    // allocate.cpp
    void allocate(const Request& request);
    void allocated(const Request& request, const Allocation& allocation);
    void refresh(const Request& request);
    [[nodiscard]] Duration lifetime_of(const Message& message) const;

    // permit.cpp
    void create_permission(const Request& request);
    void bind_channel(const Request& request);
    /// 0, or the error that a peer is refused with.
    [[nodiscard]] int judge_peer(const Allocation& allocation, const Endpoint& peer) const;
    void permit(Allocation& allocation, const Endpoint& peer, Instant now);

    // relaying.cpp
    void channel_data(Allocation& allocation, BytesView bytes, Instant now);
    void send_indication(Allocation& allocation, const Message& message, Instant now);
    void to_peer(Allocation& allocation, const Endpoint& peer, BytesView payload, bool dont_fragment, Instant now);
    void to_client(Allocation& allocation, const Endpoint& peer, BytesView payload, Instant now);

    const Config config_;
    Outside& outside_;
    Authenticator authenticator_;
    Book book_;
    Counters counters_;
    bool sheds_allocations_ = false;
    bool sheds_data_ = false;
    Instant check_accounts_at_ = never; ///< Of no interest without allocations.
    std::uint64_t indication_id_ = 0;   ///< Transaction ids of indications, which nobody answers.
};

} // namespace godwit::relay::turn

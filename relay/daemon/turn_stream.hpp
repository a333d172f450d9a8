// SPDX-License-Identifier: Apache-2.0
// One TCP client of the TURN server: messages in, messages out, and an end.
#pragma once

#include "relay/turn/config.hpp"
#include "relay/turn/stream.hpp"
#include "transport/loop/tcp.hpp"

namespace godwit::relay {

/// Not yet taken by a slow reader; beyond, what is for it is lost, as on a bad line.
inline constexpr std::size_t turn_stream_queue_bytes_max = 256 * 1024;
/// From its first byte to an allocation, and from the end of that to the next: else the connection is closed.
inline constexpr Duration turn_stranger_time_max = std::chrono::seconds(10);

class TurnStream;

class TurnStreamOwner {
public:
    /// One message, ChannelData with its padding. False: the connection is not worth going on with.
    virtual bool stream_message(TurnStream& stream, BytesView bytes) = 0;
    [[nodiscard]] virtual bool has_allocation(TurnStream& stream) = 0;
    /// It has ended, or is to end. Destroys it.
    virtual void stream_over(TurnStream& stream) = 0;

protected:
    ~TurnStreamOwner() = default;
};

class TurnStream final : private loop::TcpObserver {
public:
    TurnStream(loop::Loop& loop, std::unique_ptr<loop::TcpStream> stream, const turn::FiveTuple& client,
               TurnStreamOwner& owner);

    [[nodiscard]] const turn::FiveTuple& client() const noexcept { return client_; }
    void send(BytesView head, BytesView body, std::size_t zeroes);

private:
    void tcp_connected(loop::TcpStream&, const std::optional<Error>&) override {}
    void tcp_readable(loop::TcpStream&) override;
    void tcp_writable(loop::TcpStream&) override { write(); }
    void write();
    void look();

    std::unique_ptr<loop::TcpStream> stream_;
    const turn::FiveTuple client_;
    TurnStreamOwner& owner_;
    turn::StreamReader reader_;
    Bytes out_; ///< [sent_, end) is to go.
    std::size_t sent_ = 0;
    loop::Timer time_up_;
};

} // namespace godwit::relay

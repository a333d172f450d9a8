// SPDX-License-Identifier: Apache-2.0
// TCP by readiness: the observer is told that it can go on, and reads and writes by itself without copies in between,
// which is how a TLS library wants it.
#pragma once

#include "transport/loop/address.hpp"
#include "transport/loop/loop.hpp"

namespace godwit::loop {

class TcpStream;

class TcpObserver {
public:
    /// The connection stands (client side only), or does not (`fault`: not_connected, timed_out).
    virtual void tcp_connected(TcpStream& stream, const std::optional<Error>& fault) = 0;
    /// read() will give something: bytes, the end, or an error. Comes again until the bytes are read.
    virtual void tcp_readable(TcpStream& stream) = 0;
    /// After a write() that would_block.
    virtual void tcp_writable(TcpStream& stream) = 0;

protected:
    ~TcpObserver() = default;
};

struct TcpIo {
    enum class State : std::uint8_t { ok, would_block, end, failed };
    State state = State::ok;
    std::size_t bytes = 0; ///< Moved; > 0 exactly when ok.
    int system_code = 0;   ///< errno when failed.
};

class TcpStream {
public:
    /// Starts to connect; the outcome is tcp_connected, never inside this call.
    [[nodiscard]] static std::unique_ptr<TcpStream> connect(Loop& loop, const Address& to, TcpObserver& observer);
    /// Closes with FIN. Bytes written stay with the system, which still delivers them.
    ~TcpStream();
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    /// Accepted streams have none at first and are silent until one is set.
    void observe(TcpObserver& observer);
    [[nodiscard]] TcpIo read(std::span<std::uint8_t> out);
    /// As read(), and the bytes stay.
    [[nodiscard]] TcpIo peek(std::span<std::uint8_t> out);
    [[nodiscard]] TcpIo write(BytesView bytes);
    /// False: no tcp_readable until true again; the far side is slowed down by TCP itself.
    void want_readable(bool wanted);
    /// Gives the connection away, to a library that reads and writes by itself: the descriptor, non-blocking and
    /// closed by whoever has it now. -1: there is none (out of descriptors).
    [[nodiscard]] static int release(std::unique_ptr<TcpStream> stream);

    [[nodiscard]] const Address& peer() const noexcept;

    struct Impl;

private:
    friend class TcpListener;
    explicit TcpStream(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

class TcpListener {
public:
    using Accepted = std::function<void(std::unique_ptr<TcpStream>)>;

    /// Errors as UdpSocket::open. Port 0 takes a free one. On IPv6 also serves IPv4 unless `v6_only`.
    [[nodiscard]] static Result<std::unique_ptr<TcpListener>> open(Loop& loop, const Address& bind, Accepted accepted,
                                                                   bool v6_only = false);
    ~TcpListener();
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;

    [[nodiscard]] const Address& local() const noexcept;

    struct Impl;

private:
    explicit TcpListener(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace godwit::loop

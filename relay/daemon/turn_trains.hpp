// SPDX-License-Identifier: Apache-2.0
// Datagrams that wait for the end of a turn of the loop. What goes the same way one after another becomes a train (one
// system call, cut by the network card's driver or the kernel: udp.hpp), and trains of one port share system calls.
#pragma once

#include "transport/loop/udp.hpp"

#include <functional>

namespace godwit::relay {

/// Waiting at most; the next one sends them all first.
inline constexpr std::size_t trains_bytes_max = 1024 * 1024;
inline constexpr std::size_t trains_max = 1024;

class Trains {
public:
    /// Where they leave: takes all of them, at once. What it has no room for is lost.
    using Port = std::function<void(std::span<const loop::UdpSend>)>;

    /// One datagram: head, body, and so many zero bytes. `port` is good until forget(port).
    void add(const Port& port, const loop::Address& to, const loop::Address& from, BytesView head, BytesView body,
             std::size_t zeroes);
    void flush();
    /// Without what waits for it: the port is going.
    void forget(const Port& port);
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

private:
    struct Waiting {
        const Port* port = nullptr;
        loop::Address to;
        loop::Address from;
        std::size_t at = 0; ///< In bytes_.
        std::size_t size = 0;
        std::size_t segment_bytes = 0;
        std::size_t segments = 0;
        bool whole = false; ///< Its last segment is shorter: nothing may follow.
    };

    std::vector<Waiting> waiting_;
    Bytes bytes_;
    std::vector<loop::UdpSend> sends_;
};

} // namespace godwit::relay

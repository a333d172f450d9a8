// SPDX-License-Identifier: Apache-2.0
// Private: a train of equal datagrams by one system call (UDP_SEGMENT, udp(7)), past libnice, which sends one at a
// time.
#pragma once

#include "lib/base/bytes.hpp"

#include <span>
#include <sys/socket.h>

namespace godwit::ice {

/// What send_train() did.
enum class TrainOutcome {
    sent,    ///< All of it.
    full,    ///< Nothing: the socket has no room now.
    apart,   ///< Nothing: not this one (it is too long, or the route has no place for it now). Send it one by one.
    refused, ///< Nothing, and this system, or this route's device, takes no train at all. Send them one by one.
};

/// True when these stand behind each other in memory and are of one size, but for the last, which may be shorter.
[[nodiscard]] bool is_train(std::span<const BytesView> datagrams) noexcept;

/// `datagrams` are a train.
[[nodiscard]] TrainOutcome send_train(int fd, const sockaddr* to, socklen_t to_bytes,
                                      std::span<const BytesView> datagrams) noexcept;

/// One datagram: sent, full, or apart (it is lost).
[[nodiscard]] TrainOutcome send_one(int fd, const sockaddr* to, socklen_t to_bytes, BytesView datagram) noexcept;

} // namespace godwit::ice

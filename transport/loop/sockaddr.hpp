// SPDX-License-Identifier: Apache-2.0
// Address <-> sockaddr, for the rooms of transport/ that speak with the system or with a library in its terms.
#pragma once

#include "transport/loop/address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

namespace godwit::loop {

/// Writes `address` to `out`; an IPv4 address becomes v4-mapped when `for_v6_socket`. Returns the length.
socklen_t to_sockaddr(const Address& address, bool for_v6_socket, sockaddr_storage& out) noexcept;

/// Any other family than IPv4 and IPv6 gives the zero address.
[[nodiscard]] Address from_sockaddr(const sockaddr* in) noexcept;

} // namespace godwit::loop

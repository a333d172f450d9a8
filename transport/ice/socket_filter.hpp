// SPDX-License-Identifier: Apache-2.0
// Private: makes a socket deaf, for fault injection. Linux has socket filters; elsewhere this does nothing and the
// caller's own dropping of datagrams is all there is.
#pragma once

namespace godwit::ice {

/// True when the system took it. Deaf: everything that arrives is dropped before it is queued.
bool set_socket_deaf(int fd, bool deaf) noexcept;

} // namespace godwit::ice

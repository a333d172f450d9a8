// SPDX-License-Identifier: Apache-2.0
// A way to exchange datagrams with one peer device: what ICE finds and QUIC runs over.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

namespace godwit::port {

/// Largest datagram that every path must carry: QUIC's own floor (RFC 9000 section 14).
inline constexpr std::size_t datagram_bytes_min = 1200;

class DatagramPathObserver {
public:
    /// One datagram from the far side. Valid during the call.
    virtual void path_datagram(BytesView datagram) = 0;
    /// The path is lost for good.
    virtual void path_failed(const Error& reason) = 0;

protected:
    ~DatagramPathObserver() = default;
};

/// Unreliable, unordered, unauthenticated. All calls and callbacks on the loop thread.
class DatagramPath {
public:
    virtual ~DatagramPath() = default;
    /// At most one observer; nullptr detaches.
    virtual void observe(DatagramPathObserver* observer) = 0;
    /// Sends each as one datagram; returns how many the system took (the rest would have blocked: try again later, loss
    /// is legal).
    virtual std::size_t send(std::span<const BytesView> datagrams) = 0;
};

} // namespace godwit::port

// SPDX-License-Identifier: Apache-2.0
// Whom a relayed socket may talk to: everybody on the open internet, and nobody else. Default deny: an address is
// judged by what it is, in whatever clothes it comes. RFC 8656 section 21.4.2 ("Running services on the relay's
// address").
//
//   IPv4   everything but the special-purpose addresses of RFC 6890 and its registry
//   IPv6   of 2000::/3 (RFC 4291: global unicast) everything but what is special-purpose, or has an IPv4 address inside
//   both   not this host's own addresses
//   then   what the operator allows by name (for labs), which wins
#pragma once

#include "relay/stun/endpoint.hpp"

#include <vector>

namespace godwit::relay::turn {

using stun::Endpoint;

/// An address prefix (RFC 4632). The port does not count.
struct Prefix {
    Endpoint base;
    unsigned bits = 0;

    [[nodiscard]] bool contains(const Endpoint& address) const noexcept;
};

class PeerPolicy {
public:
    PeerPolicy() = default;
    /// `own`: this host's addresses.
    PeerPolicy(std::vector<Prefix> allowed, std::vector<Endpoint> own)
        : allowed_(std::move(allowed)), own_(std::move(own))
    {
    }

    /// nullptr: may be talked to. Else what it is, for logs and tests.
    [[nodiscard]] const char* refusal(const Endpoint& peer) const noexcept;
    /// By name, in the configuration.
    [[nodiscard]] bool is_named(const Endpoint& peer) const noexcept;

private:
    std::vector<Prefix> allowed_;
    std::vector<Endpoint> own_;
};

} // namespace godwit::relay::turn

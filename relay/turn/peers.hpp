// SPDX-License-Identifier: Apache-2.0
// Whom a relayed socket may talk to: everybody on the open internet, and nobody else. Default deny: an address is
// judged by what it is, in whatever clothes it comes. RFC 8656 section 21.4.2 ("Running services on the relay's
// address").
//
//   IPv4   everything but the special-purpose addresses of RFC 6890 and its registry
//   IPv6   of 2000::/3 (RFC 4291: global unicast) everything but what is special-purpose, or has an IPv4 address inside
//   both   not this host's own addresses
//          not what a cloud answers inside its own network alone, be it on a public address
//   first  what the operator denies (his own network's public addresses), which nothing opens again
//   then   what the operator allows by name (for labs), which wins over the lines above
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
    /// `own`: this host's addresses. `denied` is asked before `allowed`.
    PeerPolicy(std::vector<Prefix> allowed, std::vector<Endpoint> own, std::vector<Prefix> denied = {})
        : denied_(std::move(denied)), allowed_(std::move(allowed)), own_(std::move(own))
    {
    }

    /// nullptr: may be talked to. Else what it is, for logs and tests.
    [[nodiscard]] const char* refusal(const Endpoint& peer) const noexcept;
    /// Allowed by name, in the configuration, and not denied there.
    [[nodiscard]] bool is_named(const Endpoint& peer) const noexcept;

    /// By the configuration; of a v4-mapped address also by what it has inside.
    [[nodiscard]] bool is_denied(const Endpoint& peer) const noexcept;

private:
    std::vector<Prefix> denied_;
    std::vector<Prefix> allowed_;
    std::vector<Endpoint> own_;
};

} // namespace godwit::relay::turn

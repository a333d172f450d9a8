// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relay/stun/endpoint.hpp"

namespace godwit::relay::turn {

using stun::Endpoint;

enum class Transport : std::uint8_t { udp, tcp };

/// RFC 8656 section 2: client and server address and the transport between them. One allocation each.
struct FiveTuple {
    Transport transport = Transport::udp;
    Endpoint client;
    Endpoint server;

    friend bool operator==(const FiveTuple&, const FiveTuple&) = default;
};

struct FiveTupleHash {
    [[nodiscard]] std::size_t operator()(const FiveTuple& t) const noexcept
    {
        const stun::EndpointHash hash;
        return hash(t.client) ^ (hash(t.server) * 31) ^ static_cast<std::size_t>(t.transport);
    }
};

} // namespace godwit::relay::turn

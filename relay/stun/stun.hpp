// SPDX-License-Identifier: Apache-2.0
// stun: "what address do you see me at?", answered, and the codec below it, which relay/turn builds on. Bytes in, bytes
// out; nothing is remembered.
//
//   message.hpp      read                  writer.hpp    write
//   credentials.hpp  long-term keys, and whether a message was made with one
//   endpoint.hpp     an address with its port
//   this             Binding requests of RFC 8489, and of RFC 3489, which has no magic cookie (libnice still sends such
//                    ones):
//
//   a request  ->  XOR-MAPPED-ADDRESS (with the cookie) or MAPPED-ADDRESS (without), FINGERPRINT when the request has
//   one
//              ->  error 420 with UNKNOWN-ATTRIBUTES when it demands what we do not know
//   anything else  ->  silence
//
// An answer is at most 1.6 times as long as its request over IPv4. Over IPv6 the shortest answer that exists is 44
// bytes for a request of 20 (2.2 times); the daemon paces answers per subscriber.
#pragma once

#include "relay/stun/message.hpp"

namespace godwit::relay::stun {

/// Longest request that is looked at: a Binding request has no reason to be longer than a path's MTU.
inline constexpr std::size_t request_bytes_max = 1500;

/// True for what may be STUN (RFC 7983 section 7: first byte 0..3); QUIC's first byte is 64 or more.
[[nodiscard]] inline bool is_stun(BytesView datagram) noexcept
{
    return !datagram.empty() && datagram[0] < 4;
}

/// To a Binding request from `source`. nullopt: say nothing.
[[nodiscard]] std::optional<Bytes> answer(BytesView request, const Endpoint& source);

} // namespace godwit::relay::stun

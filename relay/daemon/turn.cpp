// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/turn.hpp"

#include "lib/crypto/legacy.hpp"

namespace godwit::relay {
namespace {

/// RFC 4648 section 4, with padding.
std::string to_base64(BytesView bytes)
{
    auto out = to_base64url(bytes);
    for (auto& c : out)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (out.size() % 4 != 0)
        out.push_back('=');
    return out;
}

} // namespace

wire::TurnServer turn_server(const TurnEntry& entry, std::string_view user, WallMs now_ms)
{
    wire::TurnServer out{entry.host, entry.port, entry.transport, entry.username, entry.password, 0};
    if (entry.secret.empty()) return out;
    const auto expires_s = now_ms / 1000 + entry.lifetime_s;
    out.username = std::to_string(expires_s) + ":" + std::string(user);
    out.password = to_base64(crypto::hmac_sha1_of(as_bytes(entry.secret), {as_bytes(out.username)}));
    out.expires_ms = expires_s * 1000;
    return out;
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// Credentials for the TURN servers of the configuration.
#pragma once

#include "lib/wire/frames.hpp"

namespace godwit::relay {

/// One [[turn]] of the configuration: with `secret` (shared with the TURN server) credentials are made for each
/// session, else username and password are given as they are.
struct TurnEntry {
    std::string host;
    std::uint16_t port = 3478;
    wire::TurnServer::Transport transport = wire::TurnServer::Transport::udp;
    std::string username;
    std::string password;
    std::string secret;
    std::uint32_t lifetime_s = 86'400;
};

/// username = "expiry:user", expiry in seconds since 1970; password = base64(HMAC-SHA1(secret, username)):
/// draft-uberti-behave-turn-rest-00 section 2.2, as coturn's use-auth-secret checks it.
[[nodiscard]] wire::TurnServer turn_server(const TurnEntry& entry, std::string_view user, WallMs now_ms);

} // namespace godwit::relay

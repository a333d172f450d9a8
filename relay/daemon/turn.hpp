// SPDX-License-Identifier: Apache-2.0
// TURN in the configuration: servers of others that clients are told of, and this relay as one.
#pragma once

#include "lib/wire/frames.hpp"
#include "relay/turn/config.hpp"
#include "transport/loop/address.hpp"

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

/// [turn_server]: this relay relays datagrams itself.
struct TurnServing {
    std::optional<loop::Address> address_v4; ///< Of relayed sockets; ports do not count.
    std::optional<loop::Address> address_v6;
    std::optional<loop::Address> external_v4;
    std::vector<loop::Address> listen; ///< Besides the relay's own port.
    std::vector<turn::Prefix> allow_peers;
    std::vector<turn::Prefix> deny_peers; ///< Asked first: wins over allow_peers.
    std::string secret;                   ///< Empty: made from the relay's key.
    std::uint32_t lifetime_s = 86'400;
    bool accounts_only = true; ///< False: for every name that has a credential, whoever made it with the secret.
    std::uint16_t port_min = 49152;
    std::uint16_t port_max = 65535;
    turn::Limits limits;
};

inline constexpr std::size_t turn_listen_max = 8;
inline constexpr std::size_t turn_allow_peers_max = 64;
inline constexpr std::size_t turn_deny_peers_max = 256;

/// "198.51.100.0/24", "2001:db8::/32"; without a slash one address. nullopt: neither, or bits set behind the prefix
/// (which says that another one is meant).
[[nodiscard]] std::optional<turn::Prefix> peer_prefix(std::string_view text);

/// username = "expiry:user", expiry in seconds since 1970; password = base64(HMAC-SHA1(secret, username)):
/// draft-uberti-behave-turn-rest-00 section 2.2, as coturn's use-auth-secret checks it.
[[nodiscard]] wire::TurnServer turn_server(const TurnEntry& entry, std::string_view user, WallMs now_ms);

/// What clients are told of this relay: UDP on its port, and TCP, on 443 where it listens there too, which most
/// firewalls let out.
[[nodiscard]] std::vector<TurnEntry> own_turn_entries(const TurnServing& serving, const std::string& host,
                                                      std::uint16_t port, std::string_view secret);
/// The server's configuration. `listening`: where the relay listens. Error: invalid_argument, when nothing says which
/// address relayed sockets have.
[[nodiscard]] Result<turn::Config> turn_config(const TurnServing& serving, const loop::Address& listening,
                                               std::string_view secret);

} // namespace godwit::relay

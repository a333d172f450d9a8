// SPDX-License-Identifier: Apache-2.0
// The configuration file (TOML, docs/godwit-relay.md). Everything has a default; what is not known is refused, with its
// line.
#pragma once

#include "relay/core/config.hpp"
#include "relay/daemon/admin_config.hpp"
#include "relay/daemon/operations_config.hpp"
#include "relay/daemon/strain.hpp"
#include "relay/daemon/turn.hpp"

#include <map>

namespace godwit::relay {

inline constexpr std::size_t config_bytes_max = 256 * 1024;

/// "limits.links" -> "20000": what the file says, not the defaults.
using ConfigValues = std::map<std::string, std::string>;

struct DaemonConfig {
    Config core;
    OperationsConfig operations;
    ConfigValues values;
    std::string advertise; ///< Host in the address that clients use; empty: the listening one.
    std::vector<TurnEntry> turn;
    std::optional<TurnServing> turn_server; ///< nullopt: this relay is no TURN server.
    AdminConfig admin;
    std::uint32_t links_max = 20'000;
    std::uint32_t links_per_address_max = 128;
    std::uint32_t half_open_per_address_max = 32; ///< Still in the handshake.
    bool retry_always = true;           ///< QUIC proves every address first; else only when many are in the handshake.
    std::uint32_t arrivals_burst = 256; ///< New connections of an address at once …
    Duration arrivals_interval = std::chrono::milliseconds(20); ///< … and then one each.
    Duration idle_max = std::chrono::seconds(90);               ///< A silent link ends.
    OverloadLimits overload;
};

/// Errors: invalid_argument; the detail is "line N: what is wrong" and what would be right.
[[nodiscard]] Result<DaemonConfig> parse_config(std::string_view text);
/// As above, and storage_failed when the file cannot be read.
[[nodiscard]] Result<DaemonConfig> read_config(const std::string& path);

} // namespace godwit::relay

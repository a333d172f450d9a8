// SPDX-License-Identifier: Apache-2.0
// [admin] and [[webhook]] of the configuration (docs/admin.md).
#pragma once

#include "relay/admin/webhooks.hpp"
#include "transport/loop/address.hpp"

namespace godwit::relay {

inline constexpr std::size_t admin_hosts_max = 16;
inline constexpr std::size_t webhook_secret_bytes_min = 16;

struct AdminConfig {
    std::optional<loop::Address> listen; ///< nullopt: no HTTP.
    std::vector<std::string> hosts;      ///< http::ServerOptions::hosts
    std::vector<admin::Webhook> webhooks;

    /// One of them is asked before a name is registered.
    [[nodiscard]] bool asks_registration() const;
    /// That some webhook names.
    [[nodiscard]] std::set<EventKind> events() const;
};

class Section;
/// Reads both below `top`.
void read_admin(Section& top, AdminConfig& out);

} // namespace godwit::relay

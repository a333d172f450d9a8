// SPDX-License-Identifier: Apache-2.0
// Private to daemon: where to listen, as it is written in the configuration and on the command line.
#pragma once

#include "transport/loop/address.hpp"

namespace godwit::relay {

/// "127.0.0.1:4433", "[::1]:4433", "localhost:4433".
[[nodiscard]] inline std::optional<loop::Address> listening_at(const std::string& text)
{
    if (const auto parsed = loop::Address::parse(text)) return parsed;
    if (const auto parts = loop::split_host_port(text); parts.ok() && parts->host == "localhost")
        return loop::Address::loopback_v4(parts->port);
    return std::nullopt;
}

} // namespace godwit::relay

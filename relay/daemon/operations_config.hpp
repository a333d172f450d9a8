// SPDX-License-Identifier: Apache-2.0
// [metrics], [log] and [drain] of the configuration.
#pragma once

#include "lib/base/time.hpp"
#include "relay/daemon/log.hpp"
#include "relay/http/server.hpp"

#include <optional>

namespace godwit::relay {

inline constexpr std::size_t metrics_hosts_max = 16;

struct MetricsConfig {
    std::optional<loop::Address> listen; ///< nullopt: nobody is told figures over HTTP.
    std::vector<std::string> hosts;      ///< http::ServerOptions::hosts
    /// Less room than this where the database is: not ready.
    std::uint64_t disk_free_bytes_min = std::uint64_t{64} * 1024 * 1024;
};

struct DrainConfig {
    Duration announce = Duration::zero();         ///< Between not ready and the goodbyes: a load balancer looks.
    Duration deadline = std::chrono::seconds(10); ///< From the signal to the end, whatever is left to say.
};

struct OperationsConfig {
    MetricsConfig metrics;
    LogConfig log;
    DrainConfig drain;
};

class Section;
/// Reads the three tables below `top`.
void read_operations(Section& top, OperationsConfig& out);

} // namespace godwit::relay

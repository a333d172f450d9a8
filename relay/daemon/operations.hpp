// SPDX-License-Identifier: Apache-2.0
// What the operator sees of a relay that runs, over HTTP ([metrics] listen):
//
//   /metrics   the figures, OpenMetrics (metrics.hpp)
//   /live      200 as long as the loop turns
//   /ready     200, or 503 with the causes (health.hpp)
//
// No names, no keys, nothing to change: whoever may open the socket may ask.
#pragma once

#include "relay/daemon/health.hpp"
#include "relay/daemon/metrics.hpp"
#include "relay/daemon/operations_config.hpp"

namespace godwit::relay {

/// What it asks the daemon for.
struct OperationsSources {
    /// visit(name, value) of every counter that SIGUSR1 prints.
    std::function<void(const std::function<void(std::string_view, std::uint64_t)>&)> counters;
    std::function<bool()> is_draining;
    std::function<std::string()> overload; ///< What is given up; "": nothing.
    std::string version;
    std::string data; ///< The directory with the database.
};

class Operations {
public:
    Operations(OperationsSources sources, const MetricsConfig& config);

    /// Serves, if the configuration says where. Errors as http::Server::open.
    [[nodiscard]] Result<void> listen(loop::Loop& loop);
    /// nullptr: nowhere.
    [[nodiscard]] const http::Server* server() const noexcept { return server_.get(); }

    /// How long the whole of a tick took, and its commit alone; whether that could be stored; and how many have stored
    /// something so far: by a tick with nothing to store it is not known whether that works. True: it works again.
    [[nodiscard]] bool ticked(Duration tick, Duration commit, const Result<void>& committed, std::uint64_t commits);
    void reconfigure(const MetricsConfig& config) { config_.disk_free_bytes_min = config.disk_free_bytes_min; }

    [[nodiscard]] Facts facts() const;
    [[nodiscard]] std::string metrics(Moment now) const;
    [[nodiscard]] http::Router routes() const;

private:
    OperationsSources sources_;
    MetricsConfig config_;
    Moment started_;
    Histogram ticks_;
    Histogram commits_;
    std::string storage_error_;      ///< Empty: what there was to store was stored.
    std::uint64_t failed_after_ = 0; ///< Commits that had worked when one did not.
    std::unique_ptr<http::Server> server_;
};

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/operations.hpp"

#include "relay/daemon/home.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace godwit::relay {
namespace {

struct Help {
    std::string_view counter;
    std::string_view text;
};
/// The others: docs/godwit-relay.md, stats.
constexpr std::array helps = {
    Help{"links", "Connections."},
    Help{"sessions", "Connections that are logged in."},
    Help{"logins_refused", "Logins with a wrong password or for nobody."},
    Help{"logins_throttled", "Logins that were told to wait."},
    Help{"content_envelopes_stored", "Content that took the mailbox, per recipient device."},
    Help{"content_envelopes_expired", "Content that nobody fetched in time."},
    Help{"strangers_closed", "Connections that did not log in, in time or in bounds."},
    Help{"commits_failed", "Ticks that could not be stored."},
    Help{"turn_allocations", "TURN allocations."},
    Help{"quic_retries", "First packets that proved no address, and were told how to."},
    Help{"links_half_open", "Connections in the handshake."},
};

std::string help_of(std::string_view counter)
{
    for (const auto& help : helps)
        if (help.counter == counter) return std::string(help.text);
    return "See docs/godwit-relay.md, stats: " + std::string(counter) + ".";
}

std::uint64_t file_bytes(const std::string& path)
{
    std::error_code fault;
    const auto bytes = std::filesystem::file_size(path, fault);
    return fault ? 0 : bytes;
}

} // namespace

Operations::Operations(OperationsSources sources, const MetricsConfig& config)
    : sources_(std::move(sources)), config_(config), started_(loop::Loop::now())
{
}

Result<void> Operations::listen(loop::Loop& loop)
{
    if (!config_.listen) return {};
    http::ServerOptions options;
    options.at = *config_.listen;
    options.hosts = config_.hosts;
    auto server = http::Server::open(loop, options, routes());
    if (!server.ok()) return Error{server.error().code, "metrics.listen: " + server.error().detail, 0};
    server_ = *std::move(server);
    return {};
}

bool Operations::ticked(Duration tick, Duration commit, const Result<void>& committed, std::uint64_t commits)
{
    ticks_.observe(tick);
    commits_.observe(commit);
    if (!committed.ok()) {
        storage_error_ = committed.error().detail;
        failed_after_ = commits;
        return false;
    }
    if (storage_error_.empty() || commits == failed_after_) return false;
    storage_error_.clear();
    return true;
}

Facts Operations::facts() const
{
    Facts out;
    out.is_draining = sources_.is_draining();
    out.storage_error = storage_error_;
    out.disk_free_bytes = disk_free(sources_.data);
    out.disk_free_bytes_min = config_.disk_free_bytes_min;
    out.overload = sources_.overload();
    return out;
}

std::string Operations::metrics(Moment now) const
{
    OpenMetrics out("godwit_relay_");
    out.info("build", "Of what version it is.", {{"version", sources_.version}});
    out.gauge_seconds("uptime_seconds", "For how long it runs.",
                      (now.mono - started_.mono) / std::chrono::milliseconds(1));
    sources_.counters([&](std::string_view name, std::uint64_t value) {
        const auto metric = metric_name(name);
        if (metric.is_counter)
            out.counter(metric.family, help_of(name), value);
        else
            out.gauge(metric.family, help_of(name), value);
    });
    out.histogram("tick_seconds", "From the first frame of a tick taken up to its answers given to the links.", ticks_);
    out.histogram("commit_seconds", "The transaction of a tick, synced to the disk.", commits_);

    const auto about = facts();
    const auto causes = causes_against(about);
    const auto holds = [&](std::string_view name) {
        return std::any_of(causes.begin(), causes.end(), [&](const Cause& cause) { return cause.name == name; });
    };
    out.gauge("ready", "1 when /ready says so.", causes.empty() ? 1 : 0);
    out.states("not_ready_cause", "What speaks against it.",
               {{"draining", holds("draining")},
                {"database", holds("database")},
                {"disk_full", holds("disk_full")},
                {"overload", holds("overload")}});
    if (about.disk_free_bytes) out.gauge("disk_free_bytes", "Room where the database is.", *about.disk_free_bytes);
    const auto database = sources_.data + "/" + database_file_name;
    out.gauge("database_bytes", "Size of the database.", file_bytes(database));
    out.gauge("database_log_bytes", "Size of its write-ahead log.", file_bytes(database + "-wal"));
    if (server_) {
        out.counter("http_requests", "Requests for figures and health.", server_->counters().requests_total);
        out.counter("http_connections_refused", "Beyond as many as there may be.",
                    server_->counters().connections_refused);
    }
    write_process(out, started_.wall_ms);
    return out.take();
}

http::Router Operations::routes() const
{
    http::Router out;
    out.get("/metrics", [this](const http::Request&) {
        http::Response answer;
        answer.content_type = open_metrics_type;
        answer.body = metrics(loop::Loop::now());
        return answer;
    });
    out.get("/live", [](const http::Request&) { return http::Response::json(200, "{\"live\":true}\n"); });
    out.get("/ready", [this](const http::Request&) {
        const auto causes = causes_against(facts());
        auto answer = http::Response::json(causes.empty() ? 200 : 503, ready_json(causes));
        answer.headers.emplace_back("cache-control", "no-store");
        return answer;
    });
    return out;
}

} // namespace godwit::relay

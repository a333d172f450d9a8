// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/operations_config.hpp"

#include "relay/daemon/config_section.hpp"
#include "relay/daemon/listening.hpp"

namespace godwit::relay {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

void metrics(Section& s, MetricsConfig& out)
{
    std::string at;
    s.text("listen", at, 256);
    if (!at.empty()) {
        out.listen = listening_at(at);
        if (!out.listen)
            s.refuse(*s.find("listen"), "listen", "must be an address with a port such as \"127.0.0.1:9180\"");
    }
    s.list("hosts", metrics_hosts_max, "host names", [&](const std::string& name) {
        if (!wire::is_host(name)) return false;
        out.hosts.push_back(name);
        return true;
    });
    auto disk_free_mib = out.disk_free_bytes_min / mib;
    s.number("disk_free_mib", disk_free_mib, 0, 1024 * 1024);
    out.disk_free_bytes_min = disk_free_mib * mib;
}

void log(Section& s, LogConfig& out)
{
    s.choice("format", out.format, {"text", "json"});
    s.choice("level", out.level, {"error", "warning", "info", "debug"});
    s.choice("addresses", out.addresses, {"none", "truncated", "full"});
    s.text("file", out.file, 4096);
    auto file_mib = out.file_bytes_max / mib;
    s.number("file_mib", file_mib, 1, 1024);
    out.file_bytes_max = file_mib * mib;
    s.number("files", out.files_max, 1, 100);
    s.number("days", out.days_max, 1, 3'650);
}

void drain(Section& s, DrainConfig& out)
{
    std::int64_t announce_s = out.announce / std::chrono::seconds(1);
    s.number("announce_s", announce_s, 0, 600);
    out.announce = std::chrono::seconds(announce_s);
    std::int64_t deadline_s = out.deadline / std::chrono::seconds(1);
    s.number("deadline_s", deadline_s, 1, 3'600);
    out.deadline = std::chrono::seconds(deadline_s);
    if (out.announce >= out.deadline)
        if (const auto* const node = s.find(s.find("announce_s") != nullptr ? "announce_s" : "deadline_s");
            node != nullptr)
            s.refuse(*node, "announce_s", "must be below deadline_s");
}

} // namespace

void read_operations(Section& top, OperationsConfig& out)
{
    top.in_table("metrics", [&](Section& s) { metrics(s, out.metrics); });
    top.in_table("log", [&](Section& s) { log(s, out.log); });
    top.in_table("drain", [&](Section& s) { drain(s, out.drain); });
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/health.hpp"

#include "relay/http/message.hpp"

#include <sys/statvfs.h>

namespace godwit::relay {

std::vector<Cause> causes_against(const Facts& facts)
{
    std::vector<Cause> out;
    if (facts.is_draining) out.push_back({"draining", "the relay is shutting down: clients are told to come back"});
    if (!facts.storage_error.empty())
        out.push_back({"database", "the last changes could not be stored: " + facts.storage_error});
    if (facts.disk_free_bytes && *facts.disk_free_bytes < facts.disk_free_bytes_min)
        out.push_back({"disk_full", std::to_string(*facts.disk_free_bytes / (1024 * 1024)) +
                                        " MiB are free where the database is, below the " +
                                        std::to_string(facts.disk_free_bytes_min / (1024 * 1024)) +
                                        " MiB of metrics.disk_free_mib"});
    if (!facts.overload.empty()) out.push_back({"overload", "too much to do: " + facts.overload + " is given up"});
    return out;
}

std::string ready_json(const std::vector<Cause>& causes)
{
    std::string out = std::string("{\"ready\":") + (causes.empty() ? "true" : "false") + ",\"causes\":[";
    for (const auto& cause : causes) {
        if (&cause != &causes.front()) out += ',';
        out += "{\"cause\":" + http::json_string(cause.name) + ",\"detail\":" + http::json_string(cause.detail) + "}";
    }
    return out + "]}\n";
}

std::optional<std::uint64_t> disk_free(const std::string& path)
{
    struct statvfs about{};
    if (::statvfs(path.c_str(), &about) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/metrics.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace godwit::relay {
namespace {

/// OpenMetrics 1.0, "escaped-string": of label values and help texts.
std::string escaped(std::string_view text)
{
    std::string out;
    for (const char one : text) {
        if (one == '\n') {
            out += "\\n";
            continue;
        }
        if (one == '\\' || one == '"') out += '\\';
        out += one;
    }
    return out;
}

/// Microseconds as seconds, exactly: "0.000125", "2.5", "30.0".
std::string seconds(std::uint64_t us)
{
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%llu.%06llu", static_cast<unsigned long long>(us / 1'000'000),
                  static_cast<unsigned long long>(us % 1'000'000));
    std::string out(text.data());
    while (out.back() == '0' && out[out.size() - 2] != '.')
        out.pop_back();
    return out;
}

/// Counters of Counters, turn::Counters and Front that go down too.
constexpr std::array<std::string_view, 5> open_ones = {"links", "sessions", "turn_allocations", "turn_permissions",
                                                       "turn_channels"};
constexpr std::array<std::string_view, 3> gauges = {"group_reject_reason_last", "shed_level", "links_half_open"};

} // namespace

void OpenMetrics::family(std::string_view name, std::string_view type, std::string_view help, std::string_view unit)
{
    const auto line = [&](const char* what, std::string_view text) {
        (((((out_ += "# ") += what) += ' ') += prefix_) += name) += ' ';
        (out_ += text) += '\n';
    };
    line("TYPE", type);
    if (!unit.empty()) line("UNIT", unit);
    line("HELP", escaped(help));
}

void OpenMetrics::counter(std::string_view name, std::string_view help, std::uint64_t value)
{
    family(name, "counter", help);
    ((out_ += prefix_) += name) += "_total " + std::to_string(value) + "\n";
}

void OpenMetrics::gauge(std::string_view name, std::string_view help, std::uint64_t value)
{
    family(name, "gauge", help);
    ((out_ += prefix_) += name) += " " + std::to_string(value) + "\n";
}

void OpenMetrics::gauge_seconds(std::string_view name, std::string_view help, std::int64_t ms)
{
    gauge_microseconds(name, help, ms * 1000);
}

void OpenMetrics::gauge_microseconds(std::string_view name, std::string_view help, std::int64_t us)
{
    family(name, "gauge", help, "seconds");
    ((out_ += prefix_) += name) += " " + seconds(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0))) + "\n";
}

void OpenMetrics::counter_milliseconds(std::string_view name, std::string_view help, std::int64_t ms)
{
    family(name, "counter", help, "seconds");
    ((out_ += prefix_) += name) +=
        "_total " + seconds(static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)) * 1000) + "\n";
}

void OpenMetrics::histogram(std::string_view name, std::string_view help, const Histogram& histogram)
{
    family(name, "histogram", help, "seconds");
    const auto full = prefix_ + std::string(name);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < Histogram::bounds_us.size(); ++i) {
        below += histogram.count(i);
        out_ += full + "_bucket{le=\"" + seconds(static_cast<std::uint64_t>(Histogram::bounds_us[i])) + "\"} " +
                std::to_string(below) + "\n";
    }
    below += histogram.count(Histogram::bounds_us.size());
    out_ += full + "_bucket{le=\"+Inf\"} " + std::to_string(below) + "\n";
    out_ += full + "_sum " + seconds(histogram.sum_us()) + "\n";
    out_ += full + "_count " + std::to_string(below) + "\n";
}

void OpenMetrics::info(std::string_view name, std::string_view help, const Labels& labels)
{
    family(name, "info", help);
    ((out_ += prefix_) += name) += "_info{";
    bool first = true;
    for (const auto& [label, value] : labels) {
        if (!first) out_ += ',';
        first = false;
        ((out_ += label) += "=\"") += escaped(value) + "\"";
    }
    out_ += "} 1\n";
}

void OpenMetrics::states(std::string_view name, std::string_view help,
                         const std::vector<std::pair<std::string_view, bool>>& states)
{
    family(name, "stateset", help);
    one_line_each(name, prefix_ + std::string(name), states);
}

void OpenMetrics::labelled(std::string_view name, std::string_view label, std::string_view help,
                           const std::vector<std::pair<std::string_view, bool>>& states)
{
    family(name, "gauge", help);
    one_line_each(name, label, states);
}

void OpenMetrics::one_line_each(std::string_view name, std::string_view label,
                                const std::vector<std::pair<std::string_view, bool>>& states)
{
    for (const auto& [state, holds] : states)
        ((((((out_ += prefix_) += name) += '{') += label) += "=\"") += escaped(state)) += holds ? "\"} 1\n" : "\"} 0\n";
}

std::string OpenMetrics::take()
{
    out_ += "# EOF\n";
    return std::exchange(out_, {});
}

MetricName metric_name(std::string_view counter)
{
    constexpr std::string_view total = "_total";
    if (std::find(open_ones.begin(), open_ones.end(), counter) != open_ones.end())
        return {std::string(counter) + "_open", false};
    if (std::find(gauges.begin(), gauges.end(), counter) != gauges.end()) return {std::string(counter), false};
    const bool has_total = counter.size() > total.size() && counter.substr(counter.size() - total.size()) == total;
    return {std::string(has_total ? counter.substr(0, counter.size() - total.size()) : counter), true};
}

void write_process(OpenMetrics& out, std::int64_t started_ms)
{
    out.prefix("process_");
    out.gauge_seconds("start_time_seconds", "When it was started, since 1970.", started_ms);
    std::uint64_t pages_virtual = 0, pages_resident = 0;
    std::ifstream("/proc/self/statm") >> pages_virtual >> pages_resident;
    if (pages_resident > 0)
        out.gauge("resident_memory_bytes", "Memory that the process has in RAM.",
                  pages_resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    std::error_code fault;
    std::filesystem::directory_iterator files("/proc/self/fd", fault);
    if (!fault)
        out.gauge("open_fds", "Open file descriptors.",
                  static_cast<std::uint64_t>(std::distance(begin(files), end(files))));
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.gauge("max_fds", "As many file descriptors may be open.", limit.rlim_cur);
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0)
        out.counter_milliseconds("cpu_seconds", "CPU time, user and system, since the start.",
                                 (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
                                     (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
}

} // namespace godwit::relay

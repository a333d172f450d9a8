// SPDX-License-Identifier: Apache-2.0
// The relay's figures as OpenMetrics text (OpenMetrics 1.0; Prometheus reads it too). Nobody's name is among them.
#pragma once

#include "relay/daemon/histogram.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::relay {

inline constexpr const char* open_metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes one exposition. A family is written once, in one piece; names are without the program's prefix, which is
/// put before them.
class OpenMetrics {
public:
    using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

    explicit OpenMetrics(std::string prefix) : prefix_(std::move(prefix)) {}

    /// `name` without `_total`, which the sample gets.
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void gauge(std::string_view name, std::string_view help, std::uint64_t value);
    /// `name` ends in `_seconds`.
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram);
    /// What does not change while it runs; the sample gets `_info`.
    void info(std::string_view name, std::string_view help, const Labels& labels);
    /// A gauge for each state, of which one is 1.
    void states(std::string_view name, std::string_view help,
                const std::vector<std::pair<std::string_view, bool>>& states);
    /// The same as plain gauges with a label, for readers of the Prometheus text format, which has no state sets.
    void labelled(std::string_view name, std::string_view label, std::string_view help,
                  const std::vector<std::pair<std::string_view, bool>>& states);
    /// As seconds with a fraction.
    void gauge_seconds(std::string_view name, std::string_view help, std::int64_t ms);
    void gauge_microseconds(std::string_view name, std::string_view help, std::int64_t us);
    void counter_milliseconds(std::string_view name, std::string_view help, std::int64_t ms);
    /// Of the families to come.
    void prefix(std::string prefix) { prefix_ = std::move(prefix); }
    /// With the end mark; the writer is empty afterwards.
    [[nodiscard]] std::string take();

private:
    void one_line_each(std::string_view name, std::string_view label,
                       const std::vector<std::pair<std::string_view, bool>>& states);
    void family(std::string_view name, std::string_view type, std::string_view help, std::string_view unit = {});

    std::string prefix_;
    std::string out_;
};

/// The relay's own counters have the names that SIGUSR1 prints. What they are as metrics: those that are now, and not
/// since the start, are gauges, and are called `…_open`.
struct MetricName {
    std::string family;
    bool is_counter = true;
};
[[nodiscard]] MetricName metric_name(std::string_view counter);

/// Of this process, by the names that Prometheus' clients give them: memory, descriptors, CPU time. Where the system
/// does not say (/proc), nothing. The last of an exposition: the prefix is `process_` afterwards.
void write_process(OpenMetrics& out, std::int64_t started_ms);

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/core/counters.hpp"
#include "relay/daemon/health.hpp"
#include "relay/daemon/metrics.hpp"
#include "relay/daemon/operations.hpp"
#include "relay/turn/turn.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace godwit;
using namespace godwit::relay;

TEST_CASE("an exposition, letter for letter")
{
    OpenMetrics out("relay_");
    out.info("build", "Which \"one\".", {{"version", "1.2\\3"}, {"os", "a\nb"}});
    out.counter("links", "All so far.", 7);
    out.gauge("links_open", "Now.", 3);
    out.gauge_seconds("uptime_seconds", "How long.", 12'345);
    out.states("cause", "Why.", {{"full", true}, {"slow", false}});
    CHECK(out.take() == "# TYPE relay_build info\n"
                        "# HELP relay_build Which \\\"one\\\".\n"
                        "relay_build_info{version=\"1.2\\\\3\",os=\"a\\nb\"} 1\n"
                        "# TYPE relay_links counter\n"
                        "# HELP relay_links All so far.\n"
                        "relay_links_total 7\n"
                        "# TYPE relay_links_open gauge\n"
                        "# HELP relay_links_open Now.\n"
                        "relay_links_open 3\n"
                        "# TYPE relay_uptime_seconds gauge\n"
                        "# UNIT relay_uptime_seconds seconds\n"
                        "# HELP relay_uptime_seconds How long.\n"
                        "relay_uptime_seconds 12.345\n"
                        "# TYPE relay_cause stateset\n"
                        "# HELP relay_cause Why.\n"
                        "relay_cause{relay_cause=\"full\"} 1\n"
                        "relay_cause{relay_cause=\"slow\"} 0\n"
                        "# EOF\n");
    CHECK(out.take() == "# EOF\n");
    out.labelled("step", "name", "Which.", {{"full", true}, {"slow", false}});
    CHECK(out.take() == "# TYPE relay_step gauge\n"
                        "# HELP relay_step Which.\n"
                        "relay_step{name=\"full\"} 1\n"
                        "relay_step{name=\"slow\"} 0\n"
                        "# EOF\n");
}

TEST_CASE("a histogram cumulates; a bound belongs to its bucket; the last has everything")
{
    Histogram times;
    times.observe(Duration(100));        // at the first bound
    times.observe(Duration(101));        // one past it
    times.observe(Duration(30'000'000)); // at the last
    times.observe(Duration(30'000'001)); // past all
    times.observe(Duration(-5));         // a clock that went back
    OpenMetrics out("");
    out.histogram("tick_seconds", "How long.", times);
    const auto text = out.take();
    CHECK(text.find("tick_seconds_bucket{le=\"0.0001\"} 2\n") != std::string::npos);
    CHECK(text.find("tick_seconds_bucket{le=\"0.00025\"} 3\n") != std::string::npos);
    CHECK(text.find("tick_seconds_bucket{le=\"5.0\"} 3\n") != std::string::npos);
    CHECK(text.find("tick_seconds_bucket{le=\"30.0\"} 4\n") != std::string::npos);
    CHECK(text.find("tick_seconds_bucket{le=\"+Inf\"} 5\n") != std::string::npos);
    CHECK(text.find("tick_seconds_sum 60.000202\n") != std::string::npos);
    CHECK(text.find("tick_seconds_count 5\n") != std::string::npos);
}

TEST_CASE("every counter of the relay is a family of its own")
{
    std::set<std::string> families;
    const auto visit = [&](std::string_view name, std::uint64_t) {
        const auto metric = metric_name(name);
        CAPTURE(metric.family);
        CHECK(families.insert(metric.family).second);
        CHECK(metric.family.find("_total") == std::string::npos);
    };
    Counters{}.each(visit);
    turn::Counters{}.each(visit);
    CHECK(metric_name("links").is_counter == false);
    CHECK(metric_name("links").family == "links_open");
    CHECK(metric_name("links_total").family == "links");
    CHECK(metric_name("commits").is_counter);
}

TEST_CASE("what speaks against a relay, one cause and all of them")
{
    struct Row {
        const char* name;
        void (*set)(Facts&);
    };
    const Row rows[] = {{"draining", [](Facts& f) { f.is_draining = true; }},
                        {"database", [](Facts& f) { f.storage_error = "disk I/O error"; }},
                        {"disk_full", [](Facts& f) { f.disk_free_bytes = f.disk_free_bytes_min - 1; }},
                        {"overload", [](Facts& f) { f.overload = "new logins"; }}};
    Facts good;
    good.disk_free_bytes_min = 64 * 1024 * 1024;
    good.disk_free_bytes = good.disk_free_bytes_min; // at the limit
    CHECK(causes_against(good).empty());
    CHECK(ready_json({}) == "{\"ready\":true,\"causes\":[]}\n");
    auto all = good;
    for (const auto& row : rows) {
        CAPTURE(row.name);
        auto facts = good;
        row.set(facts);
        row.set(all);
        const auto causes = causes_against(facts);
        REQUIRE(causes.size() == 1);
        CHECK(causes[0].name == row.name);
    }
    CHECK(causes_against(all).size() == 4);
    CHECK(ready_json({{"database", "a \"b\""}, {"overload", "c"}}) ==
          "{\"ready\":false,\"causes\":[{\"cause\":\"database\",\"detail\":\"a "
          "\\\"b\\\"\"},{\"cause\":\"overload\",\"detail\":\"c\"}]}\n");
    good.disk_free_bytes.reset();
    CHECK(causes_against(good).empty());
    CHECK(!disk_free("/no/such/place"));
    CHECK(disk_free("/"));
}

TEST_CASE("after a commit that failed the database is well again by one that stores something, and by no empty one")
{
    MetricsConfig config;
    config.disk_free_bytes_min = 0;
    Operations operations({[](const auto&) {}, [] { return false; }, [] { return std::string(); }, "1", "/"}, config);
    const auto ticked = [&](const Result<void>& committed, std::uint64_t commits) {
        return operations.ticked(Duration(1), Duration(1), committed, commits);
    };
    CHECK_FALSE(ticked({}, 7));
    CHECK_FALSE(ticked(Error{ErrorCode::storage_failed, "disk I/O error", 0}, 7));
    CHECK_FALSE(ticked({}, 7));
    const auto causes = causes_against(operations.facts());
    REQUIRE(causes.size() == 1);
    CHECK(causes[0].name == "database");
    CHECK(ticked({}, 8));
    CHECK(causes_against(operations.facts()).empty());
    CHECK_FALSE(ticked({}, 8));
}

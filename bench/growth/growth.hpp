// SPDX-License-Identifier: Apache-2.0
// How cost grows: the same work at several sizes of what is there already, and the exponent between them.
#pragma once

#include "bench/figures.hpp"
#include "bench/pilot.hpp"

#include <cmath>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace bench::growth {

/// Of this process, all threads.
inline double cpu_us()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// One kind of work over one kind of size.
class Curve {
public:
    Curve(std::string work, std::string of, const char* unit) : work_(std::move(work)), of_(std::move(of)), unit_(unit)
    {
    }
    void at(double size, double cost)
    {
        points_.emplace_back(size, cost);
        figure("growth/" + work_ + "/" + of_ + "/" + std::to_string(static_cast<long>(size)), cost);
    }
    /// 0: it costs the same whatever is there; 1: twice as much when there is twice as much. Between first and last.
    [[nodiscard]] double exponent() const
    {
        const auto& [size, cost] = points_.front();
        const auto& [last_size, last_cost] = points_.back();
        return std::log(last_cost / cost) / std::log(last_size / size);
    }
    void print() const
    {
        std::printf("%-42s of %-14s", (work_ + ", " + unit_).c_str(), of_.c_str());
        for (const auto& [size, cost] : points_)
            std::printf("  %8.0f: %8.1f", size, cost);
        if (points_.size() > 1) {
            std::printf("   grows as n^%.2f", exponent());
            figure("growth/" + work_ + "/" + of_ + "/exponent", exponent());
        }
        std::printf("\n");
        std::fflush(stdout);
    }

private:
    std::string work_;
    std::string of_;
    const char* unit_;
    std::vector<std::pair<double, double>> points_;
};

/// By messages in the history, on the store alone.
void by_history(const std::filesystem::path& folder, std::uint64_t messages);
/// By conversations in the store.
void by_conversations(const std::filesystem::path& folder, std::uint64_t conversations);
/// By contacts of a client, all online: what a message to one of them costs.
void by_contacts(const std::filesystem::path& folder, const std::string& relay_program, int contacts);

} // namespace bench::growth

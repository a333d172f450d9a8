// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/strain.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace godwit::relay {
namespace {

/// Smoothing: one tick that waited two seconds for the disk says little, eight in a row say all.
constexpr int tick_weight = 8;
/// Walking the heap costs milliseconds.
constexpr Duration trim_interval = std::chrono::seconds(10);

/// memory.max of this process's control group and of those above it: the least. 0: no limit.
std::uint64_t cgroup_bytes()
{
    std::ifstream self("/proc/self/cgroup");
    std::string line;
    while (std::getline(self, line))
        if (line.starts_with("0::")) break;
    if (!line.starts_with("0::")) return 0;
    std::uint64_t least = 0;
    for (std::string path = line.substr(3);; path.resize(path.rfind('/'))) {
        std::ifstream file("/sys/fs/cgroup" + path + "/memory.max");
        std::uint64_t bytes = 0; // "max" is no number
        if (file >> bytes && bytes > 0 && (least == 0 || bytes < least)) least = bytes;
        if (path.empty() || path.rfind('/') == std::string::npos) return least;
    }
}

} // namespace

std::uint64_t resident_bytes()
{
    std::ifstream file("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    if (!(file >> all >> resident)) return 0;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t granted_bytes()
{
    const auto pages = ::sysconf(_SC_PHYS_PAGES);
    const auto machine =
        pages > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
    const auto group = cgroup_bytes();
    return group != 0 && (machine == 0 || group < machine) ? group : machine;
}

StrainGauge::StrainGauge(OverloadLimits limits) : limits_(limits)
{
    if (limits_.memory_bytes_max == 0) limits_.memory_bytes_max = granted_bytes() / 4 * 3;
}

void StrainGauge::ticked(Duration took)
{
    tick_ += (took - tick_) / tick_weight;
    ticked_ = true;
}

Strain StrainGauge::measure(std::uint64_t queued_bytes, Instant now)
{
    if (!std::exchange(ticked_, false)) tick_ -= tick_ / tick_weight; // idle: nothing is slow
    Strain out{resident_bytes(), limits_.memory_bytes_max, queued_bytes, limits_.queued_bytes_max, tick_,
               limits_.tick_max};
    const bool much = out.memory_bytes * 1000 >= std::uint64_t{begins_at(Shed::strangers)} * out.memory_bytes_max;
    if (!much || now < trim_from_) return out;
    trim_from_ = now + trim_interval;
#ifdef __GLIBC__
    ::malloc_trim(0);
    out.memory_bytes = resident_bytes();
#endif
    return out;
}

} // namespace godwit::relay

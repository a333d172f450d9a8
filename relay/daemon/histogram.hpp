// SPDX-License-Identifier: Apache-2.0
// How long things took, in fixed buckets: constant memory, nothing to configure.
#pragma once

#include "lib/base/time.hpp"

#include <array>
#include <cstdint>

namespace godwit::relay {

class Histogram {
public:
    /// Upper bounds, inclusive, in microseconds: from what a tick without news takes to what a dying disk does.
    static constexpr std::array<std::int64_t, 14> bounds_us = {
        100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000, 30'000'000};

    void observe(Duration took) noexcept
    {
        std::size_t at = 0;
        while (at < bounds_us.size() && took.count() > bounds_us[at])
            ++at;
        ++counts_[at];
        sum_us_ += took.count() < 0 ? 0 : static_cast<std::uint64_t>(took.count());
    }
    /// Those in bucket `at`, not cumulated; bounds_us.size(): beyond all bounds.
    [[nodiscard]] std::uint64_t count(std::size_t at) const noexcept { return counts_[at]; }
    [[nodiscard]] std::uint64_t sum_us() const noexcept { return sum_us_; }

private:
    std::array<std::uint64_t, bounds_us.size() + 1> counts_{};
    std::uint64_t sum_us_ = 0;
};

} // namespace godwit::relay

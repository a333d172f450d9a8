// SPDX-License-Identifier: Apache-2.0
// Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): the smallest list
// of steps, as far as taking parts away finds it, that still fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace godwit::testing {

/// `fails(all)` is true. At most `runs_max` calls; a smaller list is returned when there was one.
[[nodiscard]] inline std::vector<std::uint32_t>
minimise(std::vector<std::uint32_t> all, const std::function<bool(const std::vector<std::uint32_t>&)>& fails,
         std::size_t runs_max)
{
    std::size_t runs = 0;
    std::size_t parts = 2;
    while (all.size() >= 2 && runs < runs_max) {
        const auto size = (all.size() + parts - 1) / parts;
        bool smaller = false;
        for (std::size_t from = 0; from < all.size() && runs < runs_max; from += size) {
            auto rest = all;
            const auto begin = rest.begin() + static_cast<std::ptrdiff_t>(from);
            rest.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, rest.size() - from)));
            ++runs;
            if (!fails(rest)) continue;
            all = std::move(rest);
            parts = std::max<std::size_t>(parts - 1, 2);
            smaller = true;
            break;
        }
        if (smaller) continue;
        if (size == 1) break;
        parts = std::min(parts * 2, all.size());
    }
    return all;
}

} // namespace godwit::testing

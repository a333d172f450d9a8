// SPDX-License-Identifier: Apache-2.0
// The loop that all tests of scarce memory share.
#pragma once

#include "tests/alloc/failing_new.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <new>

namespace godwit::test {

/// The allocation that fails after the k-th has: each of the first GODWIT_ALLOCATIONS (100; ./dev gates Z1: 2,000),
/// then in growing steps.
inline std::uint64_t next_allocation(std::uint64_t k)
{
    static const std::uint64_t each = [] {
        const char* const given = std::getenv("GODWIT_ALLOCATIONS");
        return given != nullptr ? std::strtoull(given, nullptr, 10) : 100;
    }();
    return k + (k < each ? 1 : k / 40 + 1);
}

/// Runs `work` with its k-th allocation failing, k = 1, 2, … (next_allocation), until none fails; `after` is
/// called after each failure. `work` returns whether it did what it should; it must when nothing failed, and may say no
/// or throw std::bad_alloc, never anything else, when something did. Whatever it takes it must have given back. Returns
/// how often memory ran out.
template <class Work, class After>
std::uint64_t at_each_allocation(Work&& work, After&& after)
{
    std::uint64_t failures = 0;
    for (std::uint64_t k = 1;; k = next_allocation(k)) {
        INFO("allocation ", k);
        bool done = false;
        bool struck = false;
        const auto before = allocations_alive();
        {
            const ScarceMemory scarce(k);
            try {
                done = work();
            } catch (const std::bad_alloc&) {
                done = false;
            }
            struck = scarce.struck();
        }
        const auto left_behind = allocations_alive() - before;
        CHECK(left_behind == 0);
        if (!struck) {
            CHECK(done);
            return failures;
        }
        ++failures;
        after();
    }
}

} // namespace godwit::test

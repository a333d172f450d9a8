// SPDX-License-Identifier: Apache-2.0
// Memory that runs out at the k-th allocation: operator new of this program (failing_new.cpp), and SQLite's allocator.
//
//   for (k = 1; ; ++k) { ScarceMemory scarce(k); try { work(); } catch (const std::bad_alloc&) {} if (!scarce.struck())
//   break; }
#pragma once

#include <cstdint>

namespace godwit::test {

/// The k-th allocation of this thread from here on fails, once; none when it is gone again.
class ScarceMemory {
public:
    explicit ScarceMemory(std::uint64_t k);
    ~ScarceMemory();
    ScarceMemory(const ScarceMemory&) = delete;
    ScarceMemory& operator=(const ScarceMemory&) = delete;
    [[nodiscard]] bool struck() const;
};

/// Allocations of this thread that are alive: what work() leaves behind it leaves on purpose.
[[nodiscard]] std::int64_t allocations_alive();

} // namespace godwit::test

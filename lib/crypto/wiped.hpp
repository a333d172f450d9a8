// SPDX-License-Identifier: Apache-2.0
// Byte strings that hold secrets: ordinary vectors whose storage is zeroed before it goes back to the heap.
#pragma once

#include "lib/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace godwit::crypto {

/// Zeroes memory in a way that the optimiser keeps.
void wipe_memory(void* data, std::size_t size_bytes) noexcept;

/// Zeroes every block before it is freed, which covers growth and moves of a vector too.
template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() noexcept = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>&) noexcept
    {
    }
    [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
    void deallocate(T* data, std::size_t count) noexcept
    {
        wipe_memory(data, count * sizeof(T));
        ::operator delete(data);
    }
    template <class U>
    friend bool operator==(const WipingAllocator&, const WipingAllocator<U>&) noexcept
    {
        return true;
    }
};

using WipedBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

[[nodiscard]] inline WipedBytes to_wiped(BytesView view)
{
    return WipedBytes(view.begin(), view.end());
}

/// Compares in time that depends on the lengths only.
[[nodiscard]] bool secure_equal(BytesView a, BytesView b) noexcept;

} // namespace godwit::crypto

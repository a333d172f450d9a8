// SPDX-License-Identifier: Apache-2.0
// Byte strings that hold secrets: ordinary vectors whose storage is zeroed before it goes back to the heap.
#pragma once

#include "lib/base/wiping.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::crypto {

/// Zeroes memory in a way that the optimiser keeps.
void wipe_memory(void* data, std::size_t size_bytes) noexcept;

using WipedBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

[[nodiscard]] inline WipedBytes to_wiped(BytesView view)
{
    return WipedBytes(view.begin(), view.end());
}

/// Compares in time that depends on the lengths only.
[[nodiscard]] bool secure_equal(BytesView a, BytesView b) noexcept;

} // namespace godwit::crypto

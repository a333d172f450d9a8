// SPDX-License-Identifier: Apache-2.0
// Private to seal: how long sealed content looks. Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted
// Files and Communication with PURBs", section 4): of n bytes the length tells O(log log n) bits, for at most 12
// percent more.
#pragma once

#include <bit>
#include <cstddef>

namespace godwit::seal {

/// Receipts, short texts and most of an ICE signal look alike.
inline constexpr std::size_t padded_bytes_min = 256;

[[nodiscard]] constexpr std::size_t padded_size(std::size_t size_bytes) noexcept
{
    if (size_bytes <= padded_bytes_min) return padded_bytes_min;
    const auto exponent = static_cast<std::size_t>(std::bit_width(size_bytes)) - 1; // floor(log2 L)
    const auto kept_bits = static_cast<std::size_t>(std::bit_width(exponent));      // floor(log2 E) + 1
    const std::size_t mask = (std::size_t{1} << (exponent - kept_bits)) - 1;
    return (size_bytes + mask) & ~mask;
}

} // namespace godwit::seal

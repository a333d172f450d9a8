// SPDX-License-Identifier: Apache-2.0
// The nonce of one among few things under a key that seals nothing else: its number, big-endian, behind zeros.
#pragma once

#include "lib/crypto/aead.hpp"

#include <array>
#include <cstdint>

namespace godwit::crypto {

[[nodiscard]] inline std::array<std::uint8_t, xchacha_nonce_bytes> counter_nonce(std::uint32_t number)
{
    std::array<std::uint8_t, xchacha_nonce_bytes> out{};
    for (std::size_t i = 0; i < 4; ++i)
        out[out.size() - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
}

} // namespace godwit::crypto

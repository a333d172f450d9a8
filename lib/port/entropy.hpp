// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace godwit::port {

/// Randomness as an argument: the real one is the operating system's, the simulated one comes from a seed.
class Entropy {
public:
    virtual ~Entropy() = default;
    /// Fills `out` with bytes fit for keys. Never fails: without entropy the process must not go on.
    virtual void fill(std::span<std::uint8_t> out) = 0;

    [[nodiscard]] std::uint64_t next_u64()
    {
        std::uint8_t raw[8];
        fill(raw);
        std::uint64_t out = 0;
        for (auto b : raw)
            out = (out << 8) | b;
        return out;
    }
};

} // namespace godwit::port

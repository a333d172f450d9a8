// SPDX-License-Identifier: Apache-2.0
// Entropy for tests: the same seed gives the same bytes (SplitMix64). Fit for nothing else.
#pragma once

#include "lib/port/entropy.hpp"

namespace godwit::test {

class SeededEntropy final : public port::Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}

    void fill(std::span<std::uint8_t> out) override
    {
        for (auto& byte : out) {
            state_ += 0x9e3779b97f4a7c15ULL;
            std::uint64_t z = state_;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
            byte = static_cast<std::uint8_t>((z ^ (z >> 31)) >> 56);
        }
    }

private:
    std::uint64_t state_;
};

} // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/port/entropy.hpp"

namespace godwit::loop {

/// The operating system's generator (getrandom and its kin). Any thread. Aborts the process when there is none.
class SystemEntropy final : public port::Entropy {
public:
    void fill(std::span<std::uint8_t> out) override;
};

} // namespace godwit::loop

// SPDX-License-Identifier: Apache-2.0
#include "transport/loop/system_entropy.hpp"

#include "lib/base/check.hpp"

#include <uv.h>

namespace godwit::loop {

void SystemEntropy::fill(std::span<std::uint8_t> out)
{
    GODWIT_ASSERT(uv_random(nullptr, nullptr, out.data(), out.size(), 0, nullptr) == 0);
}

} // namespace godwit::loop

// SPDX-License-Identifier: Apache-2.0
#include "lib/base/wiping.hpp"

#include <cstring>

namespace godwit {

void wipe(void* data, std::size_t size_bytes) noexcept
{
    // Through a volatile pointer the call cannot be known to be without effect.
    static void* (*const volatile set)(void*, int, std::size_t) = std::memset;
    if (size_bytes != 0) set(data, 0, size_bytes);
}

void wipe(std::string& secret) noexcept
{
    secret.resize(secret.capacity());
    wipe(secret.data(), secret.size());
    secret.clear();
}

} // namespace godwit

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/wiped.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {

void sodium_ready() noexcept
{
    // A once-guard, not a singleton: sodium_init is idempotent and thread-safe.
    static const int ready = sodium_init();
    GODWIT_ASSERT(ready >= 0);
}

void wipe_memory(void* data, std::size_t size_bytes) noexcept
{
    if (size_bytes != 0) sodium_memzero(data, size_bytes);
}

bool secure_equal(BytesView a, BytesView b) noexcept
{
    return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

} // namespace godwit::crypto

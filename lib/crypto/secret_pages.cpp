// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/secret_pages.hpp"

#include "lib/base/wiping.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {
namespace {

class GuardedPages final : public SecretPages {
public:
    Taken take(std::size_t size_bytes) noexcept override
    {
        void* const data = sodium_malloc(size_bytes);
        // sodium_malloc has locked it, or failed to and does not say; locks do not nest, so asking again is free.
        return {data, data != nullptr && sodium_mlock(data, size_bytes) == 0};
    }
    void give_back(void* data, std::size_t) noexcept override { sodium_free(data); }
};

} // namespace

void lock_secrets()
{
    sodium_ready();
    static GuardedPages pages;
    use_secret_pages(pages);
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/key.hpp"

#include "lib/base/check.hpp"

#include <algorithm>
#include <sodium.h>

namespace godwit::sqlite {

void SecretBytes::Wipe::operator()(std::uint8_t* bytes) const noexcept
{
    sodium_free(bytes);
}

SecretBytes::SecretBytes(std::size_t size) : size_(size)
{
    GODWIT_ASSERT(sodium_init() >= 0);
    bytes_.reset(static_cast<std::uint8_t*>(sodium_malloc(size)));
    GODWIT_ASSERT(bytes_ != nullptr);
    sodium_memzero(bytes_.get(), size);
}

SecretBytes::SecretBytes(BytesView copy_of) : SecretBytes(copy_of.size())
{
    std::copy(copy_of.begin(), copy_of.end(), bytes_.get());
}

Result<Key> Key::raw(BytesView key)
{
    const bool zero = std::all_of(key.begin(), key.end(), [](std::uint8_t b) { return b == 0; });
    if (key.size() != key_bytes || zero)
        return Error{ErrorCode::invalid_argument, "the store key must be 32 random bytes"};
    return Key(KeyKind::raw_key, key, KdfCost{});
}

Result<Key> Key::passphrase(std::string_view text, KdfCost cost)
{
    if (text.empty() || text.size() > passphrase_bytes_max)
        return Error{ErrorCode::invalid_argument, "the passphrase must have 1 to 1024 bytes"};
    if (!cost.within_bounds()) return Error{ErrorCode::invalid_argument, "the Argon2id cost is out of bounds"};
    return Key(KeyKind::passphrase, as_bytes(text), cost);
}

} // namespace godwit::sqlite

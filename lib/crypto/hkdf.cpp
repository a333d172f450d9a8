// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/hkdf.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

#include <algorithm>

namespace godwit::crypto {

static_assert(hkdf_hash_bytes == crypto_hash_sha256_BYTES && hkdf_hash_bytes == crypto_auth_hmacsha256_BYTES);

Sha256Digest sha256_of(Parts parts) noexcept
{
    sodium_ready();
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (auto part : parts)
        crypto_hash_sha256_update(&state, part.data(), part.size());
    Sha256Digest out;
    crypto_hash_sha256_final(&state, out.data());
    wipe_memory(&state, sizeof state);
    return out;
}

namespace {

/// libsodium's headers promise the compiler that the key is somewhere, also an empty one (RFC 5869's absent salt).
void hmac_init(crypto_auth_hmacsha256_state& state, BytesView key) noexcept
{
    static constexpr std::uint8_t nothing = 0;
    crypto_auth_hmacsha256_init(&state, key.empty() ? &nothing : key.data(), key.size());
}

} // namespace

Sha256Digest hmac_sha256_of(BytesView key, Parts parts) noexcept
{
    sodium_ready();
    crypto_auth_hmacsha256_state state;
    hmac_init(state, key);
    for (auto part : parts)
        crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    Sha256Digest out;
    crypto_auth_hmacsha256_final(&state, out.data());
    wipe_memory(&state, sizeof state);
    return out;
}

WipedBytes hkdf_extract(BytesView salt, Parts ikm)
{
    Sha256Digest prk = hmac_sha256_of(salt, ikm);
    WipedBytes out(prk.begin(), prk.end());
    wipe_memory(prk.data(), prk.size());
    return out;
}

WipedBytes hkdf_expand(BytesView prk, Parts info, std::size_t length_bytes)
{
    GODWIT_ASSERT(length_bytes <= hkdf_expand_bytes_max);
    sodium_ready();
    WipedBytes out;
    out.reserve(length_bytes);
    Sha256Digest block{};
    std::uint8_t counter = 0;
    while (out.size() < length_bytes) {
        crypto_auth_hmacsha256_state state;
        hmac_init(state, prk);
        if (counter != 0) crypto_auth_hmacsha256_update(&state, block.data(), block.size());
        for (auto part : info)
            crypto_auth_hmacsha256_update(&state, part.data(), part.size());
        ++counter;
        crypto_auth_hmacsha256_update(&state, &counter, 1);
        crypto_auth_hmacsha256_final(&state, block.data());
        wipe_memory(&state, sizeof state);
        const std::size_t take = std::min(block.size(), length_bytes - out.size());
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(take));
    }
    wipe_memory(block.data(), block.size());
    return out;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/legacy.hpp"

#include <nettle/hmac.h>
#include <nettle/md5.h>

namespace godwit::crypto {

Sha1Digest hmac_sha1_of(BytesView key, Parts parts) noexcept
{
    static constexpr std::uint8_t nothing = 0;
    hmac_sha1_ctx state;
    hmac_sha1_set_key(&state, key.size(), key.empty() ? &nothing : key.data());
    for (const auto part : parts)
        if (!part.empty()) hmac_sha1_update(&state, part.size(), part.data());
    Sha1Digest out;
    hmac_sha1_digest(&state, out.size(), out.data());
    wipe_memory(&state, sizeof state);
    return out;
}

Md5Digest md5_of(Parts parts) noexcept
{
    md5_ctx state;
    md5_init(&state);
    for (const auto part : parts)
        if (!part.empty()) md5_update(&state, part.size(), part.data());
    Md5Digest out;
    md5_digest(&state, out.size(), out.data());
    wipe_memory(&state, sizeof state);
    return out;
}

} // namespace godwit::crypto

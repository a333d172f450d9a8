// SPDX-License-Identifier: Apache-2.0
// By nettle, which knows the processor's SHA instructions: four times faster than libsodium's portable code, and MLS
// hashes everything, trees and megabytes of Welcome included.
#include "lib/crypto/hkdf.hpp"
#include "lib/base/check.hpp"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include <algorithm>

namespace godwit::crypto {

static_assert(hkdf_hash_bytes == SHA256_DIGEST_SIZE);

namespace {

class Hmac {
public:
    /// `key` may be empty: RFC 5869's absent salt.
    explicit Hmac(BytesView key) noexcept
    {
        static constexpr std::uint8_t nothing = 0;
        hmac_sha256_set_key(&state_, key.size(), key.empty() ? &nothing : key.data());
    }
    Hmac(const Hmac&) = delete;
    Hmac& operator=(const Hmac&) = delete;
    ~Hmac() { wipe_memory(&state_, sizeof state_); }

    void part(BytesView bytes) noexcept
    {
        if (!bytes.empty()) hmac_sha256_update(&state_, bytes.size(), bytes.data());
    }
    /// Afterwards the same key is ready for the next message.
    void finish(Sha256Digest& out) noexcept { hmac_sha256_digest(&state_, out.size(), out.data()); }

private:
    hmac_sha256_ctx state_;
};

} // namespace

Sha256Digest sha256_of(Parts parts) noexcept
{
    sha256_ctx state;
    sha256_init(&state);
    for (auto part : parts)
        if (!part.empty()) sha256_update(&state, part.size(), part.data());
    Sha256Digest out;
    sha256_digest(&state, out.size(), out.data());
    wipe_memory(&state, sizeof state);
    return out;
}

Sha256Digest hmac_sha256_of(BytesView key, Parts parts) noexcept
{
    Hmac hmac(key);
    for (auto part : parts)
        hmac.part(part);
    Sha256Digest out;
    hmac.finish(out);
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
    WipedBytes out;
    out.reserve(length_bytes);
    Hmac hmac(prk);
    Sha256Digest block{};
    for (std::uint8_t counter = 1; out.size() < length_bytes; ++counter) {
        if (counter != 1) hmac.part(block);
        for (auto part : info)
            hmac.part(part);
        hmac.part(BytesView(&counter, 1));
        hmac.finish(block);
        const std::size_t take = std::min(block.size(), length_bytes - out.size());
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(take));
    }
    wipe_memory(block.data(), block.size());
    return out;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
// By nettle, which knows the processor's SHA instructions: four times faster than libsodium's portable code, and MLS
// hashes everything, trees and megabytes of Welcome included.
#include "lib/crypto/hkdf.hpp"
#include "lib/base/check.hpp"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include <algorithm>

namespace godwit::crypto {

static_assert(hash_bytes(Sha2::sha256) == SHA256_DIGEST_SIZE && hash_bytes(Sha2::sha512) == SHA512_DIGEST_SIZE);

namespace {

/// nettle's names for one hash.
struct Hmac256 {
    using State = hmac_sha256_ctx;
    using Digest = Sha256Digest;
    static constexpr auto set_key = hmac_sha256_set_key;
    static constexpr auto update = hmac_sha256_update;
    static constexpr auto digest = hmac_sha256_digest;
};
struct Hmac512 {
    using State = hmac_sha512_ctx;
    using Digest = std::array<std::uint8_t, hash_bytes(Sha2::sha512)>;
    static constexpr auto set_key = hmac_sha512_set_key;
    static constexpr auto update = hmac_sha512_update;
    static constexpr auto digest = hmac_sha512_digest;
};

template <class H>
class Hmac {
public:
    using Digest = typename H::Digest;
    /// `key` may be empty: RFC 5869's absent salt.
    explicit Hmac(BytesView key) noexcept
    {
        static constexpr std::uint8_t nothing = 0;
        H::set_key(&state_, key.size(), key.empty() ? &nothing : key.data());
    }
    Hmac(const Hmac&) = delete;
    Hmac& operator=(const Hmac&) = delete;
    ~Hmac() { wipe_memory(&state_, sizeof state_); }

    void part(BytesView bytes) noexcept
    {
        if (!bytes.empty()) H::update(&state_, bytes.size(), bytes.data());
    }
    void parts(Parts all) noexcept
    {
        for (auto one : all)
            part(one);
    }
    /// Afterwards the same key is ready for the next message.
    void finish(Digest& out) noexcept { H::digest(&state_, out.size(), out.data()); }

private:
    typename H::State state_;
};

template <class H>
typename H::Digest hmac_by(BytesView key, Parts parts) noexcept
{
    Hmac<H> hmac(key);
    hmac.parts(parts);
    typename H::Digest out;
    hmac.finish(out);
    return out;
}

template <class Digest>
WipedBytes taken(Digest& digest)
{
    WipedBytes out(digest.begin(), digest.end());
    wipe_memory(digest.data(), digest.size());
    return out;
}

template <class H>
WipedBytes expand_by(BytesView prk, Parts info, std::size_t length_bytes)
{
    typename H::Digest block{};
    GODWIT_ASSERT(length_bytes <= 255 * block.size());
    WipedBytes out;
    out.reserve(length_bytes);
    Hmac<H> hmac(prk);
    for (std::uint8_t counter = 1; out.size() < length_bytes; ++counter) {
        if (counter != 1) hmac.part(block);
        hmac.parts(info);
        hmac.part(BytesView(&counter, 1));
        hmac.finish(block);
        const std::size_t take = std::min(block.size(), length_bytes - out.size());
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(take));
    }
    wipe_memory(block.data(), block.size());
    return out;
}

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
    return hmac_by<Hmac256>(key, parts);
}

WipedBytes hmac_of(Sha2 hash, BytesView key, Parts parts)
{
    if (hash == Sha2::sha256) {
        auto digest = hmac_by<Hmac256>(key, parts);
        return taken(digest);
    }
    auto digest = hmac_by<Hmac512>(key, parts);
    return taken(digest);
}

WipedBytes hkdf_extract(Sha2 hash, BytesView salt, Parts ikm)
{
    return hmac_of(hash, salt, ikm);
}

WipedBytes hkdf_extract(BytesView salt, Parts ikm)
{
    return hkdf_extract(Sha2::sha256, salt, ikm);
}

WipedBytes hkdf_expand(Sha2 hash, BytesView prk, Parts info, std::size_t length_bytes)
{
    return hash == Sha2::sha256 ? expand_by<Hmac256>(prk, info, length_bytes)
                                : expand_by<Hmac512>(prk, info, length_bytes);
}

WipedBytes hkdf_expand(BytesView prk, Parts info, std::size_t length_bytes)
{
    return hkdf_expand(Sha2::sha256, prk, info, length_bytes);
}

} // namespace godwit::crypto

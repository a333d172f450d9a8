// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/hash.hpp"

#include "lib/crypto/sodium_ready.hpp"

#include <sodium.h>

namespace godwit::crypto {
namespace {

using Personal = std::array<std::uint8_t, crypto_generichash_blake2b_PERSONALBYTES>;

Personal personal(std::string_view name)
{
    Personal out{};
    GODWIT_ASSERT(name.size() <= out.size());
    for (std::size_t i = 0; i < name.size(); ++i)
        out[i] = static_cast<std::uint8_t>(name[i]);
    return out;
}

class Blake2b {
public:
    Blake2b(BytesView key, std::string_view name, std::size_t out_bytes)
    {
        sodium_ready();
        const Personal who = personal(name);
        GODWIT_ASSERT(crypto_generichash_blake2b_init_salt_personal(&state_, key.empty() ? nullptr : key.data(),
                                                                    key.size(), out_bytes, nullptr, who.data()) == 0);
    }
    Blake2b(const Blake2b&) = delete;
    Blake2b& operator=(const Blake2b&) = delete;
    ~Blake2b() { sodium_memzero(&state_, sizeof state_); }

    void part(BytesView bytes)
    {
        std::uint8_t length[8];
        for (std::size_t i = 0; i < 8; ++i)
            length[i] = static_cast<std::uint8_t>(std::uint64_t{bytes.size()} >> (8 * i));
        crypto_generichash_blake2b_update(&state_, length, sizeof length);
        more(bytes);
    }
    void more(BytesView bytes) { crypto_generichash_blake2b_update(&state_, bytes.data(), bytes.size()); }

    void finish(std::span<std::uint8_t> out)
    {
        GODWIT_ASSERT(crypto_generichash_blake2b_final(&state_, out.data(), out.size()) == 0);
    }

private:
    crypto_generichash_blake2b_state state_;
};

} // namespace

Hash32 transcript_hash(std::string_view context, std::initializer_list<BytesView> parts)
{
    Hash32 out{};
    Blake2b hash({}, "godwit hash 1", out.size());
    hash.part(as_bytes(context));
    for (const auto& part : parts)
        hash.part(part);
    hash.finish(out);
    return out;
}

void derive(BytesView key, std::string_view context, std::initializer_list<BytesView> parts,
            std::span<std::uint8_t> out)
{
    GODWIT_ASSERT(key.size() >= 32 && key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
    GODWIT_ASSERT(out.size() >= crypto_generichash_blake2b_BYTES_MIN &&
                  out.size() <= crypto_generichash_blake2b_BYTES_MAX);
    GODWIT_ASSERT(!context.empty());
    Blake2b hash(key, "godwit derive 1", out.size());
    hash.part(as_bytes(context));
    for (const auto& part : parts)
        hash.part(part);
    hash.finish(out);
}

SecretArray<32> derive_key(BytesView key, std::string_view context, std::initializer_list<BytesView> parts)
{
    SecretArray<32> out;
    derive(key, context, parts, out.span());
    return out;
}

Hash32 node_hash(std::string_view personal_name, std::initializer_list<BytesView> parts)
{
    GODWIT_ASSERT(!personal_name.empty());
    Hash32 out{};
    Blake2b hash({}, personal_name, out.size());
    for (const auto& part : parts)
        hash.more(part);
    hash.finish(out);
    return out;
}

void blake2b(BytesView key, BytesView message, std::span<std::uint8_t> out)
{
    GODWIT_ASSERT(key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
    GODWIT_ASSERT(out.size() >= crypto_generichash_blake2b_BYTES_MIN &&
                  out.size() <= crypto_generichash_blake2b_BYTES_MAX);
    sodium_ready();
    GODWIT_ASSERT(crypto_generichash_blake2b(out.data(), out.size(), message.data(), message.size(),
                                             key.empty() ? nullptr : key.data(), key.size()) == 0);
}

} // namespace godwit::crypto

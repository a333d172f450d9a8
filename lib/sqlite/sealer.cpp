// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/sealer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <sodium.h>

namespace godwit::sqlite {
namespace {

static_assert(nonce_bytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(tag_bytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

/// 8 characters of kind, 8 bytes of position.
using Place = std::array<std::uint8_t, 16>;

Place place(const char (&kind)[9], std::uint64_t number)
{
    Place out{};
    std::memcpy(out.data(), kind, 8);
    store_be64(out.data() + 8, number);
    return out;
}

/// out: ciphertext of `size` bytes, nonce, tag.
void seal(const SecretBytes& key, const Place& where, const std::uint8_t* plain, std::size_t size, std::uint8_t* out)
{
    std::uint8_t* nonce = out + size;
    std::uint8_t* tag = nonce + nonce_bytes;
    randombytes_buf(nonce, nonce_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out, tag, nullptr, plain, size, where.data(), where.size(),
                                                        nullptr, nonce, key.data());
}

bool open(const SecretBytes& key, const Place& where, const std::uint8_t* in, std::size_t size, std::uint8_t* plain)
{
    const std::uint8_t* nonce = in + size;
    const std::uint8_t* tag = nonce + nonce_bytes;
    return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, nullptr, in, size, tag, where.data(),
                                                               where.size(), nonce, key.data()) == 0;
}

} // namespace

void Sealer::seal_page(std::uint64_t page, const std::uint8_t* plain, std::uint8_t* out) const
{
    seal(key_, place("db  page", page), plain, body_bytes, out);
}

bool Sealer::open_page(std::uint64_t page, const std::uint8_t* in, std::uint8_t* plain) const
{
    std::memset(plain + body_bytes, 0, reserved_bytes);
    return open(key_, place("db  page", page), in, body_bytes, plain);
}

void Sealer::seal_unit(std::uint64_t index, const std::uint8_t* plain, std::uint8_t* out) const
{
    seal(key_, place("wal unit", index), plain, unit_plain_bytes, out);
}

bool Sealer::open_unit(std::uint64_t index, const std::uint8_t* in, std::uint8_t* plain) const
{
    return open(key_, place("wal unit", index), in, unit_plain_bytes, plain);
}

void Sealer::seal_wal_header(unsigned slot, const std::uint8_t* plain, std::uint8_t* out) const
{
    std::memset(out, 0, slot_bytes);
    seal(key_, place("wal head", slot), plain, wal_header_bytes, out);
}

bool Sealer::open_wal_header(unsigned slot, const std::uint8_t* in, std::uint8_t* plain) const
{
    const auto* const rest = in + wal_header_bytes + reserved_bytes;
    if (!std::all_of(rest, in + slot_bytes, [](std::uint8_t b) { return b == 0; })) return false;
    return open(key_, place("wal head", slot), in, wal_header_bytes, plain);
}

} // namespace godwit::sqlite

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/aes.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/wiped.hpp"

#include <nettle/ctr.h>
#include <nettle/gcm.h>

#include <algorithm>

namespace godwit::crypto {
namespace {

constexpr std::size_t tag_bytes = GCM_DIGEST_SIZE;

/// nettle's names for one key length.
struct Aes128 {
    using Gcm = gcm_aes128_ctx;
    using Block = aes128_ctx;
    static constexpr auto gcm_key = gcm_aes128_set_key;
    static constexpr auto gcm_iv = gcm_aes128_set_iv;
    static constexpr auto gcm_aad = gcm_aes128_update;
    static constexpr auto gcm_encrypt = gcm_aes128_encrypt;
    static constexpr auto gcm_decrypt = gcm_aes128_decrypt;
    static constexpr auto gcm_digest = gcm_aes128_digest;
    static constexpr auto block_key = aes128_set_encrypt_key;
    static constexpr auto block = aes128_encrypt;
};
struct Aes256 {
    using Gcm = gcm_aes256_ctx;
    using Block = aes256_ctx;
    static constexpr auto gcm_key = gcm_aes256_set_key;
    static constexpr auto gcm_iv = gcm_aes256_set_iv;
    static constexpr auto gcm_aad = gcm_aes256_update;
    static constexpr auto gcm_encrypt = gcm_aes256_encrypt;
    static constexpr auto gcm_decrypt = gcm_aes256_decrypt;
    static constexpr auto gcm_digest = gcm_aes256_digest;
    static constexpr auto block_key = aes256_set_encrypt_key;
    static constexpr auto block = aes256_encrypt;
};

/// nettle's state, wiped: it holds the key.
template <class T>
struct Wiped {
    T state;
    Wiped() = default;
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    ~Wiped() { wipe_memory(&state, sizeof state); }
};

template <class A>
void begin(typename A::Gcm& gcm, BytesView key, BytesView nonce, BytesView aad)
{
    GODWIT_ASSERT(nonce.size() == GCM_IV_SIZE);
    A::gcm_key(&gcm, key.data());
    A::gcm_iv(&gcm, nonce.size(), nonce.data());
    if (!aad.empty()) A::gcm_aad(&gcm, aad.size(), aad.data());
}

template <class A>
void seal_by(BytesView key, BytesView nonce, BytesView aad, BytesView plaintext, std::uint8_t* out)
{
    Wiped<typename A::Gcm> gcm;
    begin<A>(gcm.state, key, nonce, aad);
    if (!plaintext.empty()) A::gcm_encrypt(&gcm.state, plaintext.size(), out, plaintext.data());
    A::gcm_digest(&gcm.state, tag_bytes, out + plaintext.size());
}

template <class A>
bool open_by(BytesView key, BytesView nonce, BytesView aad, BytesView ciphertext, std::uint8_t* out)
{
    const std::size_t size = ciphertext.size() - tag_bytes;
    Wiped<typename A::Gcm> gcm;
    begin<A>(gcm.state, key, nonce, aad);
    if (size != 0) A::gcm_decrypt(&gcm.state, size, out, ciphertext.data());
    std::uint8_t tag[tag_bytes];
    A::gcm_digest(&gcm.state, tag_bytes, tag);
    if (secure_equal(BytesView(tag, tag_bytes), ciphertext.last(tag_bytes))) return true;
    wipe_memory(out, size);
    return false;
}

template <class A>
void counter_by(BytesView key, BytesView initial_counter, BytesView in, std::uint8_t* out)
{
    Wiped<typename A::Block> aes;
    A::block_key(&aes.state, key.data());
    std::uint8_t counter[AES_BLOCK_SIZE];
    std::copy(initial_counter.begin(), initial_counter.end(), counter);
    ctr_crypt(&aes.state, reinterpret_cast<nettle_cipher_func*>(A::block), AES_BLOCK_SIZE, counter, in.size(), out,
              in.data());
}

bool is_256(BytesView key)
{
    GODWIT_ASSERT(key.size() == AES128_KEY_SIZE || key.size() == AES256_KEY_SIZE);
    return key.size() == AES256_KEY_SIZE;
}

} // namespace

void aes_gcm_seal(BytesView key, BytesView nonce, BytesView aad, BytesView plaintext, std::uint8_t* out)
{
    is_256(key) ? seal_by<Aes256>(key, nonce, aad, plaintext, out) : seal_by<Aes128>(key, nonce, aad, plaintext, out);
}

bool aes_gcm_open(BytesView key, BytesView nonce, BytesView aad, BytesView ciphertext, std::uint8_t* out)
{
    GODWIT_ASSERT(ciphertext.size() >= tag_bytes);
    return is_256(key) ? open_by<Aes256>(key, nonce, aad, ciphertext, out)
                       : open_by<Aes128>(key, nonce, aad, ciphertext, out);
}

void aes_ctr(BytesView key, BytesView initial_counter, BytesView in, std::uint8_t* out)
{
    GODWIT_ASSERT(initial_counter.size() == AES_BLOCK_SIZE);
    if (in.empty()) return;
    is_256(key) ? counter_by<Aes256>(key, initial_counter, in, out) : counter_by<Aes128>(key, initial_counter, in, out);
}

} // namespace godwit::crypto

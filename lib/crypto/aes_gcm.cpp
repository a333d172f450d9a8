// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/aes_gcm.hpp"
#include "lib/base/check.hpp"
#include "lib/crypto/wiped.hpp"

#include <nettle/gcm.h>

namespace godwit::crypto {
namespace {

constexpr std::size_t tag_bytes = GCM_DIGEST_SIZE;

struct Context {
    gcm_aes128_ctx gcm;
    Context(BytesView key, BytesView nonce, BytesView aad)
    {
        GODWIT_ASSERT(key.size() == AES128_KEY_SIZE && nonce.size() == GCM_IV_SIZE);
        gcm_aes128_set_key(&gcm, key.data());
        gcm_aes128_set_iv(&gcm, nonce.size(), nonce.data());
        if (!aad.empty()) gcm_aes128_update(&gcm, aad.size(), aad.data());
    }
    ~Context() { wipe_memory(&gcm, sizeof gcm); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

} // namespace

void aes_128_gcm_seal(BytesView key, BytesView nonce, BytesView aad, BytesView plaintext, std::uint8_t* out)
{
    Context context(key, nonce, aad);
    if (!plaintext.empty()) gcm_aes128_encrypt(&context.gcm, plaintext.size(), out, plaintext.data());
    gcm_aes128_digest(&context.gcm, tag_bytes, out + plaintext.size());
}

bool aes_128_gcm_open(BytesView key, BytesView nonce, BytesView aad, BytesView ciphertext, std::uint8_t* out)
{
    GODWIT_ASSERT(ciphertext.size() >= tag_bytes);
    const std::size_t size = ciphertext.size() - tag_bytes;
    Context context(key, nonce, aad);
    if (size != 0) gcm_aes128_decrypt(&context.gcm, size, out, ciphertext.data());
    std::uint8_t tag[tag_bytes];
    gcm_aes128_digest(&context.gcm, tag_bytes, tag);
    if (secure_equal(BytesView(tag, tag_bytes), ciphertext.last(tag_bytes))) return true;
    wipe_memory(out, size);
    return false;
}

} // namespace godwit::crypto

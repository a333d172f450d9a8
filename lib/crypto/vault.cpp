// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/vault.hpp"

#include "lib/crypto/aead.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/crypto/signing.hpp"

namespace godwit::crypto {
namespace {

constexpr std::uint8_t vault_version = 1;

Hash32 vault_context(std::string_view user, const PublicKey& account_key)
{
    return transcript_hash("godwit account vault 1", {as_bytes(user), account_key.view()});
}

} // namespace

static_assert(vault_bytes == 1 + xchacha_nonce_bytes + signing_seed_bytes + aead_tag_bytes);

Bytes seal_vault(BytesView vault_key, std::string_view user, const PublicKey& account_key, BytesView account_seed,
                 port::Entropy& entropy)
{
    GODWIT_ASSERT(SigningKey::from_seed(account_seed).public_key() == account_key);
    Bytes out{vault_version};
    append(out, seal_with_random_nonce(vault_key, vault_context(user, account_key), account_seed, entropy));
    GODWIT_ASSERT(out.size() == vault_bytes);
    return out;
}

Result<SecretBytes> open_vault(BytesView vault_key, std::string_view user, const PublicKey& account_key,
                               BytesView vault)
{
    if (vault.size() != vault_bytes || vault[0] != vault_version)
        return Error{ErrorCode::malformed, "account vault: unknown version or length", 0};
    auto seed = open_with_carried_nonce(vault_key, vault_context(user, account_key), vault.subspan(1));
    if (!seed) return Error{ErrorCode::authentication_failed, "account vault: does not open with this password", 0};
    auto out = SecretBytes::copy_of(*seed);
    wipe_memory(seed->data(), seed->size());
    if (SigningKey::from_seed(out.view()).public_key() != account_key)
        return Error{ErrorCode::authentication_failed, "account vault: holds the key of another account", 0};
    return out;
}

} // namespace godwit::crypto

// SPDX-License-Identifier: Apache-2.0
#include "lib/crypto/password.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/crypto/sodium_ready.hpp"

#include <godwit/message.hpp>

#include <sodium.h>

#include <string>

namespace godwit::crypto {

static_assert(password_memory_bytes_min >= crypto_pwhash_argon2id_MEMLIMIT_MIN);

Result<SecretBytes> argon2id(BytesView password, BytesView salt, const PasswordParams& params, std::size_t out_bytes)
{
    GODWIT_ASSERT(salt.size() == crypto_pwhash_argon2id_SALTBYTES);
    GODWIT_ASSERT(out_bytes >= crypto_pwhash_argon2id_BYTES_MIN && out_bytes <= 64);
    if (params.passes < 1 || params.passes > password_passes_max || params.memory_bytes < password_memory_bytes_min ||
        params.memory_bytes > password_memory_bytes_max)
        return Error{ErrorCode::invalid_argument, "password params: use 1..16 passes and 8 KiB..1 GiB of memory", 0};
    sodium_ready();
    SecretBytes out(out_bytes);
    const int answer = crypto_pwhash_argon2id(
        out.span().data(), out_bytes, reinterpret_cast<const char*>(password.data()), password.size(), salt.data(),
        params.passes, static_cast<std::size_t>(params.memory_bytes), crypto_pwhash_argon2id_ALG_ARGON2ID13);
    if (answer != 0)
        return Error{ErrorCode::quota_exceeded,
                     "deriving the password needs " + std::to_string(params.memory_bytes / (1024 * 1024)) +
                         " MiB of memory and the system refused: free some, then try again",
                     1000};
    return out;
}

Result<void> check_password(std::string_view what, BytesView password)
{
    if (password.size() >= password_bytes_min && password.size() <= password_bytes_max) return {};
    return Error{ErrorCode::invalid_argument,
                 std::string(what) + ": " + std::to_string(password_bytes_min) + " to " +
                     std::to_string(password_bytes_max) + " bytes",
                 0};
}

Result<PasswordKeys> derive_password_keys(std::string_view user, const PublicKey& relay_key, std::string_view password,
                                          const PasswordParams& params)
{
    if (user.empty() || user.size() > user_name_length_max)
        return Error{ErrorCode::invalid_argument, "user: 1 to " + std::to_string(user_name_length_max) + " characters",
                     0};
    if (auto fine = check_password("password", as_bytes(password)); !fine) return fine.error();

    const Hash32 salt = transcript_hash("godwit password salt 1", {relay_key.view(), as_bytes(user)});
    auto master = argon2id(as_bytes(password), BytesView(salt).first(crypto_pwhash_argon2id_SALTBYTES), params, 32);
    if (!master) return std::move(master).error();

    PasswordKeys out{SecretBytes(32), SecretBytes(32)};
    derive(master->view(), "godwit login secret 1", {}, out.login_secret.span());
    derive(master->view(), "godwit vault key 1", {}, out.vault_key.span());
    return out;
}

} // namespace godwit::crypto

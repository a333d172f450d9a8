// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/tokens.hpp"

#include "lib/base/bytes.hpp"
#include "lib/crypto/hash.hpp"

#include <algorithm>
#include <array>

namespace godwit::relay::admin {
namespace {

constexpr std::string_view prefix = "gwa_"; ///< So that scanners for leaked secrets find it.
constexpr std::size_t secret_bytes = 32;

/// The secret is uniformly random, so one fast hash is enough (as Accounts::hash).
std::optional<TokenHash> hash_of(std::string_view token)
{
    if (token.substr(0, prefix.size()) != prefix) return std::nullopt;
    const auto secret = from_base64url(token.substr(prefix.size()));
    if (!secret || secret->size() != secret_bytes) return std::nullopt;
    TokenHash out;
    crypto::derive(*secret, "godwit relay admin token 1", {}, out.bytes);
    return out;
}

bool is_name(std::string_view name)
{
    return !name.empty() && name.size() <= token_name_bytes_max && name != "local" &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '@';
           });
}

} // namespace

Result<std::string> Tokens::add(std::string_view name, Role role, WallMs lifetime_ms, WallMs now_ms, AppRow app)
{
    if (!is_name(name))
        return Error{ErrorCode::invalid_argument,
                     "name: 1 to 64 characters of a-z, 0-9, '.', '_', '-' and '@', and not \"local\": it stands in the "
                     "audit log",
                     0};
    if (role_name(role).empty())
        return Error{ErrorCode::invalid_argument, "role: viewer, support, moderator, operator or owner", 0};
    if (app != 0 && role == Role::owner)
        return Error{ErrorCode::invalid_argument, "role: an owner is the whole relay's; of one application, operator",
                     0};
    if (lifetime_ms < 0 || lifetime_ms > token_lifetime_ms_max)
        return Error{ErrorCode::invalid_argument, "lifetime: at most 3650 days, or 0 for no end", 0};
    if (table_.find(name))
        return Error{ErrorCode::conflict, "there is a token of this name: revoke it, or take another name", 0};
    if (table_.count() >= tokens_max)
        return Error{ErrorCode::quota_exceeded,
                     "this relay keeps " + std::to_string(tokens_max) + " tokens: revoke one that nobody needs", 0};
    std::array<std::uint8_t, secret_bytes> secret{};
    entropy_.fill(secret);
    auto token = std::string(prefix) + to_base64url(secret);
    table_.add({std::string(name), static_cast<std::uint8_t>(role), *hash_of(token), now_ms,
                lifetime_ms == 0 ? 0 : now_ms + lifetime_ms, app});
    return token;
}

Result<void> Tokens::revoke(std::string_view name)
{
    if (!table_.find(name)) return Error{ErrorCode::invalid_argument, "there is no token of this name", 0};
    (void)table_.remove(name);
    return {};
}

std::optional<Caller> Tokens::caller(std::string_view token, WallMs now_ms)
{
    const auto hash = hash_of(token);
    const auto found = hash ? table_.find(*hash) : std::nullopt;
    if (!found || (found->expires_ms != 0 && found->expires_ms <= now_ms)) return std::nullopt;
    const auto role = static_cast<Role>(found->role);
    if (role_name(role).empty()) return std::nullopt; // written by a newer relay: may nothing
    return Caller{found->name, role, found->app};
}

} // namespace godwit::relay::admin

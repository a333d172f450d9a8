// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/rest.hpp"

#include "lib/crypto/legacy.hpp"

#include <charconv>

namespace godwit::relay::turn {
namespace {

/// RFC 4648 section 4, with padding.
std::string to_base64(BytesView bytes)
{
    auto out = to_base64url(bytes);
    for (auto& c : out)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (out.size() % 4 != 0)
        out.push_back('=');
    return out;
}

} // namespace

std::string rest_username(std::int64_t expires_s, std::string_view account)
{
    return std::to_string(expires_s) + ":" + std::string(account);
}

std::string rest_password(BytesView secret, std::string_view username)
{
    return to_base64(crypto::hmac_sha1_of(secret, {as_bytes(username)}));
}

std::optional<RestName> parse_rest_username(std::string_view username)
{
    if (username.size() > username_bytes_max) return std::nullopt;
    RestName out;
    const auto [colon, fault] = std::from_chars(username.data(), username.data() + username.size(), out.expires_s);
    const auto digits = static_cast<std::size_t>(colon - username.data());
    if (fault != std::errc{} || out.expires_s < 0 || digits + 1 >= username.size() || *colon != ':')
        return std::nullopt;
    out.account = username.substr(digits + 1);
    return out;
}

} // namespace godwit::relay::turn

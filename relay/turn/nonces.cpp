// SPDX-License-Identifier: Apache-2.0
#include "relay/turn/nonces.hpp"

#include "lib/crypto/hkdf.hpp"

namespace godwit::relay::turn {
namespace {

constexpr std::string_view cookie = "obMatJos2";
/// Base64 of 24 bits, of which the last is bit 0 (section 18.1): password algorithms.
constexpr std::string_view features = "AAAB";
constexpr std::size_t offer_mac_bytes = 12;
constexpr std::size_t brief_mac_bytes = 3;

std::int64_t slot_of(Instant now)
{
    return now.time_since_epoch() / nonce_slot;
}

} // namespace

std::string Nonces::make(bool with_offer, const FiveTuple& client, std::int64_t slot) const
{
    std::array<std::uint8_t, 13> about{};
    for (std::size_t i = 0; i < 8; ++i)
        about[i] = static_cast<std::uint8_t>(slot >> (8 * i));
    about[8] = static_cast<std::uint8_t>(client.client.port >> 8);
    about[9] = static_cast<std::uint8_t>(client.client.port);
    about[10] = client.client.is_v6 ? 1 : 0;
    about[11] = static_cast<std::uint8_t>(client.transport);
    about[12] = with_offer ? 1 : 0;
    const auto mac = crypto::hmac_sha256_of(key_, {about, client.client.ip});
    const auto text = to_base64url(BytesView(mac).first(with_offer ? offer_mac_bytes : brief_mac_bytes));
    return with_offer ? std::string(cookie) + std::string(features) + text : text;
}

std::string Nonces::offer(const FiveTuple& client, Instant now) const
{
    return make(true, client, slot_of(now));
}

std::string Nonces::brief(const FiveTuple& client, Instant now) const
{
    return make(false, client, slot_of(now));
}

bool Nonces::is_fresh(BytesView nonce, const FiveTuple& client, Instant now) const
{
    const bool with_offer = has_password_algorithms(nonce);
    bool fresh = false;
    for (const auto slot : {slot_of(now), slot_of(now) - 1})
        fresh |= crypto::secure_equal(as_bytes(make(with_offer, client, slot)), nonce);
    return fresh;
}

bool Nonces::has_password_algorithms(BytesView nonce)
{
    const auto text = as_text(nonce);
    if (text.size() < cookie.size() + features.size() || !text.starts_with(cookie)) return false;
    // The last of the four characters has the lowest six bits, and of these the last is bit 0.
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = digits.find(text[cookie.size() + features.size() - 1]);
    return value != std::string_view::npos && value % 2 == 1;
}

} // namespace godwit::relay::turn

// SPDX-License-Identifier: Apache-2.0
#include "relay/stun/credentials.hpp"

#include "lib/crypto/legacy.hpp"

namespace godwit::relay::stun {
namespace {

constexpr std::size_t sha256_integrity_bytes_min = 16;

/// The header as it was when the attribute was computed.
std::array<std::uint8_t, 4> head_before(const Message& message, const Attribute& attribute)
{
    const auto length = attribute.at + 4 + attribute.value.size() - header_bytes;
    return {message.bytes()[0], message.bytes()[1], static_cast<std::uint8_t>(length >> 8),
            static_cast<std::uint8_t>(length)};
}

} // namespace

std::optional<PasswordAlgorithm> read_password_algorithm(BytesView value)
{
    if (value.size() != 4 || value[0] != 0 || value[2] != 0 || value[3] != 0) return std::nullopt;
    if (value[1] == 1) return PasswordAlgorithm::md5;
    if (value[1] == 2) return PasswordAlgorithm::sha256;
    return std::nullopt;
}

crypto::WipedBytes long_term_key(PasswordAlgorithm algorithm, BytesView user, BytesView realm, BytesView password)
{
    const auto colon = as_bytes(":");
    if (algorithm == PasswordAlgorithm::md5) {
        const auto key = crypto::md5_of({user, colon, realm, colon, password});
        return crypto::WipedBytes(key.begin(), key.end());
    }
    const auto key = crypto::sha256_of({user, colon, realm, colon, password});
    return crypto::WipedBytes(key.begin(), key.end());
}

std::array<std::uint8_t, 32> userhash(BytesView user, BytesView realm)
{
    return crypto::sha256_of({user, as_bytes(":"), realm});
}

bool has_integrity(const Message& message, BytesView key)
{
    if (const auto* const strong = message.find(attribute::message_integrity_sha256)) {
        const auto bytes = strong->value.size();
        if (bytes < sha256_integrity_bytes_min || bytes > 32 || bytes % 4 != 0) return false;
        const auto head = head_before(message, *strong);
        const auto right = crypto::hmac_sha256_of(key, {head, message.bytes().subspan(4, strong->at - 4)});
        return crypto::secure_equal(BytesView(right).first(bytes), strong->value);
    }
    const auto* const weak = message.find(attribute::message_integrity);
    if (weak == nullptr || weak->value.size() != sizeof(crypto::Sha1Digest)) return false;
    const auto head = head_before(message, *weak);
    const auto right = crypto::hmac_sha1_of(key, {head, message.bytes().subspan(4, weak->at - 4)});
    return crypto::secure_equal(right, weak->value);
}

} // namespace godwit::relay::stun

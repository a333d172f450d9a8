// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/group_secret.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/ed25519.hpp"
#include "lib/crypto/hpke.hpp"
#include "lib/wire/frames.hpp"

namespace godwit::seal {
namespace {

constexpr std::string_view secret_context = "godwit group secret 1";
constexpr std::uint8_t secret_version = 1;
constexpr auto aead = crypto::AeadId::chacha20_poly1305;
constexpr std::size_t key_bytes = crypto::hpke_key_bytes;
constexpr std::size_t sealed_bytes = 1 + key_bytes + group_secret_bytes + crypto::aead_tag_bytes;
static_assert(sealed_bytes <= wire::group_secret_bytes_max);

Error unreadable()
{
    return Error{ErrorCode::authentication_failed, "a group's secret: not sealed for this account and group", 0};
}

Bytes info_for(const ConversationId& conversation)
{
    Bytes out = to_bytes(as_bytes(secret_context));
    append(out, conversation.view());
    return out;
}

} // namespace

Result<Bytes> seal_group_secret(const PublicKey& account, const ConversationId& conversation, BytesView secret,
                                port::Entropy& entropy)
{
    GODWIT_ASSERT(secret.size() == group_secret_bytes);
    const auto recipient = crypto::x25519_public_of(account.view());
    crypto::WipedBytes ikm(key_bytes);
    entropy.fill(ikm);
    auto sender = recipient ? crypto::hpke_setup_sender(aead, *recipient, info_for(conversation), ikm) : std::nullopt;
    if (!sender) return Error{ErrorCode::invalid_argument, "a group's secret: not the key of an account", 0};
    const auto sealed = sender->context.seal({}, secret);
    GODWIT_ASSERT(sealed.has_value());
    Bytes out{secret_version};
    append(out, sender->enc);
    append(out, *sealed);
    return out;
}

Result<WipingBytes> open_group_secret(BytesView account_seed, const ConversationId& conversation, BytesView sealed)
{
    GODWIT_ASSERT(account_seed.size() == crypto::ed25519_seed_bytes);
    if (sealed.size() != sealed_bytes || sealed[0] != secret_version) return unreadable();
    const auto pair = crypto::HpkeKeyPair::from_private(crypto::x25519_secret_of(account_seed).view());
    GODWIT_ASSERT(pair.has_value());
    auto receiver = crypto::hpke_setup_receiver(aead, sealed.subspan(1, key_bytes), *pair, info_for(conversation));
    if (!receiver) return unreadable();
    const auto secret = receiver->open({}, sealed.subspan(1 + key_bytes));
    if (!secret) return unreadable();
    return WipingBytes::copy_of(*secret);
}

} // namespace godwit::seal

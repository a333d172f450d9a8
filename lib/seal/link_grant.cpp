// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/link_grant.hpp"

#include "lib/base/check.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/crypto/hpke.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/mls/codec.hpp"
#include "lib/seal/padding.hpp"
#include "lib/wire/frames.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

constexpr std::string_view code_prefix = "godwit-link:2:";
constexpr std::string_view check_context = "godwit link code check 2";
constexpr std::string_view info_context = "godwit link grant 1";
constexpr std::string_view psk_name = "godwit link code 1";
constexpr std::uint8_t grant_version = 1;
constexpr auto aead = crypto::AeadId::chacha20_poly1305;
constexpr std::size_t key_bytes = crypto::hpke_key_bytes;
constexpr std::size_t checked_bytes = DeviceId::size_bytes + key_bytes + link_secret_bytes;
constexpr std::size_t check_bytes = 6;

/// Without it a slip in the secret shows nowhere: the grant is delivered, and does not open.
Bytes check_of(BytesView checked)
{
    return to_bytes(BytesView(crypto::transcript_hash(check_context, {checked})).first(check_bytes));
}

Error not_a_code()
{
    return Error{
        ErrorCode::invalid_argument,
        "not a link code, or not all of it: one is \"godwit-link:2:\" and 136 letters, digits, '-' or '_' after "
        "it, exactly as the new device shows it",
        0};
}

Error refused()
{
    return Error{ErrorCode::authentication_failed, "link grant: not made by somebody who has seen this device's code",
                 0};
}

Bytes info_for(const DeviceId& device)
{
    Bytes out = to_bytes(as_bytes(info_context));
    append(out, device.view());
    return out;
}

/// The plaintext; zeroes to a padded length follow.
struct Plain {
    Bytes user;
    std::array<std::uint8_t, PublicKey::size_bytes> account_key{};
    crypto::WipedBytes account_seed;
    Bytes device_list;
    template <class Io, class Self>
    static void tls(Io& io, Self& s)
    {
        io(s.user, s.account_key, s.account_seed, s.device_list);
    }
};

} // namespace

LinkOffer make_link_offer(const DeviceId& device, port::Entropy& entropy)
{
    LinkOffer out;
    out.device = device;
    crypto::WipedBytes ikm(key_bytes);
    entropy.fill(ikm);
    const auto pair = crypto::HpkeKeyPair::derive(ikm);
    out.hpke_private = pair.private_key;
    out.secret.resize(link_secret_bytes);
    entropy.fill(out.secret);
    return out;
}

std::string link_code(const LinkOffer& offer)
{
    const auto pair = crypto::HpkeKeyPair::from_private(offer.hpke_private);
    GODWIT_ASSERT(pair.has_value() && offer.secret.size() == link_secret_bytes);
    Bytes raw;
    raw.reserve(checked_bytes + check_bytes); // It does not grow, so nothing of it is left where it was.
    append(raw, offer.device.view());
    append(raw, pair->public_key);
    append(raw, offer.secret);
    append(raw, check_of(raw));
    auto out = std::string(code_prefix) + to_base64url(raw);
    crypto::wipe_memory(raw.data(), raw.size());
    return out;
}

Result<LinkCode> parse_link_code(std::string_view text)
{
    if (!text.starts_with(code_prefix)) return not_a_code();
    auto raw = from_base64url(text.substr(code_prefix.size()));
    if (!raw || raw->size() != checked_bytes + check_bytes) return not_a_code();
    const auto all = BytesView(*raw).first(checked_bytes);
    if (!std::ranges::equal(check_of(all), BytesView(*raw).subspan(checked_bytes))) return not_a_code();
    LinkCode out;
    out.device = *DeviceId::from(all.first(DeviceId::size_bytes));
    out.hpke_public = to_bytes(all.subspan(DeviceId::size_bytes, key_bytes));
    out.secret = crypto::to_wiped(all.last(link_secret_bytes));
    crypto::wipe_memory(raw->data(), raw->size());
    if (crypto::is_x25519_low_order(out.hpke_public)) return not_a_code();
    return out;
}

Bytes seal_link_grant(const LinkCode& code, const LinkGrant& grant, port::Entropy& entropy)
{
    mls::Writer io;
    io(Plain{to_bytes(as_bytes(grant.user)), grant.account_key.bytes, crypto::to_wiped(grant.account_seed),
             grant.device_list});
    io.raw(Bytes(padded_size(io.view().size()) - io.view().size(), 0));
    crypto::WipedBytes ikm(key_bytes);
    entropy.fill(ikm);
    auto sender = crypto::hpke_setup_sender(aead, code.hpke_public, info_for(code.device), ikm,
                                            {code.secret, as_bytes(psk_name)});
    GODWIT_ASSERT(sender.has_value()); // parse_link_code() let this key pass.
    const auto sealed = sender->context.seal({}, io.view());
    GODWIT_ASSERT(sealed.has_value());
    mls::Writer out;
    out(grant_version);
    out.raw(sender->enc);
    out.raw(*sealed);
    return out.copy();
}

Result<LinkGrant> open_link_grant(const LinkOffer& offer, BytesView sealed)
{
    if (sealed.size() > wire::link_grant_bytes_max || sealed.size() < 1 + key_bytes || sealed[0] != grant_version)
        return refused();
    const auto pair = crypto::HpkeKeyPair::from_private(offer.hpke_private);
    if (!pair) return refused();
    auto receiver = crypto::hpke_setup_receiver(aead, sealed.subspan(1, key_bytes), *pair, info_for(offer.device),
                                                {offer.secret, as_bytes(psk_name)});
    if (!receiver) return refused();
    const auto plain = receiver->open({}, sealed.subspan(1 + key_bytes));
    if (!plain) return refused();
    mls::Reader io(*plain);
    Plain fields;
    io(fields);
    const BytesView rest = io.rest();
    if (io.error() != mls::MlsError::none || std::any_of(rest.begin(), rest.end(), [](auto b) { return b != 0; }))
        return refused();

    // Who has seen the code may still be wrong about the rest: the parts must belong together.
    LinkGrant out{std::string(as_text(fields.user)), PublicKey{fields.account_key},
                  WipingBytes::copy_of(fields.account_seed), std::move(fields.device_list)};
    if (out.account_seed.size() != crypto::signing_seed_bytes ||
        crypto::SigningKey::from_seed(out.account_seed).public_key() != out.account_key)
        return refused();
    if (!identity::verify_device_list(out.device_list, out.user, out.account_key)) return refused();
    return out;
}

} // namespace godwit::seal

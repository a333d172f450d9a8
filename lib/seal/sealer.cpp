// SPDX-License-Identifier: Apache-2.0
// seal:  generation+1 -> content key, ephemeral key -> one slot a recipient, sorted -> sign -> encrypt.   Keys are used
// once:
//        nonces are zero.
// open:  parse -> our slot -> content key -> decrypt -> verify the signature -> content.
//
// What each step binds (docs/adr/0007-interim-sealing.md):
//   about     = purpose ‖ id ‖ sender device
//   slot keys = derive(X25519, "godwit seal slot 1"; about, ephemeral key, recipient key)      wrap key (32) ‖ tag (8)
//   body      = the content key, with transcript_hash("godwit seal body 1"; about, head) as context
//   signature = Ed25519 of "godwit sealed envelope 1" ‖ transcript_hash("godwit seal signature 1"; about, generation,
//   head, content)
#include "lib/seal/sealer.hpp"

#include "lib/crypto/aead.hpp"
#include "lib/crypto/exchange.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/crypto/signing.hpp"
#include "lib/seal/envelope.hpp"
#include "lib/wire/frames.hpp"

#include <algorithm>
#include <string>

namespace godwit::seal {
namespace {

using crypto::SecretArray;

constexpr std::array<std::uint8_t, crypto::xchacha_nonce_bytes> zero_nonce{};
constexpr std::string_view signature_context = "godwit sealed envelope 1";

static_assert(ephemeral_bytes == crypto::exchange_key_bytes && body_tag_bytes == crypto::aead_tag_bytes);
static_assert(slot_wrap_bytes == crypto::aead_key_bytes + crypto::aead_tag_bytes);
static_assert(sizeof(crypto::SignatureBytes) == signature_bytes);
static_assert(seal_recipients_max <= 256, "the count of slots is one byte");

std::string_view generation_name(Purpose purpose)
{
    switch (purpose) {
    case Purpose::content: return "seal/generation/content";
    case Purpose::receipt: return "seal/generation/receipt";
    case Purpose::signal: return "seal/generation/signal";
    }
    return "seal/generation/content";
}

std::array<std::uint8_t, 8> big_endian(std::uint64_t value)
{
    std::array<std::uint8_t, 8> out{};
    for (std::size_t i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
    return out;
}

/// What an envelope is, where it is from: bound into every key and into the signature.
Bytes about(Purpose purpose, const MessageId& id, const DeviceId& sender)
{
    Bytes out{static_cast<std::uint8_t>(purpose)};
    append(out, id.view());
    append(out, sender.view());
    return out;
}

/// wrap key (32) ‖ tag (8); nullopt when the keys have no common secret (a point of small order).
std::optional<SecretArray<40>> slot_keys(BytesView secret, BytesView their_key, BytesView about_bytes,
                                         BytesView ephemeral_key, BytesView recipient_key)
{
    const auto shared = crypto::exchange(secret, their_key);
    if (!shared) return std::nullopt;
    SecretArray<40> out;
    crypto::derive(shared->view(), "godwit seal slot 1", {about_bytes, ephemeral_key, recipient_key}, out.span());
    return out;
}

Bytes signed_bytes(BytesView about_bytes, std::uint64_t generation, BytesView head, BytesView content)
{
    Bytes out = to_bytes(as_bytes(signature_context));
    append(out,
           crypto::transcript_hash("godwit seal signature 1", {about_bytes, big_endian(generation), head, content}));
    return out;
}

crypto::Hash32 body_context(BytesView about_bytes, BytesView head)
{
    return crypto::transcript_hash("godwit seal body 1", {about_bytes, head});
}

/// The last generation of this purpose; 0 before the first.
Result<std::uint64_t> last_generation(port::Store& store, Purpose purpose)
{
    const auto stored = store.value(generation_name(purpose));
    if (!stored) return std::uint64_t{0};
    if (stored->size() != 8)
        return Error{ErrorCode::storage_corrupt,
                     "the generation counter of sealing is damaged: restore this home from a backup", 0};
    std::uint64_t out = 0;
    for (auto byte : *stored)
        out = (out << 8) | byte;
    return out;
}

/// One answer for everything that a forger could cause.
Error not_authentic()
{
    return Error{ErrorCode::authentication_failed, "sealed envelope: not authentic, or not for this device", 0};
}

} // namespace

static_assert(head_fixed_bytes + seal_recipients_max * slot_bytes +
                      (inner_fixed_bytes + seal_content_bytes_max) * 9 / 8 + body_tag_bytes <=
                  wire::envelope_bytes_max,
              "what seal() makes, a frame can carry");

struct Sealer::State {
    crypto::SigningKey signing;
    crypto::ExchangeKey exchange;
    crypto::SecretBytes hedge; ///< See seal(): keeps keys unpredictable should entropy ever repeat.
    port::Entropy& entropy;
};

Sealer::Sealer(DeviceKeys keys, port::Entropy& entropy)
{
    auto signing = crypto::SigningKey::from_seed(keys.device_seed);
    GODWIT_ASSERT(signing.public_key() == keys.device);
    crypto::SecretBytes hedge(32);
    crypto::derive(keys.device_seed, "godwit seal hedge key 1", {keys.sealing_secret}, hedge.span());
    state_ = std::make_unique<State>(
        State{std::move(signing), crypto::ExchangeKey::from_secret(keys.sealing_secret), std::move(hedge), entropy});
    crypto::wipe_memory(keys.device_seed.data(), keys.device_seed.size());
    crypto::wipe_memory(keys.sealing_secret.data(), keys.sealing_secret.size());
}

Sealer::~Sealer() = default;

Result<Bytes> Sealer::seal(Purpose purpose, const MessageId& id, BytesView content,
                           const std::vector<wire::DeviceCertificate>& recipients, port::Store& store)
{
    if (recipients.empty())
        return Error{ErrorCode::invalid_argument, "nobody to seal for: the recipient has no devices", 0};
    if (recipients.size() > seal_recipients_max)
        return Error{ErrorCode::invalid_argument,
                     "one envelope has at most " + std::to_string(seal_recipients_max) + " recipient devices", 0};
    if (content.size() > seal_content_bytes_max)
        return Error{ErrorCode::message_too_large,
                     "sealed content has at most " + std::to_string(seal_content_bytes_max) + " bytes", 0};

    auto last = last_generation(store, purpose);
    if (!last) return std::move(last).error();
    const std::uint64_t generation = *last + 1;
    store.put_value(generation_name(purpose), big_endian(generation));
    if (store.failed())
        return Error{ErrorCode::storage_failed, "the generation counter of sealing could not be written", 0};

    // Fresh randomness, hedged: should it ever repeat (a restored machine image), another content still gets other
    // keys.
    const Bytes about_bytes = about(purpose, id, state_->signing.public_key());
    SecretArray<32> random;
    state_->entropy.fill(random.span());
    SecretArray<64> fresh;
    crypto::derive(state_->hedge.view(), "godwit seal hedge 1",
                   {random.view(), about_bytes, big_endian(generation), content}, fresh.span());
    const BytesView ephemeral_secret = fresh.view().first(32);
    const BytesView content_key = fresh.view().subspan(32);
    const auto ephemeral_key = crypto::exchange_public_key(ephemeral_secret);

    std::vector<Bytes> slots;
    slots.reserve(recipients.size());
    for (const auto& recipient : recipients) {
        const BytesView key = recipient.sealing_key.view();
        const auto keys = slot_keys(ephemeral_secret, key, about_bytes, ephemeral_key, key);
        if (!keys) return Error{ErrorCode::invalid_argument, "a recipient device has an unusable sealing key", 0};
        Bytes slot = to_bytes(keys->view().subspan(32));
        append(slot, crypto::xchacha_seal(keys->view().first(32), zero_nonce, {}, content_key));
        slots.push_back(std::move(slot));
    }
    // Sorted by their bytes, which nobody else can predict: the order tells nothing about who is who.
    std::sort(slots.begin(), slots.end());
    if (std::adjacent_find(slots.begin(), slots.end()) != slots.end())
        return Error{ErrorCode::invalid_argument, "a recipient device is named twice", 0};

    Bytes out{sealed_version, static_cast<std::uint8_t>(recipients.size() - 1)};
    out.reserve(sealed_bytes(content.size(), recipients.size()));
    append(out, ephemeral_key);
    for (const auto& slot : slots)
        append(out, slot);

    const auto signature = state_->signing.sign(signed_bytes(about_bytes, generation, out, content));
    Bytes inner = format_inner(signature, generation, content);
    const Bytes body = crypto::xchacha_seal(content_key, zero_nonce, body_context(about_bytes, out), inner);
    crypto::wipe_memory(inner.data(), inner.size());
    append(out, body);
    return out;
}

Result<Opened> Sealer::open(Purpose purpose, const MessageId& id, const wire::DeviceCertificate& sender,
                            BytesView sealed, port::Store&)
{
    const auto view = parse_sealed(sealed);
    if (!view) return Error{ErrorCode::malformed, "sealed envelope: unknown version or wrong length", 0};

    const Bytes about_bytes = about(purpose, id, sender.device);
    const auto keys = slot_keys(state_->exchange.secret(), view->ephemeral_key, about_bytes, view->ephemeral_key,
                                state_->exchange.public_key());
    if (!keys) return not_authentic();

    std::optional<Bytes> content_key;
    for (std::size_t at = 0; at < view->slots.size() && !content_key; at += slot_bytes) {
        if (!crypto::secure_equal(view->slots.subspan(at, slot_tag_bytes), keys->view().subspan(32))) continue;
        content_key = crypto::xchacha_open(keys->view().first(32), zero_nonce, {},
                                           view->slots.subspan(at + slot_tag_bytes, slot_wrap_bytes));
    }
    if (!content_key) return not_authentic();

    auto inner_bytes =
        crypto::xchacha_open(*content_key, zero_nonce, body_context(about_bytes, view->head), view->body);
    crypto::wipe_memory(content_key->data(), content_key->size());
    if (!inner_bytes) return not_authentic();
    const auto inner = parse_inner(*inner_bytes);
    if (!inner) return not_authentic();
    if (!crypto::verify(sender.device, signed_bytes(about_bytes, inner->generation, view->head, inner->content),
                        inner->signature))
        return not_authentic();
    return Opened{to_bytes(inner->content), inner->generation};
}

std::size_t sealed_bytes(std::size_t content_bytes, std::size_t recipients) noexcept
{
    return head_fixed_bytes + recipients * slot_bytes + padded_bytes(inner_fixed_bytes + content_bytes) +
           body_tag_bytes;
}

} // namespace godwit::seal

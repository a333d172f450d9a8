// SPDX-License-Identifier: Apache-2.0
// What is sealed with a group's secrets, and the link that has one of them.
#include "lib/base/check.hpp"
#include "lib/crypto/aead.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/mls/codec.hpp"
#include "lib/seal/group_secret.hpp"
#include "lib/seal/policy.hpp"
#include "lib/wire/frames.hpp"

#include <algorithm>

namespace godwit::seal {
namespace {

constexpr std::string_view profile_context = "godwit group profile 1";
constexpr std::string_view join_context = "godwit group join 1";
constexpr std::string_view check_context = "godwit group link check 1";
constexpr std::string_view link_prefix = "godwit-group:1:";
constexpr std::size_t check_bytes = 6;
constexpr std::size_t checked_bytes =
    ConversationId::size_bytes + wire::group_link_secret_bytes + PublicKey::size_bytes;
/// Neither the profile nor a request tells its length: zeroes go on to the next multiple of this.
constexpr std::size_t padding_bytes = 256;
constexpr std::size_t overhead_bytes = crypto::xchacha_nonce_bytes + crypto::aead_tag_bytes;
static_assert(wire::group_link_secret_bytes == crypto::aead_key_bytes && group_secret_bytes == crypto::aead_key_bytes);

Error unreadable(std::string_view what)
{
    return Error{ErrorCode::authentication_failed, std::string(what) + ": not sealed for whom it was opened for", 0};
}

/// opaque<V>, then zeroes; at most `sealed_max` when sealed. Precondition: that is enough.
Bytes seal_padded(BytesView secret, std::string_view purpose, BytesView bound, BytesView content,
                  std::size_t sealed_max, port::Entropy& entropy)
{
    mls::Writer io;
    io.opaque(content);
    const std::size_t bytes_max = sealed_max - overhead_bytes;
    GODWIT_ASSERT(io.view().size() <= bytes_max);
    const std::size_t padded = (io.view().size() + padding_bytes - 1) / padding_bytes * padding_bytes;
    io.raw(Bytes(std::min(padded, bytes_max) - io.view().size(), 0));
    return crypto::seal_with_random_nonce(crypto::derive_key(secret, purpose, {}).view(), bound, io.view(), entropy);
}

/// Secret: it may hold a link secret.
std::optional<wire::SecretVector> open_padded(BytesView secret, std::string_view purpose, BytesView bound,
                                              BytesView sealed)
{
    if (secret.size() != crypto::aead_key_bytes) return std::nullopt;
    auto opened = crypto::open_with_carried_nonce(crypto::derive_key(secret, purpose, {}).view(), bound, sealed);
    if (!opened) return std::nullopt;
    const WipingBytes plain(std::move(*opened));
    mls::Reader io(plain);
    const BytesView content = io.opaque();
    wire::SecretVector out(content.begin(), content.end());
    const BytesView rest = io.rest();
    if (io.error() != mls::MlsError::none || std::any_of(rest.begin(), rest.end(), [](auto b) { return b != 0; }))
        return std::nullopt;
    return out;
}

Bytes bound_to(const ConversationId& conversation, const Applicant& who)
{
    Bytes out = to_bytes(conversation.view());
    append(out, who.account_key.view());
    append(out, as_bytes(who.user));
    return out;
}

/// Without it a slip in the secret shows nowhere: the request arrives, and nobody can read it.
Bytes check_of(BytesView checked)
{
    return to_bytes(BytesView(crypto::transcript_hash(check_context, {checked})).first(check_bytes));
}

Error not_a_link()
{
    return Error{ErrorCode::invalid_argument,
                 "not a link to a group, or not all of it: one is \"godwit-group:1:\" and 115 letters, digits, '-' or "
                 "'_' after it, exactly as a member passes it on",
                 0};
}

} // namespace

Bytes seal_profile(BytesView secret, const ConversationId& conversation, const wire::GroupProfile& profile,
                   port::Entropy& entropy)
{
    const WipingBytes plain(wire::encode(profile));
    return seal_padded(secret, profile_context, conversation.view(), plain, policy_profile_bytes_max, entropy);
}

Result<wire::GroupProfile> open_profile(BytesView secret, const ConversationId& conversation, BytesView sealed)
{
    const auto plain = open_padded(secret, profile_context, conversation.view(), sealed);
    if (!plain) return unreadable("a group's profile");
    return wire::decode_group_profile(*plain);
}

std::string encode_group_link(const GroupLink& link)
{
    GODWIT_ASSERT(link.secret.size() == wire::group_link_secret_bytes);
    Bytes raw;
    raw.reserve(checked_bytes + check_bytes); // It does not grow, so nothing of it is left where it was.
    append(raw, link.conversation.view());
    append(raw, link.secret);
    append(raw, link.relay_key.view());
    append(raw, check_of(raw));
    auto out = std::string(link_prefix) + to_base64url(raw);
    wipe(raw);
    return out;
}

Result<GroupLink> parse_group_link(std::string_view text)
{
    if (!text.starts_with(link_prefix)) return not_a_link();
    auto decoded = from_base64url(text.substr(link_prefix.size()));
    if (!decoded || decoded->size() != checked_bytes + check_bytes) return not_a_link();
    const WipingBytes raw(std::move(*decoded));
    const BytesView all = BytesView(raw).first(checked_bytes);
    if (!std::ranges::equal(check_of(all), BytesView(raw).subspan(checked_bytes))) return not_a_link();
    GroupLink out;
    out.conversation = *ConversationId::from(all.first(ConversationId::size_bytes));
    const BytesView secret = all.subspan(ConversationId::size_bytes, wire::group_link_secret_bytes);
    out.secret.assign(secret.begin(), secret.end());
    out.relay_key = *PublicKey::from(all.last(PublicKey::size_bytes));
    return out;
}

Bytes seal_join(BytesView link_secret, const ConversationId& conversation, const Applicant& who,
                const wire::GroupJoinText& text, port::Entropy& entropy)
{
    return seal_padded(link_secret, join_context, bound_to(conversation, who), wire::encode(text),
                       wire::group_join_bytes_max, entropy);
}

Result<wire::GroupJoinText> open_join(BytesView link_secret, const ConversationId& conversation, const Applicant& who,
                                      BytesView sealed)
{
    const auto plain = open_padded(link_secret, join_context, bound_to(conversation, who), sealed);
    if (!plain) return unreadable("a request to be let in");
    return wire::decode_group_join_text(*plain);
}

} // namespace godwit::seal

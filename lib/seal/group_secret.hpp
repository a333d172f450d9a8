// SPDX-License-Identifier: Apache-2.0
// A group's secret: what opens the profile in its policy, and what is derived from that. 32 random bytes of who made
// the group; each account has them sealed to its account key, at the relay, so that every device of the account can
// open them, whenever it comes. Not for messages: those are MLS's.
//
//   to an account  HPKE base mode (RFC 9180; X25519, HKDF-SHA256, ChaCha20Poly1305) to the X25519 form of the Ed25519
//                  account key (RFC 8032 to RFC 7748), info = context ‖ conversation
//   profile        XChaCha20-Poly1305 under a key derived from the secret, nonce in front, padded to 256 bytes;
//                  authenticated data: the conversation
//   link           godwit-group:1:base64url(conversation (16) ‖ link secret (32) ‖ relay key (32) ‖ check (6))
//   request        like the profile, under a key derived from the link secret; authenticated data: conversation, user
//                  name and account key of who asks
#pragma once

#include <godwit/result.hpp>

#include "lib/base/wiping.hpp"
#include "lib/port/entropy.hpp"
#include "lib/wire/group.hpp"

namespace godwit::seal {

inline constexpr std::size_t group_secret_bytes = 32;

/// At most wire::group_secret_bytes_max. Errors: invalid_argument (not the key of an account).
[[nodiscard]] Result<Bytes> seal_group_secret(const PublicKey& account, const ConversationId& conversation,
                                              BytesView secret, port::Entropy& entropy);
/// Errors: authentication_failed.
[[nodiscard]] Result<WipingBytes> open_group_secret(BytesView account_seed, const ConversationId& conversation,
                                                    BytesView sealed);

[[nodiscard]] Bytes seal_profile(BytesView secret, const ConversationId& conversation,
                                 const wire::GroupProfile& profile, port::Entropy& entropy);
/// Errors: authentication_failed, malformed.
[[nodiscard]] Result<wire::GroupProfile> open_profile(BytesView secret, const ConversationId& conversation,
                                                      BytesView sealed);

struct GroupLink {
    ConversationId conversation;
    wire::SecretVector secret; ///< wire::group_link_secret_bytes.
    PublicKey relay_key;
};
[[nodiscard]] std::string encode_group_link(const GroupLink& link);
/// Errors: invalid_argument (not one: the detail says what one looks like).
[[nodiscard]] Result<GroupLink> parse_group_link(std::string_view text);

struct Applicant {
    std::string user;
    PublicKey account_key;
};
[[nodiscard]] Bytes seal_join(BytesView link_secret, const ConversationId& conversation, const Applicant& who,
                              const wire::GroupJoinText& text, port::Entropy& entropy);
/// Errors: authentication_failed (without the secret, or for somebody else), malformed.
[[nodiscard]] Result<wire::GroupJoinText> open_join(BytesView link_secret, const ConversationId& conversation,
                                                    const Applicant& who, BytesView sealed);

} // namespace godwit::seal

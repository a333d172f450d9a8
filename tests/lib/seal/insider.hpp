// SPDX-License-Identifier: Apache-2.0
// What a member could do that does not keep to the rules: its stored group in the hand, with nobody to say no.
#pragma once

#include "lib/seal/label.hpp"
#include "lib/seal/membership.hpp"
#include "lib/seal/record.hpp"
#include "tests/lib/seal/world.hpp"

namespace godwit::mls {

/// The one friend of Group.
struct GroupTestAccess {
    static const SignatureKeyPair& signer(const Group& group) { return group.signer_; }
    static BytesView encoded_context(const Group& group) { return group.encoded_context_; }
    static SecretTree& secret_tree(Group& group) { return group.secret_tree_; }
    static BytesView sender_data_secret(const Group& group) { return group.secrets_.sender_data_secret; }
    static Bytes membership_tag(const Group& group, const AuthenticatedContent& content)
    {
        return compute_membership_tag(content, group.encoded_context_, group.secrets_.membership_key);
    }
};

} // namespace godwit::mls

namespace godwit::test {

class SayingYes final : public mls::AuthenticationService {
public:
    bool is_valid(const mls::Credential&, BytesView) const override { return true; }
    bool is_successor(const mls::Credential&, const mls::Credential&) const override { return true; }
    Bytes client_of(const mls::LeafNode& leaf) const override { return leaf.encryption_key; }
};
class OnePsk final : public mls::PskSource {
public:
    std::optional<mls::WipedBytes> external_psk(BytesView) const override { return mls::WipedBytes(32, 0x33); }
};

inline const SayingYes saying_yes;
inline const OnePsk one_psk;

inline mls::Environment lawless(Member& member)
{
    mls::Environment out{member.entropy, saying_yes, member.world.now_ms};
    out.psks = &one_psk;
    return out;
}

inline std::optional<mls::WipedBytes> stored(Member& member, const ConversationId& conversation, std::string_view what)
{
    return seal::LongValue(seal::value_name(conversation, what)).load(member.store);
}

/// The member's group as its store has it.
inline mls::Group group_of(Member& member, const ConversationId& conversation)
{
    auto out = seal::load_group(member.store, conversation);
    REQUIRE(out.has_value());
    return std::move(*out);
}

template <class T>
T must(mls::MlsResult<T> result)
{
    REQUIRE_MESSAGE(result.ok(), "mls: " << mls::mls_error_name(result.error()));
    return std::move(*result);
}

/// Which key a sealed message used: epoch, leaf, ratchet, generation. Precondition: `group` is in its epoch.
inline std::tuple<std::uint64_t, std::uint32_t, int, std::uint32_t> generation_of(const mls::Group& group,
                                                                                  BytesView sealed)
{
    const auto message = must(mls::decode<mls::MLSMessage>(sealed));
    const auto* closed = message.as<mls::PrivateMessage>();
    REQUIRE(closed != nullptr);
    REQUIRE(closed->epoch == group.epoch());
    const auto sender =
        must(mls::open_sender_data(group.cipher_suite(), *closed, mls::GroupTestAccess::sender_data_secret(group)));
    return {closed->epoch, sender.leaf_index, static_cast<int>(mls::ratchet_for(closed->content_type)),
            sender.generation};
}

} // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
// What a malicious insider could send: correctly signed and tagged, and wrong in one place.
#pragma once

#include "tests/lib/mls/world.hpp"

namespace godwit::mls {

/// The one friend of Group.
struct GroupTestAccess {
    static const SignatureKeyPair& signer(const Group& group) { return group.signer_; }
    static BytesView encoded_context(const Group& group) { return group.encoded_context_; }
    static BytesView sender_data_secret(const Group& group) { return group.secrets_.sender_data_secret; }
    static SecretTree& secret_tree(Group& group) { return group.secret_tree_; }
    static const EpochSecrets& secrets(const Group& group) { return group.secrets_; }
    static const TreePrivate& private_keys(const Group& group) { return group.private_; }
    static void set_epoch(Group& group, std::uint64_t epoch) { group.context_.epoch = epoch; }
    static void set_suite(Group& group, CipherSuite suite) { group.context_.cipher_suite = suite; }
    /// As if that member had never been there.
    static void forget_leaf(Group& group, LeafIndex leaf)
    {
        auto tree = *group.tree_;
        tree.remove_leaf(leaf);
        group.tree_ = std::make_shared<const RatchetTree>(std::move(tree));
    }
    static std::optional<ReInit>& reinit(Group& group) { return group.reinit_; }
    static Bytes membership_tag(const Group& group, const AuthenticatedContent& content)
    {
        return compute_membership_tag(content, group.encoded_context_, group.secrets_.membership_key);
    }
};

} // namespace godwit::mls

namespace godwit::testing {

inline mls::AuthenticatedContent own_content(const mls::Group& group,
                                             std::variant<Bytes, mls::Proposal, mls::Commit> body)
{
    mls::AuthenticatedContent out;
    out.content.group_id = to_bytes(group.group_id());
    out.content.epoch = group.epoch();
    out.content.sender = {mls::SenderType::member, group.own_leaf()};
    out.content.content = std::move(body);
    if (out.content.content_type() == mls::ContentType::commit) out.auth.confirmation_tag = Bytes(32, 0xcc);
    return out;
}

/// Signs, tags and encodes.
inline Bytes publish(const mls::Group& group, mls::AuthenticatedContent content)
{
    using Access = mls::GroupTestAccess;
    mls::sign_content(content, Access::encoded_context(group), Access::signer(group));
    return encode(
        mls::MLSMessage{mls::PublicMessage{content.content, content.auth, Access::membership_tag(group, content)}});
}

inline Bytes publish_commit(const mls::Group& group, mls::Commit commit)
{
    return publish(group, own_content(group, std::move(commit)));
}

inline Bytes publish_proposal(const mls::Group& group, mls::Proposal proposal)
{
    return publish(group, own_content(group, std::move(proposal)));
}

inline mls::ProposalOrRef by_value(mls::Proposal proposal)
{
    return {std::make_shared<const mls::Proposal>(std::move(proposal))};
}

inline mls::Commit commit_of(const Bytes& mls_message)
{
    auto message = must_decode<mls::MLSMessage>(mls_message);
    REQUIRE(message.as<mls::PublicMessage>() != nullptr);
    return std::get<mls::Commit>(message.as<mls::PublicMessage>()->content.content);
}

inline void sign_key_package(mls::KeyPackage& package, const mls::SignatureKeyPair& signer)
{
    mls::Writer io;
    mls::KeyPackage::tls_content(io, package);
    package.signature = mls::sign_with_label(signer, "KeyPackageTBS", io.view());
}

} // namespace godwit::testing

// SPDX-License-Identifier: Apache-2.0
// What a member sends: proposals and application data, framed and protected.
#include "lib/mls/group.hpp"

#include <algorithm>

namespace godwit::mls {

AuthenticatedContent Group::own_content(std::variant<Bytes, Proposal, Commit> body, BytesView authenticated_data) const
{
    AuthenticatedContent out;
    out.content.group_id = context_.group_id;
    out.content.epoch = context_.epoch;
    out.content.sender = {SenderType::member, own_leaf()};
    out.content.authenticated_data = to_bytes(authenticated_data);
    out.content.content = std::move(body);
    const bool application = out.content.content_type() == ContentType::application;
    out.wire_format = application || options_.handshake == HandshakeFormat::private_message
                          ? WireFormat::mls_private_message
                          : WireFormat::mls_public_message;
    return out;
}

/// Signed content (and confirmation tag) to the bytes of an MLSMessage.
MlsResult<Bytes> Group::protect(const Environment& env, AuthenticatedContent& content)
{
    MLSMessage message;
    if (content.wire_format == WireFormat::mls_public_message) {
        message.body = PublicMessage{content.content, content.auth,
                                     compute_membership_tag(content, encoded_context_, secrets_.membership_key)};
        return encode(message);
    }
    const ContentType type = content.content.content_type();
    std::size_t padding = 0;
    if (options_.padding_multiple > 1 || env.padded_size != nullptr) {
        Writer plaintext;
        FramedContent::tls_select(plaintext, content.content, type);
        FramedContentAuthData::tls_for(plaintext, content.auth, type);
        const std::size_t size = plaintext.view().size();
        if (env.padded_size != nullptr)
            padding = std::max(env.padded_size(size), size) - size;
        else if (const std::size_t over = size % options_.padding_multiple; over != 0)
            padding = options_.padding_multiple - over;
    }
    auto key = secret_tree_.next(own_leaf(), ratchet_for(type));
    if (!key) return key.error();
    SenderData sender{own_leaf(), key->generation, {}};
    env.entropy.fill(sender.reuse_guard);
    message.body =
        seal_private_message(context_.cipher_suite, content, key->key, sender, secrets_.sender_data_secret, padding);
    return encode(message);
}

MlsResult<Bytes> Group::encrypt(const Environment& env, BytesView application_data, BytesView authenticated_data)
{
    GODWIT_MLS_CHECK(check_active());
    if (!proposals_.empty()) return MlsError::pending_proposals;
    if (application_data.size() + authenticated_data.size() > message_bytes_max / 2) return MlsError::message_too_large;
    AuthenticatedContent content = own_content(to_bytes(application_data), authenticated_data);
    sign_content(content, encoded_context_, signer_);
    return protect(env, content);
}

MlsResult<Bytes> Group::cache_and_send(const Environment& env, const Proposal& proposal, BytesView authenticated_data,
                                       CachedProposal cached)
{
    GODWIT_MLS_CHECK(check_room(proposal));
    AuthenticatedContent content = own_content(proposal, authenticated_data);
    const ProposalListInput input{context_, *tree_, own_leaf(), true, false, env};
    GODWIT_MLS_CHECK(check_proposal({&proposal, content.content.sender}, input));
    sign_content(content, encoded_context_, signer_);
    auto bytes = protect(env, content);
    if (!bytes) return bytes.error();
    cached.reference = make_proposal_ref(content);
    cached.proposal = std::make_shared<const Proposal>(proposal);
    cached.sender = content.content.sender;
    cache(std::move(cached));
    return bytes;
}

MlsResult<Bytes> Group::propose(const Environment& env, const Proposal& proposal, BytesView authenticated_data)
{
    GODWIT_MLS_CHECK(check_active());
    // Without its private key an Update would lock us out; an ExternalInit has no place in a group.
    if (proposal.as<Update>() != nullptr) return MlsError::invalid_argument;
    if (proposal.as<ExternalInit>() != nullptr) return MlsError::external_init_not_allowed;
    return cache_and_send(env, proposal, authenticated_data, {});
}

MlsResult<Bytes> Group::propose_update(const Environment& env, const std::optional<LeafNodeOptions>& options,
                                       const std::optional<SignatureKeyPair>& new_signer, BytesView authenticated_data)
{
    GODWIT_MLS_CHECK(check_active());
    if (new_signer && !new_signer->fits(context_.cipher_suite)) return MlsError::invalid_argument;
    const SignatureKeyPair& signer = new_signer ? *new_signer : signer_;
    const HpkeKeyPair key = generate_hpke_key_pair(context_.cipher_suite, env.entropy);
    LeafNode leaf = *tree_->leaf(own_leaf());
    if (options) {
        auto changed = make_leaf_node(*options, key.public_key, signer.public_key, env.entropy);
        if (!changed) return changed.error();
        leaf = std::move(*changed);
    }
    leaf.encryption_key = key.public_key;
    leaf.signature_key = signer.public_key;
    leaf.leaf_node_source = LeafNodeSource::update;
    leaf.lifetime = {};
    leaf.parent_hash.clear();
    sign_leaf_node(leaf, signer, context_.group_id, own_leaf());
    CachedProposal cached;
    cached.leaf_private = key.private_key;
    if (new_signer) cached.signature_private = new_signer->private_key;
    return cache_and_send(env, Proposal{Update{std::move(leaf)}}, authenticated_data, std::move(cached));
}

MlsResult<Bytes> external_proposal(BytesView group_id, std::uint64_t epoch, const Proposal& proposal, Sender sender,
                                   const SignatureKeyPair& signer, BytesView authenticated_data)
{
    if (sender.sender_type == SenderType::external) {
        if (!proposal.external_allowed(true)) return MlsError::proposal_by_external_not_allowed;
    } else if (sender.sender_type == SenderType::new_member_proposal) {
        if (proposal.as<Add>() == nullptr) return MlsError::new_member_proposal_not_add;
    } else
        return MlsError::invalid_argument;
    AuthenticatedContent content;
    content.content.group_id = to_bytes(group_id);
    content.content.epoch = epoch;
    content.content.sender = sender;
    content.content.authenticated_data = to_bytes(authenticated_data);
    content.content.content = proposal;
    sign_content(content, {}, signer);
    return encode(MLSMessage{PublicMessage{content.content, content.auth, {}}});
}

} // namespace godwit::mls

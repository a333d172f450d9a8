// SPDX-License-Identifier: Apache-2.0
// What comes in (RFC 9420 sections 6, 12.1 and 12.4.2): unprotect -> verify -> application data, a proposal for the
// cache, or a commit. A commit is worked out beside the group and only swapped in when everything has been verified;
// a message that fails consumes no key.
#include "lib/base/check.hpp"
#include "lib/mls/group.hpp"
#include "lib/mls/tree_validation.hpp"

#include <algorithm>
#include <limits>

namespace godwit::mls {

MlsResult<Processed> Group::process(const Environment& env, BytesView mls_message)
{
    const auto message = decode<MLSMessage>(mls_message, env.proposal_bodies);
    if (!message) return message.error();
    return process(env, *message);
}

MlsResult<Processed> Group::process(const Environment& env, const MLSMessage& message)
{
    if (left_) return MlsError::group_left;
    if (const auto* open = message.as<PublicMessage>()) return process_public(env, *open);
    if (const auto* closed = message.as<PrivateMessage>()) return process_private(env, *closed);
    return MlsError::wrong_wire_format;
}

// Section 6.1: which key signs, by sender type; and what each type may send.
MlsResult<Bytes> Group::signature_key_of(const Environment& env, const FramedContent& content) const
{
    const auto* proposal = std::get_if<Proposal>(&content.content);
    const auto* commit = std::get_if<Commit>(&content.content);
    switch (content.sender.sender_type) {
    case SenderType::member: {
        const LeafNode* leaf = tree_->leaf(content.sender.index);
        if (leaf == nullptr) return MlsError::unknown_sender;
        return leaf->signature_key;
    }
    case SenderType::external: {
        if (proposal == nullptr) return MlsError::sender_not_allowed;
        if (!proposal->external_allowed(env.authentication.is_external_allowed(proposal->proposal_type())))
            return MlsError::proposal_by_external_not_allowed;
        const auto senders = get_extension<ExternalSenders>(context_.extensions, ExtensionType::external_senders);
        if (!senders) return senders.error();
        if (!senders->has_value() || content.sender.index >= (*senders)->items.size())
            return MlsError::unknown_external_sender;
        return (*senders)->items[content.sender.index].signature_key;
    }
    case SenderType::new_member_proposal: {
        const auto* add = proposal != nullptr ? proposal->as<Add>() : nullptr;
        if (add == nullptr) return MlsError::new_member_proposal_not_add;
        return add->key_package.leaf_node.signature_key;
    }
    case SenderType::new_member_commit: {
        if (commit == nullptr) return MlsError::new_member_commit_not_commit;
        if (!commit->path) return MlsError::external_path_missing;
        return commit->path->leaf_node.signature_key;
    }
    }
    return MlsError::unknown_sender;
}

MlsResult<Processed> Group::process_public(const Environment& env, const PublicMessage& message)
{
    const FramedContent& framed = message.content;
    if (framed.group_id != context_.group_id) return MlsError::wrong_group;
    if (framed.content_type() == ContentType::application) return MlsError::public_application_message;
    if (framed.epoch != context_.epoch) return MlsError::wrong_epoch;
    const AuthenticatedContent content{WireFormat::mls_public_message, framed, message.auth};
    const auto key = signature_key_of(env, framed);
    if (!key) return key.error();
    if (framed.content_type() == ContentType::commit && !content.auth.confirmation_tag)
        return MlsError::confirmation_tag_missing;
    if (framed.sender.sender_type == SenderType::member) {
        if (message.membership_tag.empty()) return MlsError::membership_tag_missing;
        const Bytes expected = compute_membership_tag(content, encoded_context_, secrets_.membership_key);
        if (!crypto::secure_equal(message.membership_tag, expected)) return MlsError::bad_membership_tag;
    }
    GODWIT_MLS_CHECK(verify_content(content, context_.cipher_suite, encoded_context_, *key));
    if (framed.sender == Sender{SenderType::member, own_leaf()}) return MlsError::own_message;
    if (framed.content_type() == ContentType::proposal) return process_proposal(env, content);
    return process_commit(env, content, std::nullopt);
}

MlsResult<Processed> Group::process_private(const Environment& env, const PrivateMessage& message)
{
    if (message.group_id != context_.group_id) return MlsError::wrong_group;
    if (message.epoch != context_.epoch) {
        if (message.epoch > context_.epoch || message.content_type != ContentType::application)
            return MlsError::wrong_epoch;
        return process_late(message);
    }
    const CipherSuite suite = context_.cipher_suite;
    const auto sender = open_sender_data(suite, message, secrets_.sender_data_secret);
    if (!sender) return sender.error();
    const LeafNode* leaf = tree_->leaf(sender->leaf_index);
    if (leaf == nullptr) return MlsError::unknown_sender;
    if (sender->leaf_index == own_leaf()) return MlsError::own_message;
    auto peek = secret_tree_.peek(sender->leaf_index, ratchet_for(message.content_type), sender->generation);
    if (!peek) return peek.error();
    auto content = open_private_message(suite, message, *sender, peek->key, env.proposal_bodies);
    if (!content) return content.error();
    GODWIT_MLS_CHECK(verify_content(*content, suite, encoded_context_, leaf->signature_key));
    if (message.content_type == ContentType::commit) return process_commit(env, *content, std::move(*peek));
    if (message.content_type == ContentType::proposal) {
        auto out = process_proposal(env, *content);
        if (!out) return out;
        secret_tree_.consume(std::move(*peek));
        limit_skipped();
        return out;
    }
    secret_tree_.consume(std::move(*peek));
    limit_skipped();
    Processed out;
    out.epoch = message.epoch;
    out.sender = content->content.sender;
    out.authenticated_data = std::move(content->content.authenticated_data);
    out.application_data = std::move(std::get<Bytes>(content->content.content));
    return out;
}

// Application data of an epoch that has passed.
MlsResult<Processed> Group::process_late(const PrivateMessage& message)
{
    const auto past = std::find_if(past_.begin(), past_.end(),
                                   [&](const PastEpoch& candidate) { return candidate.epoch == message.epoch; });
    if (past == past_.end() || past->secret_tree.leaves() == 0) return MlsError::epoch_too_old;
    const CipherSuite suite = context_.cipher_suite;
    const auto sender = open_sender_data(suite, message, past->sender_data_secret);
    if (!sender) return sender.error();
    const auto& keys = past->signature_keys->items;
    if (sender->leaf_index >= keys.size() || keys[sender->leaf_index].empty()) return MlsError::unknown_sender;
    auto peek = past->secret_tree.peek(sender->leaf_index, RatchetType::application, sender->generation);
    if (!peek) return peek.error();
    auto content = open_private_message(suite, message, *sender, peek->key);
    if (!content) return content.error();
    GODWIT_MLS_CHECK(verify_content(*content, suite, past->encoded_context, keys[sender->leaf_index]));
    past->secret_tree.consume(std::move(*peek));
    limit_skipped();
    Processed out;
    out.epoch = message.epoch;
    out.sender = content->content.sender;
    out.authenticated_data = std::move(content->content.authenticated_data);
    out.application_data = std::move(std::get<Bytes>(content->content.content));
    return out;
}

MlsResult<Bytes> Group::sender_key(const PrivateMessage& message) const
{
    if (left_) return MlsError::group_left;
    if (message.group_id != context_.group_id) return MlsError::wrong_group;
    if (message.epoch > context_.epoch) return MlsError::wrong_epoch;
    const bool current = message.epoch == context_.epoch;
    const auto past = std::find_if(past_.begin(), past_.end(),
                                   [&](const PastEpoch& candidate) { return candidate.epoch == message.epoch; });
    if (!current && past == past_.end()) return MlsError::epoch_too_old;
    const auto sender = open_sender_data(context_.cipher_suite, message,
                                         current ? secrets_.sender_data_secret : past->sender_data_secret);
    if (!sender) return sender.error();
    if (current) {
        const LeafNode* leaf = tree_->leaf(sender->leaf_index);
        if (leaf == nullptr) return MlsError::unknown_sender;
        return leaf->signature_key;
    }
    const auto& keys = past->signature_keys->items;
    if (sender->leaf_index >= keys.size() || keys[sender->leaf_index].empty()) return MlsError::unknown_sender;
    return keys[sender->leaf_index];
}

MlsResult<Processed> Group::process_proposal(const Environment& env, const AuthenticatedContent& content)
{
    if (reinit_) return MlsError::group_reinitialized;
    const FramedContent& framed = content.content;
    const Proposal& proposal = std::get<Proposal>(framed.content);
    if (proposal.as<ExternalInit>() != nullptr) return MlsError::external_init_not_allowed;
    GODWIT_MLS_CHECK(check_proposal({&proposal, framed.sender}, {context_, *tree_, own_leaf(), false, false, env}));
    if (framed.sender.sender_type == SenderType::new_member_proposal &&
        !env.authentication.accepts_newcomer(*this, *proposal.as<Add>()))
        return MlsError::newcomer_refused;
    Processed out;
    out.type = ContentType::proposal;
    out.epoch = framed.epoch;
    out.sender = framed.sender;
    out.authenticated_data = framed.authenticated_data;
    out.proposal_ref = make_proposal_ref(content);
    const auto known = std::find_if(proposals_.begin(), proposals_.end(),
                                    [&](const CachedProposal& cached) { return cached.reference == out.proposal_ref; });
    if (known != proposals_.end()) {
        out.proposal = known->proposal; // Delivered twice: once is enough.
        return out;
    }
    GODWIT_MLS_CHECK(check_room(proposal));
    out.proposal = std::make_shared<const Proposal>(proposal);
    cache({out.proposal_ref, out.proposal, framed.sender, std::nullopt, std::nullopt});
    return out;
}

MlsError Group::check_room(const Proposal& proposal) const
{
    const bool fits = proposals_.size() < cached_proposals_max && proposal_bytes_ <= cached_proposal_bytes_max &&
                      encode(proposal).size() <= cached_proposal_bytes_max - proposal_bytes_;
    return fits ? MlsError::none : MlsError::proposal_cache_full;
}

void Group::cache(CachedProposal cached)
{
    proposal_bytes_ += encode(*cached.proposal).size();
    proposals_.push_back(std::move(cached));
}

MlsResult<Processed> Group::process_commit(const Environment& env, const AuthenticatedContent& content,
                                           std::optional<SecretTree::Peek> peek)
{
    if (reinit_) return MlsError::group_reinitialized;
    if (context_.epoch == std::numeric_limits<std::uint64_t>::max()) return MlsError::epoch_exhausted;
    const FramedContent& framed = content.content;
    const Commit& commit = std::get<Commit>(framed.content);
    const bool external = framed.sender.sender_type == SenderType::new_member_commit;
    GODWIT_ASSERT(external || framed.sender.sender_type == SenderType::member); // signature_key_of() has looked.

    // The list: named or carried.
    std::vector<ListedProposal> list;
    const CachedProposal* own_update = nullptr;
    for (const ProposalOrRef& entry : commit.proposals) {
        if (const auto* carried = std::get_if<1>(&entry.value)) {
            list.push_back({carried->get(), framed.sender});
            continue;
        }
        if (external) return MlsError::external_commit_by_reference;
        const Bytes& reference = *std::get_if<0>(&entry.value);
        const auto known = std::find_if(proposals_.begin(), proposals_.end(),
                                        [&](const CachedProposal& cached) { return cached.reference == reference; });
        if (known == proposals_.end()) return MlsError::unknown_proposal;
        list.push_back({known->proposal.get(), known->sender});
        if (known->leaf_private) own_update = &*known;
    }
    const std::optional<LeafIndex> committer = external ? std::nullopt : std::optional(framed.sender.index);
    auto applied = apply_proposals(list, {context_, *tree_, committer, false, false, env});
    if (!applied) return applied.error();
    if ((list.empty() || applied->path_required) && !commit.path) return MlsError::path_required;

    // The new tree.
    GroupContext context = context_;
    ++context.epoch;
    context.extensions = applied->extensions;
    auto tree = std::make_shared<RatchetTree>(std::move(applied->tree));
    LeafIndex sender = framed.sender.index;
    if (external) {
        const auto place = tree->make_room();
        if (!place) return MlsError::tree_too_large;
        sender = *place;
    }
    CommitSummary summary = summary_of(*applied, sender);
    summary.external = external;
    if (commit.path) {
        const LeafNode& leaf = commit.path->leaf_node;
        if (leaf.leaf_node_source != LeafNodeSource::commit) return MlsError::path_leaf_source;
        GODWIT_MLS_CHECK(check_leaf_alone(leaf, context_.cipher_suite));
        GODWIT_MLS_CHECK(verify_leaf_node_signature(leaf, context_.cipher_suite, context_.group_id, sender));
        if (external) {
            if (!is_believed(env.authentication, leaf.credential, leaf.signature_key))
                return MlsError::invalid_credential;
            // "Just as if they were added with an Add proposal" (section 12.4.3.2).
            GODWIT_MLS_CHECK(check_not_members({env.authentication.client_of(leaf)}, *tree, env.authentication));
        }
        // A member's new leaf replaces its own; a resync replaces the leaf that it removes.
        const LeafNodePtr replaced = !external                  ? tree_->leaf_ptr(sender)
                                     : applied->removed.empty() ? nullptr
                                                                : applied->removed.front().before;
        if (replaced != nullptr)
            GODWIT_MLS_CHECK(check_replacement(*replaced, leaf, env.authentication, MlsError::path_leaf_same_key));
        GODWIT_MLS_CHECK(check_path_keys(*tree, *commit.path));
        GODWIT_MLS_CHECK(merge_path(context_.cipher_suite, *tree, sender, *commit.path));
        summary.path = {sender, replaced, tree->leaf_ptr(sender), framed.sender};
    } else {
        tree->update_hashes();
    }
    context.tree_hash = tree->root_hash();
    GODWIT_MLS_CHECK(check_members(*tree, context.extensions));
    if (!env.authentication.allows(*this, summary)) return MlsError::refused_by_application;

    Processed out;
    out.type = ContentType::commit;
    out.epoch = framed.epoch;
    out.sender = framed.sender;
    out.authenticated_data = framed.authenticated_data;
    out.commit = std::move(summary);
    if (out.commit->self_removed) {
        // All that a removed member can verify has been: it cannot open the path, so no key schedule.
        if (!env.keep_when_removed) leave_group();
        return out;
    }

    // The new secrets.
    TreePrivate own = private_;
    SignatureKeyPair signer = signer_;
    if (own_update != nullptr) {
        auto key = hpke_key_pair(context_.cipher_suite, *own_update->leaf_private);
        if (!key) return MlsError::state_malformed;
        own.keys.insert_or_assign(node_of(own.leaf), std::move(*key));
        if (own_update->signature_private)
            signer = {signer_.scheme, own_update->proposal->as<Update>()->leaf_node.signature_key,
                      *own_update->signature_private};
    }
    WipedBytes commit_secret(kdf_nh, 0);
    if (commit.path) {
        auto opened =
            open_path(context_.cipher_suite, *tree, own, sender, *commit.path, applied->new_leaves(), encode(context));
        if (!opened) return opened.error();
        for (auto& [node, key] : opened->keys)
            own.keys.insert_or_assign(node, std::move(key));
        commit_secret = std::move(opened->commit_secret);
    }
    const auto psks = resolve_psks(env, applied->psks);
    if (!psks) return psks.error();
    WipedBytes init_secret = secrets_.init_secret;
    if (applied->external_init) {
        auto opened = open_external_init(context_.cipher_suite, secrets_.external_secret, *applied->external_init);
        if (!opened) return opened.error();
        init_secret = std::move(*opened);
    }
    StagedEpoch staged = stage_epoch(std::move(context), std::move(tree), content, interim_transcript_hash_,
                                     {init_secret, commit_secret, compute_psk_secret(*psks)});
    GODWIT_ASSERT(content.auth.confirmation_tag.has_value()); // process_public() has looked; PrivateMessages have one.
    if (!crypto::secure_equal(staged.confirmation_tag, *content.auth.confirmation_tag))
        return MlsError::bad_confirmation_tag;

    // Everything verified: from here on nothing fails.
    if (peek) secret_tree_.consume(std::move(*peek));
    leave_epoch();
    private_ = std::move(own);
    signer_ = std::move(signer);
    reinit_ = applied->reinit;
    enter_epoch(std::move(staged));
    return out;
}

} // namespace godwit::mls

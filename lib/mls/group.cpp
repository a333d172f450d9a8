// SPDX-License-Identifier: Apache-2.0
// Creating a group, moving between epochs, and what is derived from one.
#include "lib/mls/group.hpp"
#include "lib/base/check.hpp"
#include "lib/mls/tree_validation.hpp"

#include <algorithm>
#include <iterator>

namespace godwit::mls {

MlsResult<Group> Group::create(const Environment& env, CipherSuite suite, BytesView group_id,
                               const LeafNodeOptions& leaf_options, const SignatureKeyPair& signer, Lifetime lifetime,
                               Extensions extensions, GroupOptions options)
{
    if (!is_supported(suite)) return MlsError::unsupported_cipher_suite;
    if (!signer.fits(suite)) return MlsError::invalid_argument;
    GODWIT_MLS_CHECK(check_group_extensions(suite, extensions, env.authentication));
    const HpkeKeyPair leaf_key = generate_hpke_key_pair(suite, env.entropy);
    auto leaf = make_leaf_node(leaf_options, leaf_key.public_key, signer.public_key, env.entropy);
    if (!leaf) return leaf.error();
    leaf->leaf_node_source = LeafNodeSource::key_package;
    leaf->lifetime = lifetime;
    GODWIT_MLS_CHECK(check_leaf_alone(*leaf, suite));
    GODWIT_MLS_CHECK(check_lifetime(*leaf, env.lifetimes, env.now_ms, true));
    sign_leaf_node(*leaf, signer, {}, 0);

    auto tree = std::make_shared<RatchetTree>();
    tree->set_leaf(0, std::make_shared<const LeafNode>(std::move(*leaf)));
    tree->update_hashes();
    GODWIT_MLS_CHECK(check_members(*tree, extensions));

    Group out;
    out.options_ = options;
    out.private_.kem = kem_of(suite);
    out.private_.keys.emplace(node_of(0), leaf_key);
    out.signer_ = signer;
    StagedEpoch staged;
    staged.context.cipher_suite = suite;
    staged.context.group_id = to_bytes(group_id);
    staged.context.tree_hash = tree->root_hash();
    staged.context.extensions = std::move(extensions);
    staged.encoded_context = encode(staged.context);
    staged.tree = std::move(tree);
    staged.derived = derive_epoch_secrets(random_secret(env.entropy));
    staged.confirmation_tag = mac(staged.derived.secrets.confirmation_key, {});
    staged.interim_transcript_hash = mls::interim_transcript_hash({}, staged.confirmation_tag);
    out.enter_epoch(std::move(staged));
    return out;
}

Group::StagedEpoch Group::stage_epoch(GroupContext context, std::shared_ptr<const RatchetTree> tree,
                                      const AuthenticatedContent& commit, BytesView interim_before, EpochInputs inputs)
{
    StagedEpoch out;
    out.context = std::move(context);
    out.context.confirmed_transcript_hash = mls::confirmed_transcript_hash(interim_before, commit);
    out.encoded_context = encode(out.context);
    out.tree = std::move(tree);
    out.joiner_secret = derive_joiner_secret(inputs.init_secret, inputs.commit_secret, out.encoded_context);
    out.psk_secret = std::move(inputs.psk_secret);
    out.derived = derive_epoch(out.joiner_secret, out.psk_secret, out.encoded_context);
    out.confirmation_tag = mac(out.derived.secrets.confirmation_key, out.context.confirmed_transcript_hash);
    out.interim_transcript_hash =
        mls::interim_transcript_hash(out.context.confirmed_transcript_hash, out.confirmation_tag);
    return out;
}

void Group::enter_epoch(StagedEpoch staged)
{
    context_ = std::move(staged.context);
    encoded_context_ = std::move(staged.encoded_context);
    tree_ = std::move(staged.tree);
    interim_transcript_hash_ = std::move(staged.interim_transcript_hash);
    confirmation_tag_ = std::move(staged.confirmation_tag);
    secrets_ = std::move(staged.derived.secrets);
    secret_tree_ = SecretTree(context_.cipher_suite, std::move(staged.derived.encryption_secret), tree_->leaves());
    private_.prune(*tree_);
    proposals_.clear();
    proposal_bytes_ = 0;
    resumption_psks_.emplace_front(context_.epoch, secrets_.resumption_psk);
    while (resumption_psks_.size() > past_epochs_max + 1)
        resumption_psks_.pop_back();
}

void Group::leave_epoch()
{
    auto keys = std::make_shared<ListOf<Bytes>>();
    keys->items.resize(tree_->leaves());
    tree_->for_each_member([&](LeafIndex i, const LeafNode& leaf) { keys->items[i] = leaf.signature_key; });
    PastEpoch past;
    past.epoch = context_.epoch;
    past.encoded_context = std::move(encoded_context_);
    past.sender_data_secret = std::move(secrets_.sender_data_secret);
    past.secret_tree = std::move(secret_tree_);
    past.secret_tree.forget_handshakes();
    // Signature keys change rarely: epochs in a row share one list.
    past.signature_keys = !past_.empty() && past_.front().signature_keys->items == keys->items
                              ? past_.front().signature_keys
                              : std::move(keys);
    past_.push_front(std::move(past));
    while (past_.size() > past_epochs_max)
        past_.pop_back();
}

void Group::adopt_ratchets(const Group& before)
{
    GODWIT_ASSERT(before.context_.group_id == context_.group_id && before.context_.epoch + 1 == context_.epoch);
    for (PastEpoch& past : past_) {
        if (past.epoch == before.context_.epoch) {
            past.secret_tree = before.secret_tree_;
            past.secret_tree.forget_handshakes();
        }
        for (const PastEpoch& older : before.past_)
            if (older.epoch == past.epoch) past.secret_tree = older.secret_tree;
    }
    limit_skipped();
}

void Group::adopt_past(const Group& before)
{
    GODWIT_ASSERT(before.context_.group_id == context_.group_id && before.context_.epoch < context_.epoch);
    Group left = before;
    left.leave_epoch();
    std::deque<PastEpoch> all;
    const auto is_newer = [](const PastEpoch& a, const PastEpoch& b) { return a.epoch > b.epoch; };
    std::set_union(std::make_move_iterator(past_.begin()), std::make_move_iterator(past_.end()),
                   std::make_move_iterator(left.past_.begin()), std::make_move_iterator(left.past_.end()),
                   std::back_inserter(all), is_newer); // Of two of one epoch, what is here.
    while (!all.empty() && (all.size() > past_epochs_max || all.back().epoch + past_epochs_max < context_.epoch))
        all.pop_back();
    past_ = std::move(all);
    limit_skipped();
}

void Group::forget_past_ratchets()
{
    for (PastEpoch& past : past_)
        past.secret_tree = {};
}

std::size_t Group::skipped_keys() const noexcept
{
    std::size_t out = secret_tree_.skipped_keys();
    for (const PastEpoch& past : past_)
        out += past.secret_tree.skipped_keys();
    return out;
}

void Group::limit_skipped()
{
    const std::size_t all = skipped_keys();
    if (all <= skipped_keys_group_max) return;
    std::size_t excess = all - skipped_keys_group_max;
    std::vector<std::size_t> counts;
    secret_tree_.count_skipped(counts);
    for (const PastEpoch& past : past_)
        past.secret_tree.count_skipped(counts);
    const std::size_t each = fair_share(counts, skipped_keys_group_max);
    for (auto past = past_.rbegin(); past != past_.rend(); ++past) // The oldest first: they have least time left.
        past->secret_tree.limit_skipped(each, excess);
    secret_tree_.limit_skipped(each, excess);
}

void Group::leave_group()
{
    // Section 12.4.2: promptly delete. What is left says which group it was.
    left_ = true;
    secrets_ = {};
    secret_tree_ = {};
    private_.keys.clear();
    signer_.private_key = {};
    proposals_.clear();
    proposal_bytes_ = 0;
    past_.clear();
    resumption_psks_.clear();
}

MlsError Group::check_active() const
{
    if (left_) return MlsError::group_left;
    if (reinit_) return MlsError::group_reinitialized;
    return MlsError::none;
}

MlsResult<WipedBytes> Group::export_secret(std::string_view label, BytesView context, std::size_t length_bytes) const
{
    if (left_) return MlsError::group_left;
    return mls_exporter(secrets_.exporter_secret, label, context, length_bytes);
}

std::optional<Extensions> Group::extensions_at(std::uint64_t epoch) const
{
    if (epoch == context_.epoch) return context_.extensions;
    const auto past =
        std::find_if(past_.begin(), past_.end(), [&](const PastEpoch& candidate) { return candidate.epoch == epoch; });
    if (past == past_.end()) return std::nullopt;
    auto context = decode<GroupContext>(past->encoded_context);
    if (!context) return std::nullopt;
    return std::move(context->extensions);
}

std::optional<WipedBytes> Group::resumption_psk(std::uint64_t epoch) const
{
    for (const auto& [at, psk] : resumption_psks_)
        if (at == epoch) return psk;
    return std::nullopt;
}

GroupInfo Group::group_info(const Environment& env, bool with_tree, bool with_external_pub, Extensions extensions) const
{
    GroupInfo info;
    info.extensions = std::move(extensions);
    info.group_context = context_;
    if (with_tree) info.extensions.push_back(make_extension(ExtensionType::ratchet_tree, *tree_));
    if (with_external_pub && !left_)
        info.extensions.push_back(make_extension(
            ExtensionType::external_pub,
            ExternalPub{derive_external_key_pair(context_.cipher_suite, secrets_.external_secret).public_key}));
    info.extensions.push_back({static_cast<ExtensionType>(random_grease(env.entropy)), {}}); // Section 13.5.
    info.confirmation_tag = confirmation_tag_;
    info.signer = own_leaf();
    sign_group_info(info, signer_);
    return info;
}

MlsResult<std::vector<ResolvedPsk>> resolve_psk_list(const Environment& env, const Group* own,
                                                     const std::vector<PreSharedKeyID>& ids)
{
    std::vector<ResolvedPsk> out;
    for (const PreSharedKeyID& id : ids) {
        std::optional<WipedBytes> psk;
        if (id.psktype == PSKType::external) {
            if (env.psks != nullptr) psk = env.psks->external_psk(id.psk_id);
        } else {
            const auto from = [&](const Group* group) {
                if (!psk && group != nullptr && std::ranges::equal(group->group_id(), id.psk_group_id))
                    psk = group->resumption_psk(id.psk_epoch);
            };
            from(own);
            for (const Group* group : env.groups)
                from(group);
        }
        if (!psk) return MlsError::psk_not_found;
        out.push_back({id, std::move(*psk)});
    }
    return out;
}

MlsResult<std::vector<ResolvedPsk>> Group::resolve_psks(const Environment& env,
                                                        const std::vector<PreSharedKeyID>& ids) const
{
    return resolve_psk_list(env, this, ids);
}

bool is_group_id_in_use(const Environment& env, BytesView group_id)
{
    return std::any_of(env.groups.begin(), env.groups.end(), [&](const Group* group) {
        // A group that was reinitialised is over: its successor may have its id.
        return !group->has_left() && !group->reinit() && std::ranges::equal(group->group_id(), group_id);
    });
}

MlsError check_tree_credentials(const RatchetTree& tree, const AuthenticationService& authentication)
{
    for (LeafIndex i = 0; i < tree.leaves(); ++i)
        if (const LeafNode* leaf = tree.leaf(i);
            leaf != nullptr && !is_believed(authentication, leaf->credential, leaf->signature_key))
            return MlsError::invalid_credential;
    return MlsError::none;
}

MlsError check_path_keys(const RatchetTree& tree, const UpdatePath& path)
{
    for (NodeIndex x = 0; x < node_width(tree.leaves()); ++x) {
        if (tree.is_blank(x)) continue;
        const Bytes& key = tree.encryption_key(x);
        if (key == path.leaf_node.encryption_key) return MlsError::path_key_reused;
        for (const UpdatePathNode& node : path.nodes)
            if (key == node.encryption_key) return MlsError::path_key_reused;
    }
    return MlsError::none;
}

} // namespace godwit::mls

// SPDX-License-Identifier: Apache-2.0
// Making a commit (RFC 9420 section 12.4.1): choose proposals -> apply them to a copy of the tree -> fresh path ->
// sign -> key schedule -> confirmation tag -> protect -> Welcome for those added. The group itself does not move.
#include "lib/mls/group.hpp"
#include "lib/mls/tree_validation.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

namespace godwit::mls {
namespace {

/// Trials that finding a list without collisions may cost: each is a copy of the tree and its checks. Proposals that
/// are wrong by themselves are not counted; what still collides after so many waits for the next commit.
constexpr int collision_trials_max = 64;

// The path secret of the lowest node that a new member shares with the committer.
std::optional<PathSecret> path_secret_for(const std::optional<StartedPath>& started, LeafIndex leaf)
{
    if (!started) return std::nullopt;
    for (const PathStep& step : started->steps)
        if (is_below(node_of(leaf), step.node)) return PathSecret{step.path_secret};
    return std::nullopt;
}

MlsResult<Bytes> make_welcome(const Environment& env, CipherSuite suite, const GroupInfo& info, BytesView joiner_secret,
                              BytesView psk_secret, const AppliedProposals& applied,
                              const std::optional<StartedPath>& started)
{
    Welcome welcome;
    welcome.cipher_suite = suite;
    welcome.encrypted_group_info = seal_group_info(suite, derive_welcome_secret(joiner_secret, psk_secret), info);
    const auto context = encrypt_context(suite, "Welcome", welcome.encrypted_group_info);
    for (std::size_t i = 0; i < applied.added.size(); ++i) {
        const GroupSecrets secrets{crypto::to_wiped(joiner_secret), path_secret_for(started, applied.added[i].leaf),
                                   applied.psks};
        auto sealed = encrypt_with_label(context, applied.packages[i]->init_key, encode_secret(secrets), env.entropy);
        if (!sealed) return sealed.error();
        welcome.secrets.push_back({make_key_package_ref(*applied.packages[i]), std::move(*sealed)});
    }
    return encode(MLSMessage{std::move(welcome)});
}

} // namespace

// Section 12.4: all valid proposals of the epoch; where they collide, what section 12.2 prefers.
std::vector<const CachedProposal*> Group::select_cached(const Environment& env) const
{
    const ProposalListInput input{context_, *tree_, own_leaf(), true, false, env};
    std::set<LeafIndex> removed;
    std::map<LeafIndex, const CachedProposal*> last_update;
    const CachedProposal* last_context = nullptr;
    for (const CachedProposal& cached : proposals_) {
        if (const auto* remove = cached.proposal->as<Remove>()) removed.insert(remove->removed);
        if (cached.proposal->as<Update>() != nullptr) last_update[cached.sender.index] = &cached;
        if (cached.proposal->as<GroupContextExtensions>() != nullptr) last_context = &cached;
    }
    std::vector<const CachedProposal*> out;
    std::set<LeafIndex> seen_removes;
    std::set<Bytes> seen_clients;
    std::set<std::string, std::less<>> seen_psks;
    const CachedProposal* reinit = nullptr;
    for (const CachedProposal& cached : proposals_) {
        const Proposal& proposal = *cached.proposal;
        if (check_proposal({&proposal, cached.sender}, input) != MlsError::none) continue;
        if (const auto* remove = proposal.as<Remove>()) {
            if (remove->removed == own_leaf() || !seen_removes.insert(remove->removed).second) continue;
        } else if (proposal.as<Update>() != nullptr) {
            const LeafIndex leaf = cached.sender.index;
            if (leaf == own_leaf() || removed.contains(leaf) || last_update[leaf] != &cached) continue;
        } else if (proposal.as<GroupContextExtensions>() != nullptr) {
            if (last_context != &cached) continue;
        } else if (const auto* add = proposal.as<Add>()) {
            if (!seen_clients.insert(env.authentication.client_of(add->key_package.leaf_node)).second) continue;
        } else if (const auto* psk = proposal.as<PreSharedKey>()) {
            if (!seen_psks.emplace(as_text(encode(psk->psk))).second) continue;
        } else if (proposal.as<ReInit>() != nullptr) {
            if (reinit == nullptr) reinit = &cached;
            continue;
        }
        out.push_back(&cached);
    }
    // A ReInit stands alone and can wait.
    if (out.empty() && reinit != nullptr) out.push_back(reinit);
    return out;
}

/// What a commit of this list would be refused for, by us and by everybody.
MlsError Group::check_list(const Environment& env, const std::vector<ListedProposal>& list) const
{
    const auto applied = apply_proposals(list, {context_, *tree_, own_leaf(), true, false, env});
    if (!applied) return applied.error();
    if (const auto psks = resolve_psk_list(env, this, applied->psks); !psks) return psks.error();
    GODWIT_MLS_CHECK(check_members(applied->tree, applied->extensions));
    return env.authentication.allows(*this, summary_of(*applied, own_leaf())) ? MlsError::none
                                                                              : MlsError::refused_by_application;
}

CommitSummary Group::summary_of(const AppliedProposals& applied, LeafIndex committer) const
{
    CommitSummary out;
    out.committer = committer;
    out.self_removed = applied.removes(own_leaf());
    out.extensions_changed = applied.extensions_changed;
    out.extensions = applied.extensions;
    out.added = applied.added;
    out.removed = applied.removed;
    out.updated = applied.updated;
    out.psks = applied.psks;
    out.reinit = applied.reinit;
    out.custom = applied.custom;
    return out;
}

// Of what was chosen, what can be committed beside `own`, the committer's proposals. A proposal shows only in company
// that its type is foreign to a member, its PSK unknown, its newcomer unfit: one such must not keep the group from
// committing for ever.
std::vector<const CachedProposal*> Group::select_committable(const Environment& env,
                                                             const std::vector<ListedProposal>& own) const
{
    const auto passes = [&](const std::vector<const CachedProposal*>& cached) {
        std::vector<ListedProposal> list;
        for (const CachedProposal* one : cached)
            list.push_back({one->proposal.get(), one->sender});
        list.insert(list.end(), own.begin(), own.end());
        return check_list(env, list) == MlsError::none;
    };
    auto chosen = select_cached(env);
    if (chosen.empty() || passes(chosen)) return chosen;
    std::erase_if(chosen, [&](const CachedProposal* one) { return !passes({one}); });
    if (passes(chosen)) return chosen;
    std::vector<const CachedProposal*> out;
    for (std::size_t i = 0; i < chosen.size() && i < collision_trials_max; ++i) {
        out.push_back(chosen[i]);
        if (!passes(out)) out.pop_back();
    }
    return out;
}

MlsResult<CommitOutput> Group::commit(const Environment& env, const CommitOptions& options)
{
    return commit_with(env, options, false, nullptr);
}

MlsResult<CommitOutput> Group::commit_with(const Environment& env, const CommitOptions& options, bool starting_subgroup,
                                           const Group* psk_group)
{
    GODWIT_MLS_CHECK(check_active());
    if (context_.epoch == std::numeric_limits<std::uint64_t>::max()) return MlsError::epoch_exhausted;

    if (options.signer && !options.signer->fits(context_.cipher_suite)) return MlsError::invalid_argument;

    Commit commit;
    std::vector<ListedProposal> list;
    for (const Proposal& proposal : options.proposals)
        list.push_back({&proposal, Sender{SenderType::member, own_leaf()}});
    if (options.include_cached)
        for (const CachedProposal* cached : select_committable(env, std::vector(list))) {
            const auto place = list.end() - static_cast<std::ptrdiff_t>(options.proposals.size());
            list.insert(place, {cached->proposal.get(), cached->sender});
            commit.proposals.push_back({cached->reference});
        }
    for (const Proposal& proposal : options.proposals)
        commit.proposals.push_back({std::make_shared<const Proposal>(proposal)});
    auto applied = apply_proposals(list, {context_, *tree_, own_leaf(), true, starting_subgroup, env});
    if (!applied) return applied.error();
    const auto psks = resolve_psk_list(env, psk_group != nullptr ? psk_group : this, applied->psks);
    if (!psks) return psks.error();

    GroupContext context = context_;
    ++context.epoch;
    context.extensions = applied->extensions;
    auto tree = std::make_shared<RatchetTree>(std::move(applied->tree));
    TreePrivate own = private_;
    const SignatureKeyPair& signer = options.signer ? *options.signer : signer_;
    const bool with_path =
        applied->path_required || list.empty() || options.force_path || options.leaf || options.signer;
    std::optional<StartedPath> started;
    WipedBytes commit_secret(kdf_nh, 0);
    if (with_path) {
        LeafNode leaf = *tree->leaf(own_leaf());
        if (options.leaf) {
            auto changed = make_leaf_node(*options.leaf, {}, signer.public_key, env.entropy);
            if (!changed) return changed.error();
            leaf = std::move(*changed);
        }
        leaf.signature_key = signer.public_key;
        started = start_path(context_.cipher_suite, *tree, own_leaf(), std::move(leaf), signer, context_.group_id,
                             env.entropy);
        GODWIT_MLS_CHECK(check_leaf_alone(started->leaf_node, context_.cipher_suite));
        GODWIT_MLS_CHECK(check_replacement(*tree_->leaf(own_leaf()), started->leaf_node, env.authentication,
                                           MlsError::path_leaf_same_key));
        context.tree_hash = tree->root_hash();
        auto path = seal_path(context_.cipher_suite, *tree, own_leaf(), *started, applied->new_leaves(),
                              encode(context), env.entropy);
        if (!path) return path.error();
        commit.path = std::move(*path);
        own.keys.insert_or_assign(node_of(own_leaf()), started->leaf_key);
        for (const auto& [node, key] : started->keys)
            own.keys.insert_or_assign(node, key);
        commit_secret = started->commit_secret;
    } else {
        tree->update_hashes();
        context.tree_hash = tree->root_hash();
    }
    GODWIT_MLS_CHECK(check_members(*tree, context.extensions));
    CommitSummary summary = summary_of(*applied, own_leaf());
    if (started)
        summary.path = {own_leaf(), tree_->leaf_ptr(own_leaf()), tree->leaf_ptr(own_leaf()),
                        Sender{SenderType::member, own_leaf()}};
    if (!env.authentication.allows(*this, summary)) return MlsError::refused_by_application;

    AuthenticatedContent content = own_content(std::move(commit), options.authenticated_data);
    sign_content(content, encoded_context_, signer_);
    StagedEpoch staged = stage_epoch(std::move(context), std::move(tree), content, interim_transcript_hash_,
                                     {secrets_.init_secret, commit_secret, compute_psk_secret(*psks)});
    content.auth.confirmation_tag = staged.confirmation_tag;
    const WipedBytes joiner_secret = staged.joiner_secret, psk_secret = staged.psk_secret;

    auto bytes = protect(env, content);
    if (!bytes) return bytes.error();
    CommitOutput out{std::move(*bytes), std::nullopt, *this};
    out.next.leave_epoch();
    out.next.private_ = std::move(own);
    out.next.signer_ = signer;
    out.next.enter_epoch(std::move(staged));
    out.next.reinit_ = applied->reinit;
    if (!applied->added.empty()) {
        const GroupInfo info = out.next.group_info(env, options.tree_in_welcome, false);
        auto welcome = make_welcome(env, context_.cipher_suite, info, joiner_secret, psk_secret, *applied, started);
        if (!welcome) return welcome.error();
        out.welcome = std::move(*welcome);
    }
    return out;
}

} // namespace godwit::mls

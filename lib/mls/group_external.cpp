// SPDX-License-Identifier: Apache-2.0
// Joining by external commit (RFC 9420 section 12.4.3.2): a GroupInfo with external_pub is all that is needed.
#include "lib/mls/group.hpp"
#include "lib/mls/tree_validation.hpp"

#include <limits>

namespace godwit::mls {

MlsResult<Group::ExternalJoin> Group::join_external(const Environment& env, const GroupInfo& info,
                                                    const ExternalJoinOptions& join,
                                                    const std::optional<RatchetTree>& given_tree, GroupOptions options)
{
    const GroupContext& old_context = info.group_context;
    const CipherSuite suite = old_context.cipher_suite;
    if (!is_supported(suite)) return MlsError::unsupported_cipher_suite;
    if (!join.signer.fits(suite)) return MlsError::invalid_argument;
    if (old_context.epoch == std::numeric_limits<std::uint64_t>::max()) return MlsError::epoch_exhausted;
    GODWIT_MLS_CHECK(check_no_duplicates(info.extensions));
    GODWIT_MLS_CHECK(check_group_extensions(suite, old_context.extensions, env.authentication));
    const auto external_pub = get_extension<ExternalPub>(info.extensions, ExtensionType::external_pub);
    if (!external_pub) return external_pub.error();
    if (!external_pub->has_value()) return MlsError::external_pub_missing;
    auto carried = get_extension<RatchetTree>(info.extensions, ExtensionType::ratchet_tree);
    if (!carried) return carried.error();
    if (!carried->has_value() && !given_tree) return MlsError::tree_missing;
    RatchetTree old_tree = carried->has_value() ? std::move(**carried) : *given_tree;
    old_tree.update_hashes();
    if (old_tree.root_hash() != old_context.tree_hash) return MlsError::tree_hash_mismatch;
    const LeafNode* info_signer = old_tree.leaf(info.signer);
    if (info_signer == nullptr) return MlsError::group_info_signer_blank;
    if (!verify_group_info(info, info_signer->signature_key)) return MlsError::bad_group_info_signature;
    GODWIT_MLS_CHECK(
        check_whole_tree(old_tree, suite, old_context.group_id, old_context.extensions, env.lifetimes, env.now_ms));
    GODWIT_MLS_CHECK(check_tree_credentials(old_tree, env.authentication));

    // The proposals, by value.
    auto init = create_external_init(suite, (*external_pub)->external_pub, env.entropy);
    if (!init) return init.error();
    std::vector<std::shared_ptr<const Proposal>> proposals;
    proposals.push_back(std::make_shared<const Proposal>(Proposal{ExternalInit{init->kem_output}}));
    if (join.remove) proposals.push_back(std::make_shared<const Proposal>(Proposal{Remove{*join.remove}}));
    for (const PreSharedKeyID& psk : join.psks)
        proposals.push_back(std::make_shared<const Proposal>(Proposal{PreSharedKey{psk}}));
    Commit commit;
    std::vector<ListedProposal> list;
    for (const auto& proposal : proposals) {
        list.push_back({proposal.get(), Sender{SenderType::new_member_commit, 0}});
        commit.proposals.push_back({proposal});
    }
    // A resync replaces what we had; anything else would be a second self in one group.
    if (!join.remove && is_group_id_in_use(env, old_context.group_id)) return MlsError::group_id_in_use;
    auto applied = apply_proposals(list, {old_context, old_tree, std::nullopt, true, false, env});
    if (!applied) return applied.error();
    const auto psks = resolve_psk_list(env, nullptr, applied->psks);
    if (!psks) return psks.error();

    // Our leaf and path.
    auto tree = std::make_shared<RatchetTree>(std::move(applied->tree));
    const RatchetTree others = *tree;
    const auto place = tree->make_room();
    if (!place) return MlsError::tree_too_large;
    auto leaf = make_leaf_node(join.leaf, {}, join.signer.public_key, env.entropy);
    if (!leaf) return leaf.error();
    const StartedPath started =
        start_path(suite, *tree, *place, std::move(*leaf), join.signer, old_context.group_id, env.entropy);
    GODWIT_MLS_CHECK(check_leaf_alone(started.leaf_node, suite));
    // What the members will ask about us, before they do.
    if (!is_believed(env.authentication, started.leaf_node.credential, started.leaf_node.signature_key))
        return MlsError::invalid_credential;
    GODWIT_MLS_CHECK(check_not_members({env.authentication.client_of(started.leaf_node)}, others, env.authentication));
    if (join.remove)
        GODWIT_MLS_CHECK(check_replacement(*old_tree.leaf(*join.remove), started.leaf_node, env.authentication,
                                           MlsError::path_leaf_same_key));
    GODWIT_MLS_CHECK(check_members(*tree, old_context.extensions));
    GroupContext context = old_context;
    ++context.epoch;
    context.tree_hash = tree->root_hash();
    auto path = seal_path(suite, *tree, *place, started, {}, encode(context), env.entropy);
    if (!path) return path.error();
    commit.path = std::move(*path);

    AuthenticatedContent content;
    content.content.group_id = old_context.group_id;
    content.content.epoch = old_context.epoch;
    content.content.sender = {SenderType::new_member_commit, 0};
    content.content.authenticated_data = join.authenticated_data;
    content.content.content = std::move(commit);
    sign_content(content, encode(old_context), join.signer);

    Group out;
    out.options_ = options;
    out.signer_ = join.signer;
    out.private_.kem = kem_of(suite);
    out.private_.leaf = *place;
    out.private_.keys = started.keys;
    out.private_.keys.emplace(node_of(*place), started.leaf_key);
    const Bytes interim = mls::interim_transcript_hash(old_context.confirmed_transcript_hash, info.confirmation_tag);
    StagedEpoch staged = stage_epoch(std::move(context), std::move(tree), content, interim,
                                     {init->init_secret, started.commit_secret, compute_psk_secret(*psks)});
    content.auth.confirmation_tag = staged.confirmation_tag;
    out.enter_epoch(std::move(staged));
    return ExternalJoin{encode(MLSMessage{PublicMessage{std::move(content.content), std::move(content.auth), {}}}),
                        std::move(out)};
}

} // namespace godwit::mls

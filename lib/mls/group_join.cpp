// SPDX-License-Identifier: Apache-2.0
// Joining by Welcome (RFC 9420 section 12.4.3.1): open the group secrets -> open the GroupInfo -> verify tree and
// signer -> find our leaf -> adopt the path secret -> derive the epoch -> verify the confirmation tag.
#include "lib/base/check.hpp"
#include "lib/mls/group.hpp"
#include "lib/mls/tree_validation.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

const PreSharedKeyID* subgroup_psk(const std::vector<PreSharedKeyID>& psks)
{
    for (const PreSharedKeyID& psk : psks)
        if (psk.psktype == PSKType::resumption && psk.usage != ResumptionPSKUsage::application) return &psk;
    return nullptr;
}

const Group* find_group(const Environment& env, BytesView group_id)
{
    for (const Group* group : env.groups)
        if (std::ranges::equal(group->group_id(), group_id)) return group;
    return nullptr;
}

// A ReInit has agreed on a group of this id: that is the one whose maker knows the old one's secrets (section 11.2),
// and not what somebody else calls so.
bool is_promised(const Environment& env, BytesView group_id)
{
    return std::any_of(env.groups.begin(), env.groups.end(), [&](const Group* group) {
        return group->reinit() && std::ranges::equal(group->reinit()->group_id, group_id);
    });
}

// Every node above us that does not list us as unmerged has its key from a path secret: without it the next path that
// is encrypted to that node would shut us out.
bool knows_own_path(const RatchetTree& tree, const TreePrivate& own)
{
    for (const NodeIndex x : direct_path(node_of(own.leaf), tree.leaves())) {
        const ParentNode* node = tree.parent_node(x);
        if (node == nullptr || own.keys.contains(x)) continue;
        if (!std::binary_search(node->unmerged_leaves.begin(), node->unmerged_leaves.end(), own.leaf)) return false;
    }
    return true;
}

// Sections 11.2 and 11.3, what a joiner verifies.
MlsError check_subgroup(const Environment& env, const PreSharedKeyID& psk, const GroupContext& context,
                        const RatchetTree& tree)
{
    const Group* old = find_group(env, psk.psk_group_id);
    GODWIT_ASSERT(old != nullptr); // The PSK came from it.
    if (context.epoch != 1) return MlsError::subgroup_wrong_epoch;
    if (psk.usage == ResumptionPSKUsage::reinit) {
        if (!old->reinit()) return MlsError::reinit_not_committed;
        if (psk.psk_epoch != old->epoch()) return MlsError::reinit_wrong_epoch;
        const ReInit& reinit = *old->reinit();
        const bool same = reinit.group_id == context.group_id && reinit.version == context.version &&
                          reinit.cipher_suite == context.cipher_suite && reinit.extensions == context.extensions;
        if (!same) return MlsError::reinit_mismatch;
    } else if (old->context().version != context.version || old->cipher_suite() != context.cipher_suite) {
        return MlsError::branch_mismatch;
    }
    return check_subgroup_members(psk.usage, old->tree(), tree, env.authentication);
}

} // namespace

MlsResult<GroupInfo> read_welcome(const Environment& env, const Welcome& welcome, const KeyPackageBundle& bundle)
{
    const CipherSuite suite = bundle.key_package.cipher_suite;
    if (!is_supported(suite) || welcome.cipher_suite != suite) return MlsError::welcome_wrong_suite;
    const Bytes ref = make_key_package_ref(bundle.key_package);
    const auto mine = std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                                   [&](const EncryptedGroupSecrets& secrets) { return secrets.new_member == ref; });
    if (mine == welcome.secrets.end()) return MlsError::no_matching_key_package;
    const auto init = hpke_key_pair(suite, bundle.init_private);
    if (!init) return MlsError::invalid_argument;
    const auto opened =
        decrypt_with_label(suite, *init, "Welcome", welcome.encrypted_group_info, mine->encrypted_group_secrets);
    if (!opened) return MlsError::welcome_decrypt_failed;
    const auto secrets = decode<GroupSecrets>(*opened);
    if (!secrets) return secrets.error();
    const auto psks = resolve_psk_list(env, nullptr, secrets->psks);
    if (!psks) return psks.error();
    return open_group_info(suite, derive_welcome_secret(secrets->joiner_secret, compute_psk_secret(*psks)),
                           welcome.encrypted_group_info);
}

MlsResult<Group> Group::join(const Environment& env, const Welcome& welcome, const KeyPackageBundle& bundle,
                             const std::optional<RatchetTree>& given_tree, GroupOptions options)
{
    const KeyPackage& package = bundle.key_package;
    const CipherSuite suite = package.cipher_suite;
    if (!is_supported(suite)) return MlsError::unsupported_cipher_suite;
    if (welcome.cipher_suite != suite) return MlsError::welcome_wrong_suite;
    const Bytes ref = make_key_package_ref(package);
    const auto mine = std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                                   [&](const EncryptedGroupSecrets& secrets) { return secrets.new_member == ref; });
    if (mine == welcome.secrets.end()) return MlsError::no_matching_key_package;

    const auto init = hpke_key_pair(suite, bundle.init_private);
    auto leaf_key = hpke_key_pair(suite, bundle.encryption_private);
    if (!init || !leaf_key || init->public_key != package.init_key ||
        leaf_key->public_key != package.leaf_node.encryption_key ||
        bundle.signer.public_key != package.leaf_node.signature_key || !bundle.signer.fits(suite))
        return MlsError::invalid_argument;
    const auto opened =
        decrypt_with_label(suite, *init, "Welcome", welcome.encrypted_group_info, mine->encrypted_group_secrets);
    if (!opened) return MlsError::welcome_decrypt_failed;
    const auto secrets = decode<GroupSecrets>(*opened);
    if (!secrets) return secrets.error();

    const auto resumptions = std::count_if(secrets->psks.begin(), secrets->psks.end(), [](const PreSharedKeyID& psk) {
        return psk.psktype == PSKType::resumption && psk.usage != ResumptionPSKUsage::application;
    });
    if (resumptions > 1) return MlsError::psk_mixed_resumption;
    for (std::size_t i = 0; i < secrets->psks.size(); ++i) {
        if (secrets->psks[i].psk_nonce.size() != kdf_nh) return MlsError::psk_nonce_length;
        if (std::find(secrets->psks.begin(), secrets->psks.begin() + static_cast<std::ptrdiff_t>(i),
                      secrets->psks[i]) != secrets->psks.begin() + static_cast<std::ptrdiff_t>(i))
            return MlsError::psk_duplicate;
    }
    const auto psks = resolve_psk_list(env, nullptr, secrets->psks);
    if (!psks) return psks.error();
    const WipedBytes psk_secret = compute_psk_secret(*psks);
    const WipedBytes welcome_secret = derive_welcome_secret(secrets->joiner_secret, psk_secret);
    auto info = open_group_info(suite, welcome_secret, welcome.encrypted_group_info);
    if (!info) return info.error();
    const GroupContext& context = info->group_context;
    if (context.cipher_suite != suite) return MlsError::group_info_wrong_suite;
    GODWIT_MLS_CHECK(check_no_duplicates(info->extensions));
    GODWIT_MLS_CHECK(check_group_extensions(suite, context.extensions, env.authentication));
    if (is_group_id_in_use(env, context.group_id)) return MlsError::group_id_in_use;
    const PreSharedKeyID* const subgroup = subgroup_psk(secrets->psks);
    if ((subgroup == nullptr || subgroup->usage != ResumptionPSKUsage::reinit) && is_promised(env, context.group_id))
        return MlsError::reinit_mismatch;

    // The tree.
    auto carried = get_extension<RatchetTree>(info->extensions, ExtensionType::ratchet_tree);
    if (!carried) {
        const Bytes* data = find_extension(info->extensions, ExtensionType::ratchet_tree);
        return decode<RatchetTree>(*data).error(); // The tree's own complaint says more.
    }
    if (!carried->has_value() && !given_tree) return MlsError::tree_missing;
    auto tree = std::make_shared<RatchetTree>(carried->has_value() ? std::move(**carried) : *given_tree);
    tree->update_hashes();
    if (tree->root_hash() != context.tree_hash) return MlsError::tree_hash_mismatch;
    const LeafNode* signer = tree->leaf(info->signer);
    if (signer == nullptr) return MlsError::group_info_signer_blank;
    if (!verify_group_info(*info, signer->signature_key)) return MlsError::bad_group_info_signature;
    GODWIT_MLS_CHECK(check_whole_tree(*tree, suite, context.group_id, context.extensions, env.lifetimes, env.now_ms));
    GODWIT_MLS_CHECK(check_tree_credentials(*tree, env.authentication));

    // Our place in it.
    Group out;
    out.options_ = options;
    out.signer_ = bundle.signer;
    std::optional<LeafIndex> my_leaf;
    tree->for_each_member([&](LeafIndex i, const LeafNode& leaf) {
        if (leaf == package.leaf_node) my_leaf = i;
    });
    if (!my_leaf) return MlsError::own_leaf_not_found;
    out.private_.kem = kem_of(suite);
    out.private_.leaf = *my_leaf;
    out.private_.keys.emplace(node_of(*my_leaf), std::move(*leaf_key));
    if (secrets->path_secret) {
        if (info->signer == *my_leaf || secrets->path_secret->path_secret.size() != kdf_nh)
            return MlsError::welcome_path_secret_invalid;
        const NodeIndex shared = common_ancestor(node_of(*my_leaf), node_of(info->signer));
        if (tree->is_blank(shared)) return MlsError::welcome_path_secret_invalid;
        if (adopt_path_secret(suite, *tree, shared, secrets->path_secret->path_secret, out.private_) != MlsError::none)
            return MlsError::welcome_path_secret_mismatch;
    }
    if (!knows_own_path(*tree, out.private_)) return MlsError::welcome_path_secret_missing;

    // The epoch.
    StagedEpoch staged;
    staged.context = context;
    staged.encoded_context = encode(context);
    staged.derived = derive_epoch(secrets->joiner_secret, psk_secret, staged.encoded_context);
    staged.confirmation_tag = mac(staged.derived.secrets.confirmation_key, context.confirmed_transcript_hash);
    if (!crypto::secure_equal(staged.confirmation_tag, info->confirmation_tag)) return MlsError::bad_confirmation_tag;
    staged.interim_transcript_hash =
        mls::interim_transcript_hash(context.confirmed_transcript_hash, staged.confirmation_tag);
    if (subgroup != nullptr) GODWIT_MLS_CHECK(check_subgroup(env, *subgroup, context, *tree));
    staged.tree = std::move(tree);
    out.enter_epoch(std::move(staged));
    return out;
}

} // namespace godwit::mls

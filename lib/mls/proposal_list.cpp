// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/proposal_list.hpp"

#include <algorithm>
#include <string>

namespace godwit::mls {
namespace {

MlsError check_add(const Add& add, const ProposalListInput& input)
{
    const KeyPackage& package = add.key_package;
    if (package.version != input.context.version) return MlsError::key_package_wrong_version;
    if (package.cipher_suite != input.context.cipher_suite) return MlsError::key_package_wrong_suite;
    const Environment& env = input.environment;
    GODWIT_MLS_CHECK(
        validate_key_package(package, env.lifetimes, env.now_ms, input.sending || env.lifetimes.check_received));
    if (!is_believed(env.authentication, package.leaf_node.credential, package.leaf_node.signature_key))
        return MlsError::invalid_credential;
    return MlsError::none;
}

MlsError check_update(const Update& update, const Sender& sender, const ProposalListInput& input)
{
    if (sender.sender_type != SenderType::member) return MlsError::update_not_by_member;
    const LeafNode* old = input.tree.leaf(sender.index);
    if (old == nullptr) return MlsError::unknown_sender;
    const LeafNode& fresh = update.leaf_node;
    if (fresh.leaf_node_source != LeafNodeSource::update) return MlsError::update_leaf_source;
    GODWIT_MLS_CHECK(check_leaf_alone(fresh, input.context.cipher_suite));
    GODWIT_MLS_CHECK(check_replacement(*old, fresh, input.environment.authentication, MlsError::update_same_key));
    return verify_leaf_node_signature(fresh, input.context.cipher_suite, input.context.group_id, sender.index);
}

MlsError check_psk(const PreSharedKeyID& psk, const ProposalListInput& input)
{
    if (psk.psktype == PSKType::resumption && !input.starting_subgroup) {
        if (psk.usage == ResumptionPSKUsage::reinit) return MlsError::psk_reinit_not_allowed;
        if (psk.usage == ResumptionPSKUsage::branch) return MlsError::psk_branch_not_allowed;
    }
    return psk.psk_nonce.size() == kdf_nh ? MlsError::none : MlsError::psk_nonce_length;
}

// Section 12.1.5. A group that is to go on as something that we do not have would end here: refused, so that whoever
// proposed it learns it. Who proposes looks at the others, too: each has to make a KeyPackage for the new group.
MlsError check_reinit(const ReInit& reinit, const ProposalListInput& input)
{
    if (reinit.version < input.context.version) return MlsError::reinit_version_lower;
    if (reinit.version != ProtocolVersion::mls10) return MlsError::reinit_version_unsupported;
    if (!is_supported(reinit.cipher_suite)) return MlsError::reinit_suite_unsupported;
    if (input.sending)
        for (LeafIndex i = 0; i < input.tree.leaves(); ++i)
            if (const LeafNode* leaf = input.tree.leaf(i);
                leaf != nullptr && !leaf->capabilities.supports(reinit.cipher_suite))
                return MlsError::reinit_suite_unsupported;
    return check_no_duplicates(reinit.extensions);
}

// Section 12.2, for commits by members.
MlsError check_regular_list(const std::vector<ListedProposal>& list, LeafIndex committer)
{
    std::size_t context_extensions = 0, reinits = 0;
    for (const ListedProposal& listed : list) {
        const Proposal& proposal = *listed.proposal;
        if (proposal.as<Update>() != nullptr && listed.sender == Sender{SenderType::member, committer})
            return MlsError::update_by_committer;
        if (const auto* remove = proposal.as<Remove>(); remove != nullptr && remove->removed == committer)
            return MlsError::remove_committer;
        if (proposal.as<ExternalInit>() != nullptr) return MlsError::external_init_not_allowed;
        if (proposal.as<GroupContextExtensions>() != nullptr) ++context_extensions;
        if (proposal.as<ReInit>() != nullptr) ++reinits;
    }
    if (context_extensions > 1) return MlsError::multiple_group_context_extensions;
    if (reinits != 0 && list.size() != 1) return MlsError::reinit_with_others;
    return MlsError::none;
}

// Section 12.2, for external commits.
MlsError check_external_list(const std::vector<ListedProposal>& list)
{
    std::size_t inits = 0, removes = 0;
    for (const ListedProposal& listed : list)
        switch (listed.proposal->proposal_type()) {
        case ProposalType::external_init: ++inits; break;
        case ProposalType::remove: ++removes; break;
        case ProposalType::psk: break;
        default: return MlsError::external_commit_proposal_not_allowed;
        }
    if (inits != 1) return MlsError::external_init_count;
    if (removes > 1) return MlsError::external_commit_multiple_removes;
    return MlsError::none;
}

MlsError check_custom_support(const AppliedProposals& applied, const ProposalListInput& input)
{
    std::set<ProposalType> types; // A list may have thousands of one type.
    for (const CustomProposal& custom : applied.custom)
        types.insert(custom.type);
    if (types.empty()) return MlsError::none;
    for (LeafIndex i = 0; i < input.tree.leaves(); ++i) {
        const LeafNode* leaf = input.tree.leaf(i);
        if (leaf == nullptr) continue;
        if (applied.removes(i)) continue; // They do not process this commit.
        for (const ProposalType type : types)
            if (!leaf->capabilities.supports(type)) return MlsError::proposal_type_not_supported;
    }
    return MlsError::none;
}

// Section 12.1.7: by all members, those added too, those removed not.
MlsError check_new_requirements(const AppliedProposals& applied)
{
    const auto required = required_capabilities(applied.extensions);
    if (!required) return required.error();
    for (LeafIndex i = 0; i < applied.tree.leaves(); ++i)
        if (const LeafNode* leaf = applied.tree.leaf(i); leaf != nullptr && !meets(*leaf, *required))
            return MlsError::requirements_not_met;
    return MlsError::none;
}

} // namespace

bool is_believed(const AuthenticationService& service, const Credential& credential, BytesView signature_key)
{
    if (credential.credential_type != CredentialType::x509) return service.is_valid(credential, signature_key);
    const auto chain = credential.certificates();
    return chain && service.is_valid_chain(*chain, signature_key);
}

MlsError check_group_extensions(CipherSuite suite, const Extensions& extensions,
                                const AuthenticationService& authentication)
{
    GODWIT_MLS_CHECK(check_no_duplicates(extensions));
    const auto required = get_extension<RequiredCapabilities>(extensions, ExtensionType::required_capabilities);
    if (!required) return required.error();
    const auto senders = get_extension<ExternalSenders>(extensions, ExtensionType::external_senders);
    if (!senders) return senders.error();
    if (senders->has_value())
        for (const ExternalSender& sender : (*senders)->items) {
            if (!is_signature_public_key(suite, sender.signature_key)) return MlsError::external_sender_invalid_key;
            GODWIT_MLS_CHECK(check_credential_form(sender.credential, suite, sender.signature_key));
            if (!is_believed(authentication, sender.credential, sender.signature_key))
                return MlsError::external_sender_refused;
        }
    return MlsError::none;
}

MlsError check_not_members(const std::set<Bytes>& clients, const RatchetTree& tree,
                           const AuthenticationService& authentication)
{
    for (LeafIndex i = 0; i < tree.leaves(); ++i)
        if (const LeafNode* leaf = tree.leaf(i); leaf != nullptr && clients.contains(authentication.client_of(*leaf)))
            return MlsError::add_existing_member;
    return MlsError::none;
}

MlsError check_replacement(const LeafNode& old, const LeafNode& fresh, const AuthenticationService& authentication,
                           MlsError same_key)
{
    if (old.encryption_key == fresh.encryption_key) return same_key;
    if (old.credential == fresh.credential && old.signature_key == fresh.signature_key) return MlsError::none;
    if (!is_believed(authentication, fresh.credential, fresh.signature_key)) return MlsError::invalid_credential;
    if (!authentication.is_successor(old.credential, fresh.credential)) return MlsError::invalid_credential_successor;
    return MlsError::none;
}

MlsError check_proposal(const ListedProposal& listed, const ProposalListInput& input)
{
    const Proposal& proposal = *listed.proposal;
    if (const auto* add = proposal.as<Add>()) return check_add(*add, input);
    if (const auto* update = proposal.as<Update>()) return check_update(*update, listed.sender, input);
    if (const auto* remove = proposal.as<Remove>())
        return input.tree.leaf(remove->removed) == nullptr ? MlsError::remove_blank_leaf : MlsError::none;
    if (const auto* psk = proposal.as<PreSharedKey>()) return check_psk(psk->psk, input);
    if (const auto* reinit = proposal.as<ReInit>()) return check_reinit(*reinit, input);
    if (const auto* context = proposal.as<GroupContextExtensions>())
        return check_group_extensions(input.context.cipher_suite, context->extensions,
                                      input.environment.authentication);
    return MlsError::none;
}

std::vector<LeafIndex> AppliedProposals::new_leaves() const
{
    std::vector<LeafIndex> out;
    for (const LeafChange& change : added)
        out.push_back(change.leaf);
    return out;
}

bool AppliedProposals::removes(LeafIndex leaf) const noexcept
{
    return std::any_of(removed.begin(), removed.end(), [&](const LeafChange& change) { return change.leaf == leaf; });
}

MlsResult<AppliedProposals> apply_proposals(const std::vector<ListedProposal>& list, const ProposalListInput& input)
{
    GODWIT_MLS_CHECK(input.committer ? check_regular_list(list, *input.committer) : check_external_list(list));
    AppliedProposals out{input.tree, input.context.extensions, {}, {}, {}, {}, {}, {}, {}, {}, false, false};
    const AuthenticationService& authentication = input.environment.authentication;
    std::set<LeafIndex> touched;
    std::set<std::string, std::less<>> psk_ids;
    std::set<Bytes> new_clients;
    std::size_t custom_bytes = 0;
    for (const ListedProposal& listed : list) {
        GODWIT_MLS_CHECK(check_proposal(listed, input));
        const Proposal& proposal = *listed.proposal;
        out.path_required =
            out.path_required || proposal.path_required(authentication.is_path_required(proposal.proposal_type()));
        if (const auto* context = proposal.as<GroupContextExtensions>()) {
            out.extensions = context->extensions;
            out.extensions_changed = true;
        } else if (const auto* update = proposal.as<Update>()) {
            const LeafIndex leaf = listed.sender.index;
            if (!touched.insert(leaf).second) return MlsError::update_after_remove_or_update;
            out.updated.push_back(
                {leaf, input.tree.leaf_ptr(leaf), std::make_shared<const LeafNode>(update->leaf_node), listed.sender});
        } else if (const auto* remove = proposal.as<Remove>()) {
            if (!touched.insert(remove->removed).second) return MlsError::update_after_remove_or_update;
            out.removed.push_back({remove->removed, input.tree.leaf_ptr(remove->removed), nullptr, listed.sender});
        } else if (const auto* add = proposal.as<Add>()) {
            const LeafNode& leaf = add->key_package.leaf_node;
            if (!new_clients.insert(authentication.client_of(leaf)).second) return MlsError::add_same_client_twice;
            out.packages.push_back(&add->key_package);
            out.added.push_back({0, nullptr, std::make_shared<const LeafNode>(leaf), listed.sender});
        } else if (const auto* psk = proposal.as<PreSharedKey>()) {
            if (!psk_ids.emplace(as_text(encode(psk->psk))).second) return MlsError::psk_duplicate;
            // A joiner reads them from one GroupSecrets, and all must judge the list alike.
            if (out.psks.size() >= list_items_max<PreSharedKeyID>) return MlsError::too_many_items;
            out.psks.push_back(psk->psk);
        } else if (const auto* init = proposal.as<ExternalInit>()) {
            out.external_init = init->kem_output;
        } else if (const auto* reinit = proposal.as<ReInit>()) {
            out.reinit = *reinit;
        } else if (const auto* custom = proposal.as<CustomProposal>()) {
            if (custom->body.size() > custom_proposal_bytes_max - custom_bytes) return MlsError::message_too_large;
            custom_bytes += custom->body.size();
            out.custom.push_back(*custom);
        }
    }
    GODWIT_MLS_CHECK(check_custom_support(out, input));

    for (const LeafChange& change : out.updated)
        out.tree.update_leaf(change.leaf, change.after);
    for (const LeafChange& change : out.removed)
        out.tree.remove_leaf(change.leaf);
    if (!new_clients.empty()) GODWIT_MLS_CHECK(check_not_members(new_clients, out.tree, authentication));
    for (LeafChange& change : out.added) {
        const auto leaf = out.tree.make_room();
        if (!leaf) return MlsError::tree_too_large;
        out.tree.add_leaf(*leaf, change.after);
        change.leaf = *leaf;
    }
    if (out.extensions_changed) GODWIT_MLS_CHECK(check_new_requirements(out));
    return out;
}

} // namespace godwit::mls

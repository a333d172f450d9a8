// SPDX-License-Identifier: Apache-2.0
// A commit's list of proposals: is it valid (RFC 9420 section 12.2), and what does it do to tree and context
// (section 12.3)? Committers and receivers call the same function.
#pragma once

#include "lib/mls/environment.hpp"
#include "lib/mls/framing.hpp"
#include "lib/mls/ratchet_tree.hpp"

#include <set>

namespace godwit::mls {

/// Data of one commit's custom proposals, together. By value a message bounds it; by reference one proposal could be
/// named thousands of times.
inline constexpr std::size_t custom_proposal_bytes_max = message_bytes_max;

struct ListedProposal {
    const Proposal* proposal = nullptr;
    Sender sender; ///< Who proposed it; the committer for those by value.
};

/// The state that the list applies to, and the circumstances.
struct ProposalListInput {
    const GroupContext& context;
    const RatchetTree& tree;
    std::optional<LeafIndex> committer; ///< nullopt: an external commit.
    bool sending = false;               ///< We commit ourselves: lifetimes are always checked.
    bool starting_subgroup = false;     ///< The initial commit of a reinitialised or branched group.
    const Environment& environment;
};

struct AppliedProposals {
    RatchetTree tree;
    Extensions extensions;
    std::vector<LeafChange> added;           ///< By increasing leaf.
    std::vector<const KeyPackage*> packages; ///< One per added leaf.
    std::vector<LeafChange> removed;
    std::vector<LeafChange> updated;
    std::vector<PreSharedKeyID> psks;   ///< In the order of the list.
    std::optional<Bytes> external_init; ///< kem_output.
    std::optional<ReInit> reinit;
    std::vector<CustomProposal> custom;
    bool path_required = false;
    bool extensions_changed = false;

    [[nodiscard]] std::vector<LeafIndex> new_leaves() const; ///< Where the added are, increasing.
    [[nodiscard]] bool removes(LeafIndex leaf) const noexcept;
};

[[nodiscard]] MlsResult<AppliedProposals> apply_proposals(const std::vector<ListedProposal>& list,
                                                          const ProposalListInput& input);

/// What one proposal can be refused for when it arrives, before any commit names it.
[[nodiscard]] MlsError check_proposal(const ListedProposal& listed, const ProposalListInput& input);

/// None of these clients is in the tree: add_existing_member.
[[nodiscard]] MlsError check_not_members(const std::set<Bytes>& clients, const RatchetTree& tree,
                                         const AuthenticationService& authentication);

/// A GroupContext's extensions: no duplicates, known ones decode, external senders are valid.
[[nodiscard]] MlsError check_group_extensions(CipherSuite suite, const Extensions& extensions,
                                              const AuthenticationService& authentication);

/// An Update's or update path's leaf against the one it replaces: fresh key, successor credential.
[[nodiscard]] MlsError check_replacement(const LeafNode& old, const LeafNode& fresh,
                                         const AuthenticationService& authentication, MlsError same_key);

} // namespace godwit::mls

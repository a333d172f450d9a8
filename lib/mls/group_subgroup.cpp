// SPDX-License-Identifier: Apache-2.0
// Reinitialisation and branching (RFC 9420 sections 11.2 and 11.3): a fresh group whose first commit adds everybody
// and injects a resumption PSK of the old one.
#include "lib/mls/group.hpp"

#include <algorithm>

namespace godwit::mls {
namespace {

/// How many members of `some` are, according to the application, members of `others`, each of another one.
std::size_t matches(const RatchetTree& some, const RatchetTree& others, const AuthenticationService& authentication)
{
    std::vector<const Credential*> free;
    others.for_each_member([&](LeafIndex, const LeafNode& leaf) { free.push_back(&leaf.credential); });
    std::size_t out = 0;
    some.for_each_member([&](LeafIndex, const LeafNode& leaf) {
        const auto found = std::find_if(free.begin(), free.end(), [&](const Credential* credential) {
            return authentication.is_same_client(leaf.credential, *credential);
        });
        if (found == free.end()) return;
        free.erase(found); // Mostly the first: new groups are made in the order of the old.
        ++out;
    });
    return out;
}

std::size_t members_of(const RatchetTree& tree)
{
    std::size_t out = 0;
    tree.for_each_member([&](LeafIndex, const LeafNode&) { ++out; });
    return out;
}

} // namespace

MlsError check_subgroup_members(ResumptionPSKUsage usage, const RatchetTree& old, const RatchetTree& fresh,
                                const AuthenticationService& authentication)
{
    const std::size_t both = matches(old, fresh, authentication);
    if (usage != ResumptionPSKUsage::reinit)
        return both == members_of(fresh) ? MlsError::none : MlsError::branch_member_foreign;
    if (both != members_of(old)) return MlsError::reinit_member_missing;
    return both == members_of(fresh) ? MlsError::none : MlsError::reinit_member_foreign;
}

MlsResult<CommitOutput> Group::start_subgroup(const Environment& env, Group fresh, ResumptionPSKUsage usage,
                                              const std::vector<KeyPackage>& members) const
{
    CommitOptions options;
    for (const KeyPackage& package : members)
        options.proposals.push_back(Proposal{Add{package}});
    PreSharedKeyID psk;
    psk.psktype = PSKType::resumption;
    psk.usage = usage;
    psk.psk_group_id = context_.group_id;
    psk.psk_epoch = context_.epoch;
    psk.psk_nonce.resize(kdf_nh);
    env.entropy.fill(psk.psk_nonce);
    options.proposals.push_back(Proposal{PreSharedKey{std::move(psk)}});
    auto out = fresh.commit_with(env, options, true, this);
    if (!out) return out;
    GODWIT_MLS_CHECK(check_subgroup_members(usage, *tree_, out->next.tree(), env.authentication));
    out->commit.clear(); // Nobody was there in epoch 0.
    return out;
}

MlsResult<CommitOutput> Group::reinitialize(const Environment& env, const LeafNodeOptions& leaf,
                                            const SignatureKeyPair& signer, Lifetime lifetime,
                                            const std::vector<KeyPackage>& members) const
{
    if (left_) return MlsError::group_left;
    if (!reinit_) return MlsError::reinit_not_committed;
    if (reinit_->version != ProtocolVersion::mls10) return MlsError::unsupported_version;
    auto fresh =
        create(env, reinit_->cipher_suite, reinit_->group_id, leaf, signer, lifetime, reinit_->extensions, options_);
    if (!fresh) return fresh.error();
    return start_subgroup(env, std::move(*fresh), ResumptionPSKUsage::reinit, members);
}

MlsResult<CommitOutput> Group::branch(const Environment& env, BytesView group_id, const LeafNodeOptions& leaf,
                                      const SignatureKeyPair& signer, Lifetime lifetime,
                                      const std::vector<KeyPackage>& members) const
{
    GODWIT_MLS_CHECK(check_active());
    auto fresh = create(env, context_.cipher_suite, group_id, leaf, signer, lifetime, context_.extensions, options_);
    if (!fresh) return fresh.error();
    return start_subgroup(env, std::move(*fresh), ResumptionPSKUsage::branch, members);
}

} // namespace godwit::mls

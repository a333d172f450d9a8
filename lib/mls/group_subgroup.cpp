// SPDX-License-Identifier: Apache-2.0
// Reinitialisation and branching (RFC 9420 sections 11.2 and 11.3): a fresh group whose first commit adds everybody
// and injects a resumption PSK of the old one.
#include "lib/mls/group.hpp"

namespace godwit::mls {
namespace {

// Every member of `a` is, according to the application, one of `b`.
bool is_subset(const RatchetTree& a, const RatchetTree& b, const AuthenticationService& authentication)
{
    bool all = true;
    a.for_each_member([&](LeafIndex, const LeafNode& mine) {
        bool found = false;
        b.for_each_member([&](LeafIndex, const LeafNode& theirs) {
            found = found || authentication.is_same_client(mine.credential, theirs.credential);
        });
        all = all && found;
    });
    return all;
}

} // namespace

MlsError check_subgroup_members(ResumptionPSKUsage usage, const RatchetTree& old, const RatchetTree& fresh,
                                const AuthenticationService& authentication)
{
    if (usage == ResumptionPSKUsage::reinit)
        return is_subset(old, fresh, authentication) ? MlsError::none : MlsError::reinit_member_missing;
    return is_subset(fresh, old, authentication) ? MlsError::none : MlsError::branch_member_foreign;
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

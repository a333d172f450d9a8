// SPDX-License-Identifier: Apache-2.0
// Reinitialisation and branching (RFC 9420 sections 11.2 and 11.3): a fresh group whose first commit adds everybody
// and injects a resumption PSK of the old one.
#include "lib/mls/group.hpp"

namespace godwit::mls {

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
    if (out) out->commit.clear(); // Nobody was there in epoch 0.
    return out;
}

MlsResult<CommitOutput> Group::reinitialize(const Environment& env, const LeafNodeOptions& leaf,
                                            const SignatureKeyPair& signer, Lifetime lifetime,
                                            const std::vector<KeyPackage>& members) const
{
    if (left_) return MlsError::group_left;
    if (!reinit_ || members.size() + 1 < tree_->member_count()) return MlsError::invalid_argument;
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

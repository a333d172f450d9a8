// SPDX-License-Identifier: Apache-2.0
#include "relay/core/membership_rules.hpp"

#include "lib/policy/outline.hpp"
#include "lib/wire/mls_outline.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

Error refuse(ErrorCode code, std::string why)
{
    return {code, std::move(why), 0};
}

bool names_the_same(const policy::Policy& policy, const std::vector<std::string>& users)
{
    return policy.members.size() == users.size() &&
           std::all_of(users.begin(), users.end(), [&](const auto& user) { return policy.find(user) != nullptr; });
}

} // namespace

std::optional<policy::Policy> policy_of(BytesView group_info)
{
    const auto info = wire::read_mls_group_info(group_info);
    return info ? policy::read_outline(info->context_extensions) : std::nullopt;
}

Bytes rules_digest(BytesView group_info)
{
    const auto info = wire::read_mls_group_info(group_info);
    return info ? policy::rules_digest(info->context_extensions) : Bytes();
}

Result<policy::Policy> judge_membership(const std::optional<policy::Policy>& before,
                                        const wire::relay::GroupCommit& request, std::string_view actor)
{
    auto after = policy_of(request.group_info);
    if (!after) return refuse(ErrorCode::malformed, "the GroupInfo of a group of many shows its policy");
    if (!names_the_same(*after, request.members))
        return refuse(ErrorCode::invalid_argument, "the members are not those of the policy in the GroupInfo");
    if (request.epoch == 0) {
        const auto* const founder = after->find(actor);
        if (founder == nullptr || founder->role != Role::owner)
            return refuse(ErrorCode::invalid_argument, "who creates a group owns it");
        return *std::move(after);
    }
    if (!before) return *std::move(after);
    const auto* const member = before->find(actor);
    if (member == nullptr) return refuse(ErrorCode::not_allowed, "who is no member changes nothing");
    const auto commit = wire::read_mls_commit(request.envelope.sealed);
    // Whose leaves come and go only members see.
    const policy::Act act{member->account_key, commit && commit->joins, {}, {}, {}};
    if (auto why = policy::judge(*before, *after, act)) return refuse(ErrorCode::not_allowed, *std::move(why));
    return *std::move(after);
}

} // namespace godwit::relay

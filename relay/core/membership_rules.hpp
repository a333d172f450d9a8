// SPDX-License-Identifier: Apache-2.0
// membership_rules: does a commit of a group of many do what the committer's role allows, as far as the relay can see?
// The GroupInfo that comes with a commit shows the policy that it leads to; the one before shows who had which role.
// The relay cannot see whether the commit does what its GroupInfo says: the commit says it too, signed
// (commit_shape.hpp compares), members see that, and have it taken back when it is not so
// (docs/adr/0058-a-commit-says-its-rules.md).
#pragma once

#include "lib/policy/policy.hpp"
#include "lib/wire/frames.hpp"

namespace godwit::relay {

/// Of a GroupInfo; nullopt: it shows no sound policy.
[[nodiscard]] std::optional<policy::Policy> policy_of(BytesView group_info);

/// Of the extensions of its GroupContext, so that the relay sees whether they change also where it has lost the
/// GroupInfo of before. Empty: of no GroupInfo.
[[nodiscard]] Bytes rules_digest(BytesView group_info);

/// `before`: of the epoch that the group is in; nullopt: the group is created by this commit, or changes no rules.
/// Errors: malformed (no policy), invalid_argument (the frame's members are others than the policy's), not_allowed.
[[nodiscard]] Result<policy::Policy> judge_membership(const std::optional<policy::Policy>& before,
                                                      const wire::relay::GroupCommit& request, std::string_view actor);

} // namespace godwit::relay

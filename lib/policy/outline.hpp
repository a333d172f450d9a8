// SPDX-License-Identifier: Apache-2.0
// outline: the policy of a group of many as anybody reads it in a GroupInfo, without keys and without lib/mls.
#pragma once

#include "lib/policy/policy.hpp"

namespace godwit::policy {

/// `context_extensions`: of wire::MlsGroupInfo. nullopt: no policy there, or none that is sound. That it is written in
/// its one form, and that the GroupInfo is signed, is not looked at: members do (lib/seal/policy_extension.hpp).
[[nodiscard]] std::optional<Policy> read_outline(BytesView context_extensions);

/// BLAKE2b-256 of the extensions of a GroupContext, as they are encoded, without the length before them: what a commit
/// says that it leads to (wire::Bound::rules), and by what the relay knows its GroupInfo.
[[nodiscard]] Bytes rules_digest(BytesView context_extensions);

} // namespace godwit::policy

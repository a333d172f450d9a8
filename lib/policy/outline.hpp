// SPDX-License-Identifier: Apache-2.0
// outline: the policy of a group of many as anybody reads it in a GroupInfo, without keys and without lib/mls.
#pragma once

#include "lib/policy/policy.hpp"

namespace godwit::policy {

/// `context_extensions`: of wire::MlsGroupInfo. nullopt: no policy there, or none that is sound. That it is written in
/// its one form, and that the GroupInfo is signed, is not looked at: members do (lib/seal/policy_extension.hpp).
[[nodiscard]] std::optional<Policy> read_outline(BytesView context_extensions);

} // namespace godwit::policy

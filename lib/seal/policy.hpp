// SPDX-License-Identifier: Apache-2.0
// The policy of a group of many, under its names in this room; lib/policy has it, which the relay links too.
#pragma once

#include "lib/policy/policy.hpp"

namespace godwit::seal {

namespace policy = godwit::policy;
using policy::Policy;
/// Sealed, in a policy.
inline constexpr std::size_t policy_profile_bytes_max = policy::profile_bytes_max;

} // namespace godwit::seal

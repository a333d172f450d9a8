// SPDX-License-Identifier: Apache-2.0
// Private: our words to libnice's and back.
#pragma once

#include "transport/ice/candidate.hpp"

#include <nice/address.h>
#include <nice/candidate.h>

namespace godwit::ice {

[[nodiscard]] Endpoint from_nice(const NiceAddress& address) noexcept;
[[nodiscard]] NiceAddress to_nice(const Endpoint& endpoint) noexcept;
[[nodiscard]] CandidateKind from_nice(NiceCandidateType type) noexcept;
[[nodiscard]] NiceCandidateType to_nice(CandidateKind kind) noexcept;
[[nodiscard]] Candidate from_nice(const NiceCandidate& candidate);
/// Freed with nice_candidate_free.
[[nodiscard]] NiceCandidate* to_nice(const Candidate& candidate, guint stream);

} // namespace godwit::ice

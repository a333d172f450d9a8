// SPDX-License-Identifier: Apache-2.0
// commit shape: what the relay can see of a group commit without keys. What is no commit, or not the one that its frame
// says, is refused before it costs an epoch: members could only reject it. Of a group of many also one whose GroupInfo
// shows other rules than the commit says that it leads to: members would follow the one, and the relay judge by the
// other (docs/adr/0058-a-commit-says-its-rules.md).
#pragma once

#include "lib/wire/frames.hpp"

#include <optional>

namespace godwit::relay {

/// Why this cannot be a commit by that device: invalid_argument (the frame contradicts itself), malformed (what it
/// carries is not what it says). Lengths are the frame's to bound (lib/wire).
[[nodiscard]] std::optional<Error> wrong_shape(const wire::relay::GroupCommit& request, const DeviceId& by);

} // namespace godwit::relay

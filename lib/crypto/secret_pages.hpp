// SPDX-License-Identifier: Apache-2.0
// Locks what lib/base/wiping.hpp allocates: its chunks come from libsodium, between guard pages, locked and out of core
// dumps where the system can do that. So no code of ours names a system.
#pragma once

namespace godwit::crypto {

/// From here on, in this process, WipedBytes and WipingBytes lie in the arena. Whoever composes a program calls it
/// before the first secret; again is fine. secret_arena()->shortage() tells what the system refused.
void lock_secrets();

} // namespace godwit::crypto

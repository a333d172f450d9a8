// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <godwit/ids.hpp>

namespace godwit::identity {

/// The name of the conversation of two accounts: the first 16 bytes of a hash over both account keys, the smaller
/// first. Twice the same key: the conversation of an account's own devices.
[[nodiscard]] ConversationId conversation_of(const PublicKey& a, const PublicKey& b);

} // namespace godwit::identity

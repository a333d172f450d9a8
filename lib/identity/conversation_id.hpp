// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lib/base/bytes.hpp"

namespace godwit::identity {

/// The conversation of two accounts: a hash of both account keys in ascending order, so that both sides and the relay
/// name it alike. An account's conversation with itself (its own devices): its key twice.
[[nodiscard]] ConversationId conversation_of(const PublicKey& a, const PublicKey& b);

} // namespace godwit::identity

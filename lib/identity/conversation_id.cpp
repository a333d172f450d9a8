// SPDX-License-Identifier: Apache-2.0
#include "lib/identity/conversation_id.hpp"

#include "lib/crypto/hash.hpp"

#include <algorithm>

namespace godwit::identity {

ConversationId conversation_of(const PublicKey& a, const PublicKey& b)
{
    const auto& low = std::min(a, b);
    const auto& high = std::max(a, b);
    const auto hash = crypto::transcript_hash("godwit conversation 1", {low.view(), high.view()});
    return *ConversationId::from(BytesView(hash).first(ConversationId::size_bytes));
}

} // namespace godwit::identity

// SPDX-License-Identifier: Apache-2.0
// Where a client's store has its conversation with another account, also when that is no contact any more.
#pragma once

#include "lib/engine/former.hpp"
#include "lib/identity/conversation_id.hpp"
#include "lib/port/store.hpp"

namespace godwit::test {

inline std::optional<ConversationId> conversation_at(port::Store& store, std::string_view user)
{
    const auto own = store.identity();
    if (!own) return std::nullopt;
    for (const auto& contact : store.contacts())
        if (contact.user == user && !contact.account_key.is_zero())
            return identity::conversation_of(own->account_key, contact.account_key);
    if (const auto former = engine::former_contact(store, user))
        return identity::conversation_of(own->account_key, former->account_key);
    return std::nullopt;
}

} // namespace godwit::test

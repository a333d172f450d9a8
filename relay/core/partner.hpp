// SPDX-License-Identifier: Apache-2.0
// Whom a request about a conversation or about key packages may concern: the own account, or a contact that both sides
// have accepted.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

struct Partner {
    AccountRow row = 0;
    PublicKey account_key;
    bool is_self = false;
    /// False: they have blocked this account, which is not told. Nothing of what it does reaches them.
    bool listens = true;
};

/// nullopt: nobody whom this session may deal with, whether the name exists or not.
[[nodiscard]] inline std::optional<Partner> partner_of(Context& context, const Session& session,
                                                       const std::string& user)
{
    if (user == session.user) return Partner{session.account, session.account_key, true, true};
    const auto other = context.store.account(session.app, user);
    if (!other || context.store.contact(session.account, other->row) != RosterState::accepted) return std::nullopt;
    switch (context.store.contact(other->row, session.account)) {
    case RosterState::accepted: return Partner{other->row, other->account_key, false, true};
    case RosterState::blocked: return Partner{other->row, other->account_key, false, false};
    default: return std::nullopt;
    }
}

/// Whose devices may be added to a group, besides partners: who is in one with this account, or asks to come into one.
[[nodiscard]] inline std::optional<Partner> fellow_of(Context& context, const Session& session, const std::string& user)
{
    const auto other = context.store.account(session.app, user);
    if (!other) return std::nullopt;
    if (!context.store.share_group(session.account, other->row) &&
        !context.store.waits_for_group_of(other->row, session.account))
        return std::nullopt;
    const bool listens = context.store.contact(other->row, session.account) != RosterState::blocked;
    return Partner{other->row, other->account_key, false, listens};
}

[[nodiscard]] inline Answer no_partner()
{
    return {ErrorCode::not_a_contact, "this is the name of no accepted contact, nor your own"};
}

} // namespace godwit::relay

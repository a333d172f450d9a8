// SPDX-License-Identifier: Apache-2.0
// presence: who is told that an account's devices came or went. Accepted contacts on both sides, and the account's own
// other devices; nobody else. It is memory, not storage: what counts is which links are up.
#pragma once

#include "relay/core/roster.hpp"

namespace godwit::relay {

class Presence {
public:
    using Send = std::function<void(Session&, frame::Presence&&)>;

    Presence(Context& context, Roster& roster) : context_(context), roster_(roster) {}

    /// The account's devices came or went: told at the end of the tick.
    void touch(AccountRow account, const std::string& user) { touched_[account] = user; }
    [[nodiscard]] bool pending() const noexcept { return !touched_.empty(); }

    // After the commit.
    void tell(const Send& send)
    {
        for (const auto& [account, user] : std::exchange(touched_, {})) {
            const auto online = roster_.online(account);
            if (same_as_told(account, online)) continue;
            for (auto* const own : context_.sessions.of_account(account))
                send(*own, {user, roster_.online(account, own)});
            for (const auto contact : context_.store.mutual_contacts(account))
                for (auto* const session : context_.sessions.of_account(contact))
                    send(*session, {user, online});
        }
    }
    /// What one account may see of another one now, after a block or its end.
    void tell_pair(AccountRow viewer, AccountRow subject, const Send& send)
    {
        if (!context_.sessions.online(viewer)) return;
        const auto entry = roster_.entry(viewer, subject);
        for (auto* const session : context_.sessions.of_account(viewer))
            send(*session, {entry.user, entry.online});
    }
    /// The account's other devices, for one that has just logged in.
    void tell_own(Session& session, const Send& send)
    {
        send(session, {session.user, roster_.online(session.account, &session)});
    }

private:
    bool same_as_told(AccountRow account, const std::vector<DeviceId>& online)
    {
        if (online.empty()) return told_.erase(account) == 0;
        auto& told = told_[account];
        if (told == online) return true;
        told = online;
        return false;
    }

    Context& context_;
    Roster& roster_;
    std::unordered_map<AccountRow, std::string> touched_;
    std::unordered_map<AccountRow, std::vector<DeviceId>> told_; ///< Of accounts that are online.
};

} // namespace godwit::relay

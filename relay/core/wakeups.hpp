// SPDX-License-Identifier: Apache-2.0
// wake-ups: after a commit, who may see something new. One relay tells its own sessions and needs nobody else; where
// several read one database, each tells the others what it has committed, and each looks for its own sessions among
// them (docs/adr/0050-scale.md).
//
//   commit -> Wake (rows and names, nothing of what they hold) -> WakeUps::publish -> … -> Core::woken at the others
//          -> told from what is stored, with their next tick
//
// A Wake says where to look, and nothing that has to be believed: one that is lost is a delay until the session comes
// back, one that comes twice is a look for nothing.
#pragma once

#include "relay/store/store.hpp"

#include <set>
#include <utility>
#include <vector>

namespace godwit::relay {

/// A contact whose account was removed. Its row is its name for what it has left.
struct GoneContact {
    AccountRow viewer = 0; ///< Who is told.
    AccountRow account = 0;
    std::string user;

    friend bool operator==(const GoneContact&, const GoneContact&) = default;
};

/// Sets: many reasons, one telling.
struct Wake {
    std::set<std::pair<AccountRow, AccountRow>> roster;     ///< (who sees it, which contact)
    std::set<std::pair<AccountRow, AccountRow>> presence;   ///< (who sees it, whose)
    std::set<AccountRow> devices;                           ///< Accounts whose device list changed.
    std::set<std::pair<AccountRow, ConversationId>> groups; ///< Commits were taken back, or not: (who is told, where).
    std::set<ConversationId> circles; ///< Groups of many whose members, or who asks to be one, changed.
    std::set<std::pair<AccountRow, ConversationId>> outs;                 ///< (who is not in it any more, which group)
    std::set<std::tuple<AccountRow, ConversationId, bool>> join_refusals; ///< (who is not let in, where, stale link)
    std::set<DeviceRow> mail;             ///< Mailboxes with something new or with room in the window.
    bool notice_to_all = false;           ///< The operator has said something, to all …
    std::set<AccountRow> notice_accounts; ///< … or to these.
    std::set<std::string> ended_accounts; ///< Disabled or removed.
    std::vector<GoneContact> gone_contacts;
    bool quotas = false; ///< Of some account: what is remembered of them is read anew.
    bool rules = false;  ///< Bans or applications: likewise.

    friend bool operator==(const Wake&, const Wake&) = default;
    void add(const Wake& other);
};

class WakeUps {
public:
    virtual ~WakeUps() = default;
    /// After the commit, on the core's thread. Must not call the core, nor wait; what cannot be sent is lost.
    virtual void publish(const Wake& wake) = 0;
};

} // namespace godwit::relay

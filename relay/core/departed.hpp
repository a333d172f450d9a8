// SPDX-License-Identifier: Apache-2.0
// departed: contacts whom the operator has removed while mail of theirs waited. A device opens it by their keys, so it
// keeps the contact until it has the mail.
//
//   removed -> has a device of the contact mail of it? ── no ──> told that the contact is gone
//                       │ yes: stored, with its keys
//                       └─> a device that has some has it as a contact, at its login too ── the last one is
//                           acknowledged, or over ──> told that the contact is gone; and who has the name by now
//
// Each device for itself: one has read it all while another is away. Nobody can write to who is gone, nor is anything
// else of them here.
#pragma once

#include "relay/core/roster.hpp"
#include "relay/store/departed_table.hpp"

namespace godwit::relay {

class Departed {
public:
    using Send = std::function<void(Session&, frame::RosterChange&&)>;

    Departed(Context& context, Roster& roster) : context_(context), roster_(roster) {}

    /// True when there may be more to expire. Only when no mail is left that is as old.
    bool expire(Moment now);

    // After the commit.
    /// What a device that has just logged in has to know besides its contacts, in front of whom they stand.
    [[nodiscard]] std::vector<wire::RosterEntry> entries(Session& session);
    /// Mail of somebody who is gone went out of its mailbox.
    void look(Session& session, const Send& send);
    /// This contact was removed.
    void gone(Session& session, const GoneContact& contact, const Send& send);

private:
    [[nodiscard]] std::vector<DepartedAccount> known_to(const Session& session);

    Context& context_;
    Roster& roster_;
};

/// Before the account goes: who keeps it for a while, and who is told.
void depart(Context& context, const StoredAccount& who, Moment now);
/// This mail is acknowledged: its senders may be forgotten.
void settle_departed(Context& context, const Session& session, const std::set<AccountRow>& senders);

} // namespace godwit::relay

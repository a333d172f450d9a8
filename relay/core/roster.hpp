// SPDX-License-Identifier: Apache-2.0
// roster: who is whose contact, and who sees whom online.
//
// A contact has two directions, each side's own row. Without blocking they mirror each other: (requested, incoming) or
// (accepted, accepted). A block changes only the blocker's row: the other side is not told, keeps its row, sees the
// blocker offline, and what it sends is answered as if it had been stored. Presence and content need both rows
// accepted.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

/// Bytes of entries in one Roster frame: half a frame, so that the own device list fits beside them.
inline constexpr std::size_t roster_page_bytes_max = wire::frame_bytes_max / 2;

class Roster {
public:
    explicit Roster(Context& context)
        : context_(context), paces_(context.config.limits.contact_changes, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer add(Session& session, const std::string& user, Moment now);
    [[nodiscard]] Answer accept(Session& session, const std::string& user, Moment now);
    [[nodiscard]] Answer remove(Session& session, const std::string& user, Moment now);
    [[nodiscard]] Answer block(Session& session, const std::string& user, Moment now);
    [[nodiscard]] Answer unblock(Session& session, const std::string& user, Moment now);

    // After the commit.
    /// `first`: in front of the contacts, and in the place of those of the same names.
    [[nodiscard]] std::vector<frame::Roster> pages(const Session& session, std::vector<wire::RosterEntry> first = {});
    [[nodiscard]] wire::RosterEntry entry(AccountRow viewer, AccountRow other);
    /// The other devices of an account that are connected, as `viewer` may see them; without `except`.
    [[nodiscard]] std::vector<DeviceId> online(AccountRow account, const Session* except = nullptr);

private:
    using Change = Answer (Roster::*)(AccountRow me, AccountRow other, RosterState mine, RosterState theirs,
                                      Moment now);

    /// What all five have in common: the pace, the name, both rows.
    [[nodiscard]] Answer change(Session& session, const std::string& user, Moment now, Change what);
    [[nodiscard]] Answer do_add(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now);
    [[nodiscard]] Answer do_accept(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now);
    [[nodiscard]] Answer do_remove(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now);
    [[nodiscard]] Answer do_block(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now);
    [[nodiscard]] Answer do_unblock(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now);

    void forget_departed(const Session& session, const std::string& user);
    /// Writes one direction; its owner is told after the commit.
    void set(AccountRow owner, AccountRow other, RosterState state, Moment now);
    [[nodiscard]] bool has_room(AccountRow owner);
    [[nodiscard]] wire::RosterEntry entry_from(const StoredContact& contact);

    Context& context_;
    AccountPaces paces_; ///< A new connection is not a new allowance.
};

} // namespace godwit::relay

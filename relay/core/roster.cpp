// SPDX-License-Identifier: Apache-2.0
#include "relay/core/roster.hpp"

#include "lib/wire/names.hpp"
#include "relay/store/departed_table.hpp"

namespace godwit::relay {

using enum RosterState;

Answer Roster::add(Session& session, const std::string& user, Moment now)
{
    return change(session, user, now, &Roster::do_add);
}

Answer Roster::accept(Session& session, const std::string& user, Moment now)
{
    return change(session, user, now, &Roster::do_accept);
}

Answer Roster::remove(Session& session, const std::string& user, Moment now)
{
    return change(session, user, now, &Roster::do_remove);
}

Answer Roster::block(Session& session, const std::string& user, Moment now)
{
    return change(session, user, now, &Roster::do_block);
}

Answer Roster::unblock(Session& session, const std::string& user, Moment now)
{
    return change(session, user, now, &Roster::do_unblock);
}

Answer Roster::change(Session& session, const std::string& user, Moment now, Change what)
{
    const auto who = session.account;
    if (const auto wait = paces_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    paces_.take(who, now.mono);

    if (what == &Roster::do_remove && session.is_of_departed(user)) {
        forget_departed(session, user);
        return {};
    }
    const auto other = wire::is_user_name(user) ? context_.store.account(session.app, user) : std::nullopt;
    if (!other) return {ErrorCode::no_such_user, "this relay has no such user: check the spelling"};
    if (other->row == session.account) return {ErrorCode::invalid_argument, "this is your own name"};
    return (this->*what)(session.account, other->row, context_.store.contact(session.account, other->row),
                         context_.store.contact(other->row, session.account), now);
}

Answer Roster::do_add(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now)
{
    if (mine == blocked) return {ErrorCode::blocked, "you have blocked this user: unblock first"};
    if (mine == accepted || (mine == requested && theirs != requested)) return {};
    if (mine == incoming) return do_accept(me, other, mine, theirs, now);
    if (!has_room(me)) return {ErrorCode::quota_exceeded, "your contact list is full: remove someone first"};
    if (theirs == requested || theirs == accepted) { // both want it
        set(me, other, accepted, now);
        set(other, me, accepted, now);
        return {};
    }
    if (theirs != blocked) {
        if (!has_room(other) ||
            context_.store.contact_count(other, incoming) >= context_.config.limits.incoming_contacts_max)
            return {ErrorCode::quota_exceeded, "this user has too many open requests: try again later"};
        set(other, me, incoming, now);
    }
    set(me, other, requested, now);
    return {};
}

Answer Roster::do_accept(AccountRow me, AccountRow other, RosterState mine, RosterState, Moment now)
{
    if (mine == accepted) return {};
    if (mine == blocked) return {ErrorCode::blocked, "you have blocked this user: unblock first"};
    if (mine != incoming) return {ErrorCode::not_a_contact, "there is no request from this user to accept"};
    set(me, other, accepted, now);
    set(other, me, accepted, now);
    return {};
}

Answer Roster::do_remove(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now)
{
    if (mine == none) return {};
    if (mine == blocked) return {ErrorCode::blocked, "you have blocked this user: unblock first"};
    set(me, other, none, now);
    if (theirs != none && theirs != blocked) set(other, me, none, now);
    return {};
}

Answer Roster::do_block(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now)
{
    if (mine == blocked) return {};
    if (mine == none && !has_room(me))
        return {ErrorCode::quota_exceeded, "your contact list is full: remove someone first"};
    set(me, other, blocked, now);
    if (theirs == incoming) set(other, me, none, now); // our own request is withdrawn
    if (theirs == accepted) context_.changes.presence.insert({other, me});
    return {};
}

/// As if the block had never been: what the other side still wants stands.
Answer Roster::do_unblock(AccountRow me, AccountRow other, RosterState mine, RosterState theirs, Moment now)
{
    if (mine != blocked) return {};
    set(me, other, theirs == accepted ? accepted : theirs == requested ? incoming : none, now);
    if (theirs != accepted) return {};
    context_.changes.roster.insert({other, me}); // Our device list may have moved on meanwhile.
    context_.changes.presence.insert({other, me});
    return {};
}

/// They wait for nothing more of whom they knew by this name.
void Roster::forget_departed(const Session& session, const std::string& user)
{
    for (const auto& [account, name] : session.departed)
        if (name == user) {
            DepartedTable(context_.store).remove(session.account, account);
            context_.changes.gone_contacts.push_back({session.account, account, name});
        }
}

void Roster::set(AccountRow owner, AccountRow other, RosterState state, Moment now)
{
    context_.store.set_contact(owner, other, state, now.wall_ms);
    context_.changes.roster.insert({owner, other});
}

bool Roster::has_room(AccountRow owner)
{
    return context_.store.contact_count(owner) < context_.config.limits.contacts_max;
}

std::vector<frame::Roster> Roster::pages(const Session& session, std::vector<wire::RosterEntry> first)
{
    std::vector<frame::Roster> out(1);
    std::size_t bytes = 0;
    const auto add = [&](wire::RosterEntry&& one) {
        const auto size = 128 + one.online.size() * 40 + one.device_list.size();
        if (out.back().entries.size() == wire::roster_page_max || bytes + size > roster_page_bytes_max) {
            out.back().last = false;
            out.emplace_back();
            bytes = 0;
        }
        bytes += size;
        out.back().entries.push_back(std::move(one));
    };
    for (auto& one : first)
        add(std::move(one));
    std::string after;
    for (;;) {
        const auto some = context_.store.contacts(session.account, after, wire::roster_page_max);
        for (const auto& contact : some)
            if (!session.is_of_departed(contact.user)) add(entry_from(contact));
        if (some.size() < wire::roster_page_max) break;
        after = some.back().user;
    }
    out.back().own_device_list = context_.store.device_list(session.account);
    return out;
}

wire::RosterEntry Roster::entry(AccountRow viewer, AccountRow other)
{
    const auto contact = context_.store.contact_of(viewer, other);
    return contact ? entry_from(*contact) : wire::RosterEntry{};
}

wire::RosterEntry Roster::entry_from(const StoredContact& contact)
{
    wire::RosterEntry out;
    out.user = contact.user;
    out.state = contact.mine;
    if (contact.mine == incoming || contact.mine == accepted) out.account_key = contact.account_key;
    out.device_list = contact.device_list;
    if (contact.mine == accepted && contact.theirs == accepted) out.online = online(contact.other);
    return out;
}

std::vector<DeviceId> Roster::online(AccountRow account, const Session* except)
{
    std::vector<DeviceId> out;
    for (const auto* const session : context_.sessions.of_account(account))
        if (session != except && out.size() < wire::devices_per_account_max) out.push_back(session->peer.device);
    return out;
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
#include "relay/core/departed.hpp"

namespace godwit::relay {
namespace {

constexpr std::uint32_t departed_per_tick_max = 500;

wire::RosterEntry entry_of(DepartedAccount&& one)
{
    wire::RosterEntry out;
    out.user = std::move(one.user);
    out.state = RosterState::accepted;
    out.account_key = one.account_key;
    out.device_list = std::move(one.device_list);
    return out;
}

} // namespace

void depart(Context& context, const StoredAccount& who, Moment now)
{
    auto& store = context.store;
    DepartedTable table(store);
    std::vector<AccountRow> owners;
    for (const auto contact : store.contact_rows(who.row)) {
        const auto theirs = store.contact(contact, who.row);
        if (theirs == RosterState::none) continue;
        if (theirs == RosterState::accepted && table.mail_waits(contact, who.row)) owners.push_back(contact);
        context.changes.gone_contacts.push_back({contact, who.row, who.user});
    }
    table.remove_owner(who.row);
    if (!owners.empty()) table.add(who, owners, now.wall_ms);
}

void settle_departed(Context& context, const Session& session, const std::set<AccountRow>& senders)
{
    DepartedTable table(context.store);
    for (const auto sender : senders) {
        if (table.mail_waits_for(session.device, sender)) continue;
        context.changes.departed.insert(session.link);
        if (!table.mail_waits(session.account, sender)) table.remove(session.account, sender);
    }
}

bool Departed::expire(Moment now)
{
    const auto before = now.wall_ms - context_.config.limits.mailbox_age_ms_max;
    return DepartedTable(context_.store).expire(before, departed_per_tick_max) == departed_per_tick_max;
}

/// Of a name that two of them had, the first: mail is in order.
std::vector<DepartedAccount> Departed::known_to(const Session& session)
{
    auto out = DepartedTable(context_.store).of(session.account);
    if (out.empty()) return out;
    std::set<AccountRow> senders;
    for (const auto& one : context_.store.mail_usage(session.device))
        senders.insert(one.sender);
    std::string last;
    std::erase_if(out, [&](const DepartedAccount& one) {
        if (!senders.contains(one.row) || one.user == last) return true;
        last = one.user;
        return false;
    });
    return out;
}

std::vector<wire::RosterEntry> Departed::entries(Session& session)
{
    std::vector<wire::RosterEntry> out;
    session.departed.clear();
    for (auto& one : known_to(session)) {
        session.departed.emplace(one.row, one.user);
        out.push_back(entry_of(std::move(one)));
    }
    return out;
}

void Departed::look(Session& session, const Send& send)
{
    auto known = known_to(session);
    auto before = std::exchange(session.departed, {});
    if (context_.store.failed()) { // it comes back, and hears all
        session.departed = std::move(before);
        return;
    }
    for (const auto& one : known)
        session.departed.emplace(one.row, one.user);
    for (const auto& [row, user] : before)
        if (!session.departed.contains(row)) {
            frame::RosterChange change;
            change.entry.user = user;
            send(session, std::move(change));
            const auto other = context_.store.account(session.app, user);
            if (!other || session.is_of_departed(user)) continue;
            change.entry = roster_.entry(session.account, other->row);
            if (change.entry.state != RosterState::none) send(session, std::move(change));
        }
    for (auto& one : known)
        if (!before.contains(one.row)) send(session, {entry_of(std::move(one))});
}

void Departed::gone(Session& session, const GoneContact& contact, const Send& send)
{
    const bool was_gone = session.departed.contains(contact.account);
    look(session, send);
    if (was_gone || session.is_of_departed(contact.user)) return;
    frame::RosterChange change;
    change.entry.user = contact.user;
    send(session, std::move(change));
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// What another relay on the same database has committed: whom of ours it concerns.
#include "relay/core/core.hpp"

namespace godwit::relay {

void Wake::add(const Wake& other)
{
    roster.insert(other.roster.begin(), other.roster.end());
    presence.insert(other.presence.begin(), other.presence.end());
    devices.insert(other.devices.begin(), other.devices.end());
    groups.insert(other.groups.begin(), other.groups.end());
    circles.insert(other.circles.begin(), other.circles.end());
    outs.insert(other.outs.begin(), other.outs.end());
    join_refusals.insert(other.join_refusals.begin(), other.join_refusals.end());
    mail.insert(other.mail.begin(), other.mail.end());
    notice_to_all = notice_to_all || other.notice_to_all;
    notice_accounts.insert(other.notice_accounts.begin(), other.notice_accounts.end());
    ended_accounts.insert(other.ended_accounts.begin(), other.ended_accounts.end());
    gone_contacts.insert(gone_contacts.end(), other.gone_contacts.begin(), other.gone_contacts.end());
    quotas = quotas || other.quotas;
    rules = rules || other.rules;
}

void Core::woken(const Wake& wake)
{
    gathered_anything_ = true;
    heard_.add(wake);
    // What is remembered of rows that another has changed is wrong, and wrong already for this tick's requests.
    for (const auto device : wake.mail)
        mailbox_.forget_usage(device);
    if (wake.quotas) {
        mailbox_.forget_usage();
        blobs_.forget_usage();
    }
    if (wake.rules) gate_.forget();
    if (wake.notice_to_all || !wake.notice_accounts.empty()) notices_.forget();
}

/// After the commit: adds what was heard to what is told, and ends sessions of ours that another relay has ended.
void Core::take_heard(Changes& changes, Moment now)
{
    const auto heard = std::exchange(heard_, {});
    if (heard == Wake{}) return;
    changes.add(heard);
    const bool ends = heard.rules || !heard.ended_accounts.empty() || !heard.devices.empty();
    if (!ends) return;
    context_.sessions.each([&](Session& session) {
        if (session.ending || session.leaving) return;
        auto why = heard.rules ? gate_.refuses_address(session.peer.ip, now) : std::nullopt;
        if (!why && session.account != 0) why = gate_.refuses_session(session.account, session.app);
        if (why) {
            session.ending = std::move(why);
            changes.endings.insert(session.link);
        } else if (heard.devices.contains(session.account) && !context_.store.device(session.peer.device)) {
            session.leaving = true;
            changes.logouts[session.link] = "this device was removed from its account";
        }
    });
}

} // namespace godwit::relay

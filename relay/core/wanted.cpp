// SPDX-License-Identifier: Apache-2.0
#include "relay/core/wanted.hpp"

namespace godwit::relay {

void note_wanted(Context& context, const Session& session, const DeviceId& device, Moment now)
{
    if (!context.config.events.contains(EventKind::device_wanted)) return;
    const auto wanted = context.store.device(device);
    if (!wanted) return;
    // Who is blocked is answered as if nobody were there, and wakes nobody; nor does who is in a group with this
    // account and no more.
    const auto accepted = [&](AccountRow whose, AccountRow whom) {
        return context.store.contact(whose, whom) == RosterState::accepted;
    };
    if (!accepted(session.account, wanted->account) || !accepted(wanted->account, session.account)) return;
    const auto account = context.store.account(wanted->account);
    if (!account) return;
    const auto detail = R"({"device":")" + to_hex(device.view()) + R"("})";
    const auto every_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wanted_every).count();
    if (EventTable(context.store).has(event_name(EventKind::device_wanted), detail, now.wall_ms - every_ms)) return;
    record_event(context, EventKind::device_wanted, context.apps.full_name(account->app, account->user), detail, now);
}

} // namespace godwit::relay

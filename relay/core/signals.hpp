// SPDX-License-Identifier: Apache-2.0
// signals: sealed ICE signalling from device to device. Forwarded while both are connected, never stored.
#pragma once

#include "relay/core/tick.hpp"

namespace godwit::relay {

class Signals {
public:
    explicit Signals(Context& context) : context_(context) {}

    /// ok, with the link to forward to; or why not.
    struct Route {
        Answer answer;
        LinkId to = 0;
    };
    [[nodiscard]] Route route(Session& session, const frame::Signal& signal, Moment now)
    {
        const auto& rate = context_.config.limits.signals;
        if (const auto wait = session.signal_pace.wait(rate, now.mono); wait > Duration::zero())
            return refuse(slow_down(wait));
        session.signal_pace.take(rate, now.mono);

        const auto device = context_.store.device(signal.device);
        if (!device) return refuse({ErrorCode::device_revoked, "this relay knows no such device", 0});
        if (device->account != session.account) {
            const auto ours = context_.store.contact(session.account, device->account);
            const auto theirs = context_.store.contact(device->account, session.account);
            const bool contacts = ours == RosterState::accepted && theirs == RosterState::accepted;
            // Members of a group may be in its call together, and need signals for that.
            if (!contacts && !context_.store.share_group(session.account, device->account))
                return refuse(
                    ours == RosterState::accepted && theirs == RosterState::blocked
                        ? offline() // they are not told
                        : Error{
                              ErrorCode::not_a_contact,
                              "this device belongs to no accepted contact, and to nobody in a group with this account",
                              0});
            if (theirs == RosterState::blocked) return refuse(offline());
        }
        const auto* const to = context_.sessions.of_device(device->row);
        if (to == nullptr || to == &session) return refuse(offline());
        ++context_.counters.signals_forwarded;
        return {{}, to->link};
    }

private:
    [[nodiscard]] Route refuse(Error why)
    {
        ++context_.counters.signals_refused;
        return {std::move(why), 0};
    }
    [[nodiscard]] static Error offline() { return {ErrorCode::not_connected, "this device is not connected now", 0}; }

    Context& context_;
};

} // namespace godwit::relay

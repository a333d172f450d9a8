// SPDX-License-Identifier: Apache-2.0
// joins: who asks to be let into a group of many. What they say is sealed for who has the link's secret; the relay
// counts and keeps it until a member's commit takes them in, a member refuses, or its time is over. A stale link is no
// refusal: who gets a new one asks again at once.
#pragma once

#include "relay/core/members.hpp"

namespace godwit::relay {

class Joins {
public:
    Joins(Context& context, Members& members)
        : context_(context), members_(members),
          paces_(context.config.limits.contact_changes, context.config.limits.throttled_max),
          stale_paces_(context.config.limits.stale_group_links, context.config.limits.throttled_max),
          fetch_paces_(context.config.limits.group_requests, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer ask(const Session& session, const frame::GroupJoin& request, Moment now);
    /// A page after what this device was shown last, and after the last page the first again.
    [[nodiscard]] Answer fetch(const Session& session, const frame::GroupJoinsFetch& request, Moment now);
    /// conflict: they are in. Whom nobody lets in any more is refused already.
    [[nodiscard]] Answer refuse(const Session& session, const frame::GroupJoinRefuse& request, Moment now);
    bool expire(Moment now);

private:
    struct Shown {
        AccountRow last = 0;
        WallMs asked_ms = 0;
    };
    Context& context_;
    Members& members_;
    PaceTable paces_;       ///< By account.
    PaceTable stale_paces_; ///< By account and group: a link costs every admin's device a look.
    PaceTable fetch_paces_; ///< By device.
    std::map<std::pair<DeviceRow, GroupRow>, Shown> shown_;
};

} // namespace godwit::relay

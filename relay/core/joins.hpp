// SPDX-License-Identifier: Apache-2.0
// joins: who asks to be let into a group of many. What they say is sealed for who has the link's secret; the relay
// counts and keeps it until a member's commit takes them in, a member refuses, or its time is over. A stale link is no
// refusal: who gets a new one asks again at once.
#pragma once

#include "relay/core/members.hpp"

namespace godwit::relay {

class Joins {
public:
    explicit Joins(Context& context)
        : context_(context), paces_(context.config.limits.contact_changes, context.config.limits.throttled_max),
          stale_paces_(context.config.limits.stale_group_links, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer ask(const Session& session, const frame::GroupJoin& request, Moment now);
    [[nodiscard]] Answer fetch(const Session& session, const frame::GroupJoinsFetch& request);
    [[nodiscard]] Answer refuse(const Session& session, const frame::GroupJoinRefuse& request, Moment now);
    bool expire(Moment now);

private:
    Context& context_;
    PaceTable paces_;       ///< By account.
    PaceTable stale_paces_; ///< By account and group: a link costs every admin's device a look.
};

} // namespace godwit::relay

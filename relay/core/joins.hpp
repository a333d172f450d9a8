// SPDX-License-Identifier: Apache-2.0
// joins: who asks to be let into a group of many. What they say is sealed for who has the link's secret; the relay
// counts and keeps it until a member's commit takes them in, a member refuses, or its time is over.
#pragma once

#include "relay/core/members.hpp"

namespace godwit::relay {

class Joins {
public:
    explicit Joins(Context& context)
        : context_(context), paces_(context.config.limits.contact_changes, context.config.limits.throttled_max)
    {
    }

    [[nodiscard]] Answer ask(const Session& session, const frame::GroupJoin& request, Moment now);
    [[nodiscard]] Answer fetch(const Session& session, const frame::GroupJoinsFetch& request);
    [[nodiscard]] Answer refuse(const Session& session, const frame::GroupJoinRefuse& request);
    bool expire(Moment now);

private:
    Context& context_;
    PaceTable paces_; ///< By account.
};

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// Messages that a user removes: at rest no device of their account shows them, and everybody else has them, with their
// files, as if nothing had been.
#include "tests/sim/broken.hpp"
#include "tests/sim/walk.hpp"

#include <algorithm>

namespace godwit::testing {

/// Something that stands here, whoever said it; mostly what is still under way.
void Walk::remove(Client& by, std::uint64_t detail)
{
    if (!by.running()) return;
    if (const auto target = oracle_.something_said(by, detail, false)) by.ask(request::RemoveMessages{{*target}});
}

void Oracle::asks_removal(Member& mine, RequestId id, const request::RemoveMessages& what)
{
    Act act;
    act.kind = Act::Kind::remove;
    act.by = mine.client;
    act.target = names_.at(what.messages.front());
    said_[act.target].removed_by.insert(mine.client->account());
    mine.act_requests[id] = acts_.size();
    acts_.push_back(act);
}

/// This account may have removed it: how it stands there, and whether its file is there, nobody else is asked.
bool Oracle::may_be_removed(std::size_t n, const Client& here) const
{
    return said_[n].removed_by.contains(here.account());
}

void Oracle::removed_is_gone(std::size_t n)
{
    for (const auto& act : acts_) {
        if (act.target != n || act.kind != Act::Kind::remove || !act.accepted || member(*act.by).logged_out) continue;
        for (auto* one : in_order_) {
            if (one->account() != act.by->account() || member(*one).logged_out) continue;
            const auto row = one->disk.store().message(*said_[n].id);
            demand(!row || !row->shown, "not removed: " + words(n) + " stands at " + one->name + ", and " +
                                            act.by->name + " has removed it");
        }
    }
}

} // namespace godwit::testing

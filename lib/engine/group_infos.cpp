// SPDX-License-Identifier: Apache-2.0
// Of the group keeper: what the relay has of a group was given to it by whoever made the newest commit, and members do
// not see it. When it does harm it is fetched and held against what they have.
//
//   a join from outside that is not valid: made from a false GroupInfo? ──┐
//   a change of ours that the relay does not allow: judged by false rules? ┴─> GroupFetch ── the epoch that we are in
//        ── it is so: nothing, or the relay's doing, which is named
//        ── it is not: who signed it is named; fresh keys, with a GroupInfo of our own, for those who want to join
#include "lib/engine/group_keeper.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

/// Not all at once: the first one's commit is enough.
void GroupKeeper::verify(const ConversationId& conversation, Moment now)
{
    const bool idle = !chores_.contains(conversation);
    auto& chore = chores_[conversation];
    chore.verify = verify_tries_max;
    if (chore.step != Chore::Step::rest || chore.failures > 0) return;
    const auto at = now.mono + soon(std::chrono::seconds(1)) + spread(conversation);
    chore.due = idle ? at : earlier(chore.due, at);
}

/// The change was judged here before it was made, by the rules that all members have.
void GroupKeeper::not_allowed(const ConversationId& conversation, Chore& chore, const std::string& why)
{
    if (!circles_.is_many(conversation)) return;
    chore.verify = verify_tries_max;
    if (!chore.plan) chore.not_allowed = why; // Else who wanted it is told.
}

void GroupKeeper::verify_info(const ConversationId& conversation, Chore& chore, const frame::GroupState& state)
{
    chore.verify = 0;
    const auto why = std::exchange(chore.not_allowed, {});
    const auto wrong = state.group_info.empty() ? std::nullopt : groups_->false_info(conversation, state.group_info);
    if (wrong && !std::exchange(chore.named, true))
        context_.security(SecurityKind::group_invalid, user_of(conversation), wrong->by.value_or(DeviceId{}),
                          "what the relay was given of the group is not what its members have (" + wrong->what +
                              (wrong->by ? ", signed by this device" : "") +
                              "): " + (wrong->rules ? "it judges changes by other rules" : "nobody can join by it"));
    if (!wrong && !why.empty() && !std::exchange(chore.named, true))
        context_.security(SecurityKind::group_invalid, user_of(conversation), {},
                          "the relay does not allow a change that the group's rules do (" + why + ")");
    chore.heal = wrong && !wrong->rules;
}

} // namespace godwit::engine

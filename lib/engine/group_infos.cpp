// SPDX-License-Identifier: Apache-2.0
// Of the group keeper: what the relay has of a group was given to it by whoever made the newest commit, and members do
// not see it. When it does harm it is fetched and held against what they have.
//
//   a join from outside that is not valid: made from a false GroupInfo? ──┐
//   a change of ours that the relay does not allow: judged by false rules? ┼─> GroupFetch ── the epoch that we are in
//   a Welcome: to the group that the others are in? ───────────────────────┘
//        ── it is so: nothing, or the relay's doing, which is named
//        ── it is not: who signed it is named; fresh keys, with a GroupInfo of our own, for those who want to join
#include "lib/engine/group_keeper.hpp"

#include <algorithm>

namespace godwit::engine {

namespace frame = wire::relay;

namespace {

/// So long the others need to look at a GroupInfo, and to bring another one when it is false.
constexpr Duration others_look = std::chrono::seconds(5);

} // namespace

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

// ---- after a Welcome ----------------------------------------------------------------------------

/// The relay and the members have judged the commit beside it. What the Welcome says only the newcomer reads.
void GroupKeeper::welcomed(const seal::Changes& changes, Moment now)
{
    entered(changes, now);
    if (groups_->is_hearsay(changes.conversation)) fresh_[changes.conversation].by = changes.welcomed_by;
    // What it was to be joined from outside for is over; a join that is at the relay already goes its way.
    if (const auto at = chores_.find(changes.conversation); at != chores_.end()) {
        at->second.compare = at->second.rejoin = false;
        at->second.state.reset();
    }
    verify_hearsay(changes.conversation);
}

void GroupKeeper::verify_hearsay(const ConversationId& conversation)
{
    if (!groups_->is_hearsay(conversation)) return;
    look(conversation);
    chores_[conversation].verify = verify_tries_max;
}

/// The relay's group is in the epoch that a Welcome has led to. True: it is another group, and that is seen to.
bool GroupKeeper::leave_false_group(const ConversationId& conversation, Chore& chore, const frame::GroupState& state,
                                    Moment now)
{
    const auto wrong = groups_->false_info(conversation, state.group_info);
    // Whoever founds a group gives it to all of them, who are in it then: where the same one signed both, it is the
    // relay that was told something else, and verify_info names that.
    const auto known = fresh_.find(conversation);
    const bool founds =
        state.epoch == 1 && wrong && wrong->by && known != fresh_.end() && wrong->by == known->second.by;
    if (!wrong || !wrong->context || founds) {
        groups_->prove(conversation, state.commit);
        return false;
    }
    auto& fresh = fresh_[conversation];
    if (!std::exchange(fresh.misled, true))
        context_.security(SecurityKind::group_invalid, user_of(conversation),
                          fresh.by.is_zero() ? wrong->by.value_or(DeviceId{}) : fresh.by,
                          "this device was let into another group than the relay shows (" + wrong->what + ")" +
                              (wrong->rules ? ": it joins that one" : ": one of the two was made up"));
    // The commit says its rules to the relay and to members alike: here it is the Welcome that is false.
    if (wrong->rules) {
        groups_->abandon(conversation);
        changed_.insert(conversation);
    } else if (!std::exchange(fresh.asked, true)) {
        // Of the rest either may be. Whoever joins by a false GroupInfo commits what all others refuse: they look
        // first. When it was false they renew the keys, and this device follows them or not.
        report_unjoinable(conversation, {state.incarnation, state.epoch});
        rest(chore, now.mono + soon(others_look));
        return true;
    }
    // Its group stays until the relay's is entered.
    chore.put_out = true;
    chore.verify = 0;
    join_from_outside(conversation, chore, state, now);
    return true;
}

void GroupKeeper::doubt_unread(const ConversationId& conversation)
{
    if (groups_ == nullptr) return;
    if (const auto at = fresh_.find(conversation); at != fresh_.end()) at->second.unread = true;
    doubt(conversation);
}

/// True once: what is said in the group does not open here, so it is to be joined from outside. Who makes a Welcome and
/// a GroupInfo to the same false group deceives nobody about its rules, and nobody opens anything there. A join by that
/// GroupInfo the others refuse, and look.
bool GroupKeeper::take_rejoin(const ConversationId& conversation)
{
    const auto at = fresh_.find(conversation);
    return at != fresh_.end() && at->second.unread && !std::exchange(at->second.rejoined, true);
}

} // namespace godwit::engine

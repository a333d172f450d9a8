// SPDX-License-Identifier: Apache-2.0
#include "relay/core/joins.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

using State = StoredJoin::State;

std::string stale_pace_name(AccountRow account, GroupRow group)
{
    return std::to_string(account) + "/" + std::to_string(group);
}

} // namespace

Answer Joins::ask(const Session& session, const frame::GroupJoin& request, Moment now)
{
    const auto who = std::to_string(session.account);
    if (const auto wait = paces_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    paces_.take(who, now.mono);
    const auto& limits = context_.config.limits;
    const auto group = context_.store.group(request.conversation);
    // A group of another application is none.
    if (group.row == 0 || !group.of_many || context_.store.group_app(group.row) != session.app)
        return {ErrorCode::no_such_user, "this relay has no such group: ask for a new link"};
    if (context_.store.is_member(group.row, session.account)) return {ErrorCode::conflict, "you are in this group"};
    const auto before = context_.store.join(group.row, session.account);
    if (before && before->state == State::refused) {
        const auto wait_ms = before->asked_ms + limits.group_join_again_ms - now.wall_ms;
        if (wait_ms > 0) return slow_down(std::chrono::milliseconds(wait_ms));
    }
    if (const auto wait = stale_paces_.wait(stale_pace_name(session.account, group.row), now.mono);
        wait > Duration::zero())
        return slow_down(wait);
    if (!before && context_.store.joins_of(session.account) >= limits.group_joins_per_account_max)
        context_.store.remove_stale_joins(session.account); // What has an answer keeps nobody from asking elsewhere.
    if (!before && context_.store.joins_of(session.account) >= limits.group_joins_per_account_max)
        return {ErrorCode::quota_exceeded, "you wait for too many groups"};
    if (context_.store.join_count(group.row) >= limits.group_joins_max && (!before || before->state != State::waits))
        return {ErrorCode::quota_exceeded, "too many wait for this group: try again later"};
    context_.store.set_join(group.row, session.account, request.sealed, now.wall_ms);
    context_.changes.circles.insert(request.conversation);
    ++context_.counters.group_joins;
    return {};
}

Answer Joins::fetch(const Session& session, const frame::GroupJoinsFetch& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = fetch_paces_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    fetch_paces_.take(who, now.mono);
    const auto group = context_.store.group(request.conversation);
    if (group.row == 0 || !context_.store.is_member(group.row, session.account)) return not_a_member();
    auto all = context_.store.joins(group.row, context_.config.limits.group_joins_max);
    if (shown_.size() >= context_.config.limits.throttled_max) shown_.clear(); // They begin with the first again.
    auto& shown = shown_[{session.device, group.row}];
    auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.account == shown.last; });
    // Whom it was shown last may have gone, or have asked anew.
    at = at != all.end() && at->asked_ms == shown.asked_ms
             ? std::next(at)
             : std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.asked_ms >= shown.asked_ms; });
    if (at == all.end()) at = all.begin();
    frame::GroupJoins out;
    for (; at != all.end() && out.entries.size() < wire::group_joins_page_max; ++at) {
        shown = {at->account, at->asked_ms};
        out.entries.push_back(
            {std::move(at->user), at->account_key, std::move(at->device_list), std::move(at->sealed), at->asked_ms});
    }
    return frame::ResponseBody(std::move(out));
}

Answer Joins::refuse(const Session& session, const frame::GroupJoinRefuse& request, Moment now)
{
    const auto group = context_.store.group(request.conversation);
    if (group.row == 0 || !context_.store.is_member(group.row, session.account)) return not_a_member();
    const auto account = context_.store.account(session.app, request.user);
    const auto waits = account ? context_.store.join(group.row, account->row) : std::nullopt;
    const auto& stale = request.stale_link;
    if (account && !stale && context_.store.is_member(group.row, account->row))
        return {ErrorCode::conflict, request.user + " is in the group: somebody else has let them in"};
    if (!waits || waits->state != State::waits) return {}; // refused or gone meanwhile
    // Who has not seen the newest commit may not know the newest link.
    if (stale && (stale->incarnation != group.incarnation || stale->epoch != group.epoch))
        return {ErrorCode::conflict, "the group is in another epoch: its link may be another"};
    if (stale && stale->asked_ms != waits->asked_ms) return {}; // With another link, maybe.
    if (stale) stale_paces_.take(stale_pace_name(account->row, group.row), now.mono);
    context_.store.refuse_join(group.row, account->row, stale ? State::stale_link : State::refused);
    if (!stale) members_.refused(group.row, account->row, session.user, now);
    context_.changes.circles.insert(request.conversation);
    context_.changes.join_refusals.insert({account->row, request.conversation, stale.has_value()});
    return {};
}

bool Joins::expire(Moment now)
{
    const auto gone = context_.store.expire_joins(now.wall_ms - context_.config.limits.group_join_age_ms_max,
                                                  group_rows_expired_per_tick_max);
    context_.changes.circles.insert(gone.begin(), gone.end());
    return gone.size() >= group_rows_expired_per_tick_max;
}

} // namespace godwit::relay

// SPDX-License-Identifier: Apache-2.0
// Of the groups: commits that their members refuse, and those that stand (docs/adr/0056-a-suffix-falls.md).
//
//   open      a commit that may still be taken back: the GroupInfo of before it is kept, and votes on it
//   refused   at least half of its members say that it is not valid; then whatever was built on it falls as well
//   vouched   more than half of its members have taken it, and refuse neither it nor one before it
#include "relay/core/groups.hpp"

#include <algorithm>

namespace godwit::relay {

Answer Groups::reject(const Session& session, const frame::GroupReject& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    const auto place = place_of(session, request.with, request.conversation);
    if (!place) return place.error();

    auto& store = context_.store;
    const auto& group = place->group;
    const bool is_here = request.incarnation == group.incarnation && request.epoch < group.epoch;
    auto commit = is_here ? store.group_commit(group, request.epoch) : std::nullopt;
    // Whom it was never put for names the epoch alone: the commit that starts there cannot be followed.
    const bool unseen = request.commit.is_zero() && commit && group.of_many &&
                        store.commit_vote(commit->row, session.device) == CommitVote::skipped;
    // Whether it was asked about the commit or not: it may have taken that, and have lost its group since.
    const bool is_outside =
        request.commit.is_zero() && commit && group.of_many && commit->epoch + 1 == group.epoch && !unseen;
    if (is_outside && store.is_member(group.row, session.account))
        return cannot_join(session, request.conversation, group, now);
    const bool is_named = commit && (commit->id == request.commit || unseen);
    // Whom a later one has put out has its word on those before.
    const auto said = is_named ? store.commit_vote(commit->row, session.device) : std::optional<CommitVote>();
    if (!place->partner && !said && !store.is_member(group.row, session.account)) return not_a_member();
    if (!is_named) return conflict(group, "this commit is not one of the group's");
    const bool is_newest = commit->epoch + 1 == group.epoch;
    Bytes info_before;
    if (request.epoch > 0) {
        const auto before = store.group_commit(group, request.epoch - 1);
        if (before) info_before = store.group_info(before->row);
        if (info_before.empty()) return conflict(group, "this commit stands: the epoch before it is gone");
        // To who came there by another commit, everything here is wrong.
        if (!request.after.is_zero() && request.after != before->id)
            return conflict(group, "you came to this epoch by another commit: join again");
    } else if (group.of_many && !is_newest) {
        return conflict(group, "this commit stands: a group of many is not begun again");
    }
    if (!said) return conflict(group, "this commit was not put for this device: others can tell whether it is valid");
    if (has_built_on(session.peer.device, group, *commit))
        return conflict(group, "this device has committed after it, and so has taken it for valid");
    bool is_news = false;
    if (*said != CommitVote::rejected) {
        if (const auto wait = may_reject(session.device, request.conversation, now.mono); wait > Duration::zero()) {
            // Beyond its pace it takes nothing back; nor does it vouch for what it refuses.
            store.set_commit_vote(commit->row, session.device, CommitVote::too_many);
            context_.changes.groups.insert({session.account, request.conversation}); // It has to join again.
            return slow_down(wait);
        }
        store.set_commit_vote(commit->row, session.device, CommitVote::rejected);
        ++context_.counters.group_reject_reports;
        is_news = true;
    }
    const bool vetoed = group.of_many && request.epoch > 0 && members_.is_vetoed(group, *commit, info_before);
    if (!vetoed && !is_refused(group, *commit)) {
        // One word against another: who is on a dead branch says the same of a good commit. It joins again.
        context_.changes.groups.insert({session.account, request.conversation});
        // That needs a GroupInfo which is true: the others, who have followed, can see whether it is.
        if (group.of_many && is_news)
            for (const auto account : store.members(group.row))
                context_.changes.groups.insert({account, request.conversation});
        return state_of(group);
    }
    if (group.of_many) {
        // One word is not enough for that against whoever may put its account out: it could undo each such commit by
        // what was before it, and have the other one wait.
        const bool is_proven = vetoed || votes_on(group, *commit).rejected > 1;
        if (is_proven || !members_.outranks(group, *commit, info_before, session.user))
            // Those who have built on it have believed it: it is one account's doing, though its device may be gone.
            offences_.take(offender_of(commit->account, request.conversation), now.mono);
    }
    take_back(session, *place, request.conversation, *commit, now);
    context_.counters.group_reject_reason_last = request.reason;
    return state_of(store.group(request.conversation));
}

Duration Groups::may_reject(DeviceRow device, const ConversationId& conversation, Instant now)
{
    const auto anywhere = std::to_string(device), here = anywhere + "/" + to_hex(conversation.view());
    const auto wait = std::max(rejects_.wait(here, now), rejects_anywhere_.wait(anywhere, now));
    if (wait > Duration::zero()) return wait;
    rejects_.take(here, now);
    rejects_anywhere_.take(anywhere, now);
    return Duration::zero();
}

/// Who cannot join by the GroupInfo beside the newest commit, or was shown another group by the Welcome: that takes
/// nothing back. The others can see whether the GroupInfo is true.
Answer Groups::cannot_join(const Session& session, const ConversationId& conversation, const StoredGroup& group,
                           Moment now)
{
    if (const auto wait = may_reject(session.device, conversation, now.mono); wait > Duration::zero())
        return slow_down(wait);
    ++context_.counters.group_reject_reports;
    for (const auto account : context_.store.members(group.row))
        context_.changes.groups.insert({account, conversation});
    return state_of(group);
}

/// By a commit of its own, joining from outside included.
bool Groups::has_built_on(const DeviceId& device, const StoredGroup& group, const StoredCommit& commit)
{
    const auto all = context_.store.standing_commits(group, standing_commits_max);
    return std::any_of(all.begin(), all.end(),
                       [&](const StoredCommit& one) { return one.row > commit.row && one.from == device; });
}

CommitVotes Groups::votes_on(const StoredGroup& group, const StoredCommit& commit)
{
    // A creation is seen by its Welcome: whom it was put for has no commit of it.
    const auto stored = context_.store.envelope(commit.from, commit.epoch == 0 ? commit.welcome : commit.id);
    const auto envelope = stored ? stored->row : EnvelopeRow{0};
    return group.of_many ? context_.store.commit_votes_of_accounts(group.row, commit, envelope)
                         : context_.store.commit_votes(group.row, commit, envelope);
}

/// At least half of its members: the committer, who vouches for it, is one of them. Between two devices one word must
/// be enough, or a commit that is not valid would stand. In a group of many it is accounts that count, and of those who
/// have seen it: who is away for weeks must not keep the others from going on.
bool Groups::is_refused(const StoredGroup& group, const StoredCommit& commit)
{
    const auto votes = votes_on(group, commit);
    const auto electorate =
        group.of_many ? std::max(votes.seen, std::min(votes.recipients, electorate_min)) : votes.recipients;
    return 2 * votes.rejected >= electorate + 1;
}

bool Groups::is_vouched(const StoredGroup& group, const StoredCommit& commit)
{
    const auto votes = votes_on(group, commit);
    if (votes.recipients == 0) { // Nobody was asked: there is nobody else, or they do not know of it.
        const auto by = context_.store.device(commit.from);
        const auto party = context_.store.commit_party(commit.row);
        return std::all_of(party.begin(), party.end(), [&](const auto& one) { return by && one.first == by->row; });
    }
    const auto electorate =
        group.of_many ? std::max(votes.seen, std::min(votes.recipients, vouching_electorate_min)) : votes.recipients;
    return 2 * (votes.accepted + 1) > electorate + 1;
}

/// By its age, whoever has seen it.
WallMs Groups::stands_ms(const StoredGroup& group, const StoredCommit& commit, BytesView newest_info)
{
    if (context_.store.is_contested(commit.row)) return commit.put_ms + contested_stands_ms;
    const bool is_owners = group.of_many && members_.owner(group.row, newest_info) == commit.account;
    return commit.put_ms + (is_owners ? owners_stands_ms : unseen_stands_ms);
}

Duration Groups::settle(const StoredGroup& group, std::size_t open_max, Moment now)
{
    auto& store = context_.store;
    const auto all = store.standing_commits(group, standing_commits_max);
    if (all.empty()) return Duration::zero();
    // The first that stands; those before it are open.
    std::size_t open = 0;
    while (open < all.size() && !is_vouched(group, all[open])) {
        const bool first = all[open].epoch == 0;
        const bool can_go_back = first || (open + 1 < all.size() && all[open + 1].has_info);
        if (!can_go_back) break;
        ++open;
        if (first) break;
    }
    for (; open >= open_max; --open) {
        const auto& oldest = all[open - 1];
        if (now.wall_ms < stands_ms(group, oldest, store.group_info(all.front().row))) return open_commits_wait;
    }
    store.forget_commits_before(group.row, all[std::min(open, all.size() - 1)].row, group_commits_kept);
    return Duration::zero();
}

void Groups::take_back(const Session& session, const Place& place, const ConversationId& conversation,
                       const StoredCommit& commit, Moment now)
{
    auto& store = context_.store;
    const auto& group = place.group;
    std::vector<std::int64_t> fallen;
    for (const auto& one : store.standing_commits(group, standing_commits_max)) { // The newest first.
        if (one.row < commit.row) break;
        store.reject_group_commit(one.row);
        mailbox_.withdraw(one.from, one.id);
        if (!one.welcome.is_zero()) mailbox_.withdraw(one.from, one.welcome);
        fallen.push_back(one.row);
        ++context_.counters.group_rejects;
    }
    store.set_group(group.row, group.incarnation, commit.epoch, now.wall_ms);
    if (!place.partner) {
        members_.take_back(conversation, group, fallen, now);
        return;
    }
    context_.changes.groups.insert({session.account, conversation});
    if (place.partner->listens) context_.changes.groups.insert({place.partner->row, conversation});
}

} // namespace godwit::relay

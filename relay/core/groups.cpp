// SPDX-License-Identifier: Apache-2.0
#include "relay/core/groups.hpp"

#include "lib/identity/conversation_id.hpp"
#include "relay/core/commit_shape.hpp"

namespace godwit::relay {
namespace {

Answer wrong_conversation()
{
    return {ErrorCode::invalid_argument, "this is not the conversation of these two accounts"};
}

bool is_of(const ConversationId& conversation, const Session& session, const Partner& partner)
{
    return conversation == identity::conversation_of(session.account_key, partner.account_key);
}

/// It starts from the epoch that is open, or creates an incarnation after all that the relay knows of.
bool continues(const StoredGroup& group, const frame::GroupCommit& request)
{
    if (request.epoch > 0) return request.incarnation == group.incarnation && request.epoch == group.epoch;
    return request.incarnation > group.incarnation &&
           request.incarnation - group.incarnation <= incarnations_skipped_max;
}

frame::ResponseBody state_of(const StoredGroup& group, Bytes group_info = {})
{
    return frame::GroupState{group.incarnation, group.epoch, group.commit, std::move(group_info)};
}

} // namespace

Groups::Groups(Context& context, Mailbox& mailbox)
    : context_(context), mailbox_(mailbox),
      requests_(context.config.limits.group_requests, context.config.limits.throttled_max),
      rejects_(context.config.limits.group_rejects, context.config.limits.throttled_max),
      creations_(context.config.limits.group_creations, context.config.limits.throttled_max)
{
}

Answer Groups::commit(const Session& session, const frame::GroupCommit& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    if (auto wrong = wrong_shape(request, session.peer.device)) {
        if (wrong->code == ErrorCode::malformed) ++context_.counters.group_commits_malformed;
        return *std::move(wrong);
    }
    const auto partner = partner_of(context_, session, request.with);
    if (!partner) return no_partner();
    if (!is_of(request.conversation, session, *partner)) return wrong_conversation();
    const auto recipients = devices_of(session, *partner, request.recipients);
    const auto newcomers = devices_of(session, *partner, request.newcomers);
    if (!recipients || !newcomers)
        return {ErrorCode::invalid_argument, "a device belongs to neither account of this conversation"};

    auto group = context_.store.group(request.conversation);
    if (const auto known = context_.store.group_commit(group.row, request.envelope.id)) {
        if (known->from != session.peer.device)
            return {ErrorCode::invalid_argument, "this envelope id is another device's: choose another"};
        if (known->rejected) return conflict(group, "this commit was rejected: make another one");
        return frame::ResponseBody(frame::GroupState{known->incarnation, known->epoch + 1, known->id, {}});
    }
    const bool creates = request.epoch == 0;
    if (!continues(group, request)) return conflict(group, "the group is in another epoch: another commit came first");
    if (context_.store.envelope(session.peer.device, request.envelope.id))
        return {ErrorCode::invalid_argument, "this envelope id is in use: choose another"};
    if (creates) {
        // Each one replaces the group of everybody else, who have to come in anew.
        const auto creator = std::to_string(session.account) + "/" + to_hex(request.conversation.view());
        if (const auto wait = creations_.wait(creator, now.mono); wait > Duration::zero()) return slow_down(wait);
        creations_.take(creator, now.mono);
    }
    if (group.row == 0) {
        group.row = make_room(session, *partner, request.conversation, now);
        if (group.row == 0)
            return {ErrorCode::quota_exceeded, "you or this contact take part in too many conversations"};
    }

    StoredCommit commit;
    commit.incarnation = request.incarnation;
    commit.epoch = request.epoch;
    commit.from = session.peer.device;
    commit.id = request.envelope.id;
    auto judges = mailbox_.put_handshake(session, *recipients, request.envelope, now);
    if (!newcomers->empty()) {
        context_.entropy.fill(commit.welcome.bytes);
        auto welcomed = mailbox_.put_handshake(session, *newcomers, {commit.welcome, request.welcome}, now);
        if (creates) judges = std::move(welcomed);
    }
    context_.store.add_group_commit(group.row, commit, request.group_info);
    context_.store.set_commit_recipients(group.row, judges);
    context_.store.prune_group_commits(group.row, commit.incarnation, group_infos_kept, group_commits_kept);
    context_.store.set_group(group.row, commit.incarnation, commit.epoch + 1, now.wall_ms);
    ++context_.counters.group_commits;
    return frame::ResponseBody(frame::GroupState{commit.incarnation, commit.epoch + 1, commit.id, {}});
}

std::optional<std::vector<DeviceRow>> Groups::devices_of(const Session& session, const Partner& partner,
                                                         const std::vector<DeviceId>& ids)
{
    std::vector<DeviceRow> out;
    std::set<DeviceId> seen;
    for (const auto& id : ids) {
        if (!seen.insert(id).second) continue;
        const auto device = context_.store.device(id);
        if (!device || device->row == session.device) continue;
        if (device->account != session.account && device->account != partner.row) return std::nullopt;
        if (device->account == partner.row && !partner.listens) continue;
        out.push_back(device->row);
    }
    return out;
}

GroupRow Groups::make_room(const Session& session, const Partner& partner, const ConversationId& conversation,
                           Moment now)
{
    const auto groups_max = context_.config.limits.contacts_max + 1; // one with each, and the own devices'
    for (const auto account : {session.account, partner.row}) {
        if (context_.store.group_count(account) < groups_max) continue;
        const auto old = context_.store.forgettable_group(account);
        if (old == 0) return 0;
        context_.store.remove_group(old);
    }
    return context_.store.add_group(conversation, session.account, partner.row, now.wall_ms);
}

Answer Groups::conflict(const StoredGroup& group, const char* why)
{
    ++context_.counters.group_conflicts;
    Answer out(ErrorCode::conflict, why);
    out.body = state_of(group);
    return out;
}

Answer Groups::fetch(const Session& session, const frame::GroupFetch& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    const auto partner = partner_of(context_, session, request.with);
    if (!partner) return no_partner();
    if (!is_of(request.conversation, session, *partner)) return wrong_conversation();

    const auto group = context_.store.group(request.conversation);
    Bytes info;
    if (group.epoch > 0)
        if (const auto newest = context_.store.group_commit(group, group.epoch - 1))
            info = context_.store.group_info(newest->row);
    return state_of(group, std::move(info));
}

Answer Groups::reject(const Session& session, const frame::GroupReject& request, Moment now)
{
    const auto who = std::to_string(session.device);
    if (const auto wait = requests_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    requests_.take(who, now.mono);
    const auto partner = partner_of(context_, session, request.with);
    if (!partner) return no_partner();
    if (!is_of(request.conversation, session, *partner)) return wrong_conversation();

    const auto group = context_.store.group(request.conversation);
    const bool is_newest = group.epoch > 0 && request.incarnation == group.incarnation &&
                           request.epoch == group.epoch - 1 && request.commit == group.commit;
    const auto newest = is_newest ? context_.store.group_commit(group, request.epoch) : std::nullopt;
    if (!newest) return conflict(group, "this is not the newest commit of the group");
    if (request.epoch > 0) {
        const auto before = context_.store.group_commit(group, request.epoch - 1);
        if (!before || context_.store.group_info(before->row).empty())
            return conflict(group, "the epoch before it is gone: join again");
        // To who came there by another commit, everything here is wrong.
        if (!request.after.is_zero() && request.after != before->id)
            return conflict(group, "you came to this epoch by another commit: join again");
    }
    const auto said = context_.store.commit_rejected_by(group.row, session.device);
    if (!said) return conflict(group, "this commit was not put for this device: others can tell whether it is valid");
    if (!*said) {
        if (const auto wait = rejects_.wait(who, now.mono); wait > Duration::zero()) {
            context_.changes.groups.insert({session.account, request.conversation}); // It has to join again.
            return slow_down(wait);
        }
        rejects_.take(who, now.mono);
        context_.store.set_commit_rejected_by(group.row, session.device);
        ++context_.counters.group_reject_reports;
    }
    if (!is_refused(context_.store.commit_votes(group.row))) {
        // One word against another: who is on a dead branch says the same of a good commit. It joins again.
        context_.changes.groups.insert({session.account, request.conversation});
        return state_of(group);
    }
    take_back(session, *partner, group, *newest, now);
    context_.counters.group_reject_reason_last = request.reason;
    return state_of(context_.store.group(request.conversation));
}

/// At least half of its members: the committer, who vouches for it, is one of them. Between two devices one word must
/// be enough, or a commit that is not valid would stand.
bool Groups::is_refused(const CommitVotes& votes)
{
    return 2 * votes.rejected >= votes.recipients + 1;
}

void Groups::take_back(const Session& session, const Partner& partner, const StoredGroup& group,
                       const StoredCommit& newest, Moment now)
{
    context_.store.reject_group_commit(newest.row);
    context_.store.set_commit_recipients(group.row, {}); // The one before it was built on: it stands.
    context_.store.set_group(group.row, group.incarnation, newest.epoch, now.wall_ms);
    mailbox_.withdraw(newest.from, newest.id);
    if (!newest.welcome.is_zero()) mailbox_.withdraw(newest.from, newest.welcome);
    const auto conversation = identity::conversation_of(session.account_key, partner.account_key);
    context_.changes.groups.insert({session.account, conversation});
    if (partner.listens) context_.changes.groups.insert({partner.row, conversation});
    ++context_.counters.group_rejects;
}

frame::GroupChanged Groups::changed(const ConversationId& conversation)
{
    const auto group = context_.store.group(conversation);
    return {conversation, group.incarnation, group.epoch, group.commit};
}

} // namespace godwit::relay

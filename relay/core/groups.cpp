// SPDX-License-Identifier: Apache-2.0
#include "relay/core/groups.hpp"

#include "lib/identity/conversation_id.hpp"
#include "lib/wire/mls_outline.hpp"
#include "relay/core/commit_shape.hpp"
#include "relay/core/membership_rules.hpp"

#include <algorithm>

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

Rate anywhere(const Rate& in_one)
{
    return {in_one.burst * group_rejects_anywhere, in_one.interval / group_rejects_anywhere};
}

/// Open commits of one account in a group of many: 32 of them hold everybody, so they are not one's. Who takes in
/// hundreds makes some dozens in a row; all of that is for the owner, and half of it for admins.
constexpr std::size_t open_of_admin_max = open_commits_max / 2;
constexpr std::size_t open_of_member_max = open_commits_max / 4;

/// What the policy in the newest GroupInfo says; who is not in it (any more) is as a member.
Role role_of(const std::optional<policy::Policy>& rules, std::string_view user)
{
    const auto* const one = rules ? rules->find(user) : nullptr;
    return one == nullptr ? Role::member : one->role;
}

/// Those that no age lets stand. After settle(): of what members vouch for the newest one at most is among them.
bool has_enough_open(Store& store, const StoredGroup& group, const Session& session, WallMs now_ms)
{
    const auto all = store.standing_commits(group, open_commits_max);
    const auto may_be_open = [&](const StoredCommit& one) {
        return one.account == session.account && one.has_info && now_ms < one.put_ms + contested_stands_ms;
    };
    if (static_cast<std::size_t>(std::count_if(all.begin(), all.end(), may_be_open)) < open_of_member_max) return false;
    const auto own = std::count_if(all.begin(), all.end(), [&](const StoredCommit& one) {
        return may_be_open(one) && (now_ms < one.put_ms + unseen_stands_ms || store.is_contested(one.row));
    });
    if (static_cast<std::size_t>(own) < open_of_member_max) return false;
    const auto role = role_of(policy_of(store.group_info(all.front().row)), session.user);
    return role != Role::owner && (role != Role::admin || static_cast<std::size_t>(own) >= open_of_admin_max);
}

/// As many are open as may be, and it is the owner who wants to go on: a few more may be open then, or members could
/// keep out the commit that puts them out, and so could those who come in by a link, by being many. Nothing stands by
/// that: an owner in league with the oldest one's maker would put rubbish out of the others' reach, before they have
/// seen it.
bool may_exceed(Store& store, const StoredGroup& group, const Session& session, const Members::Change& audience)
{
    const auto all = store.standing_commits(group, open_commits_max);
    const bool takes_in = !audience.in.empty() || !audience.newcomers.empty();
    if (all.size() < open_commits_max || (takes_in && std::all_of(all.begin(), all.end(), [&](const StoredCommit& one) {
                                              return one.account == session.account;
                                          })))
        return false;
    return role_of(policy_of(store.group_info(all.front().row)), session.user) == Role::owner;
}

bool joins_from_outside(const frame::GroupCommit& request)
{
    const auto commit = wire::read_mls_commit(request.envelope.sealed);
    return commit && commit->joins;
}

/// Those of `some` that are in `others`.
std::vector<DeviceRow> both(const std::vector<DeviceRow>& some, const std::vector<DeviceRow>& others)
{
    const std::set<DeviceRow> known(others.begin(), others.end());
    std::vector<DeviceRow> out;
    std::copy_if(some.begin(), some.end(), std::back_inserter(out), [&](DeviceRow one) { return known.contains(one); });
    return out;
}

} // namespace

Groups::Groups(Context& context, Mailbox& mailbox, Members& members, Trees& trees)
    : context_(context), mailbox_(mailbox), members_(members), trees_(trees),
      rejects_anywhere_rate_(anywhere(context.config.limits.group_rejects)),
      requests_(context.config.limits.group_requests, context.config.limits.throttled_max),
      rejects_(context.config.limits.group_rejects, context.config.limits.throttled_max),
      rejects_anywhere_(rejects_anywhere_rate_, context.config.limits.throttled_max),
      commits_(group_commits_rate, context.config.limits.throttled_max),
      offences_(group_offences_rate, context.config.limits.throttled_max),
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
    auto place = place_of(session, request.with, request.conversation);
    if (!place) return place.error();
    auto& group = place->group;
    if (const auto known = context_.store.group_commit(group.row, request.envelope.id)) {
        if (known->from != session.peer.device)
            return {ErrorCode::invalid_argument, "this envelope id is another device's: choose another"};
        if (known->rejected) return conflict(group, "this commit was rejected: make another one");
        return frame::ResponseBody(
            frame::GroupState{known->incarnation, known->epoch + 1, known->id, {}, trees_.pieces(known->tree)});
    }
    const bool creates = request.epoch == 0;
    if (!place->partner && creates && group.row != 0)
        return {ErrorCode::not_allowed, "a group of many is never begun anew: choose another id"};
    if (!place->partner && !creates && group.row == 0) return conflict(group, "this relay has no such group");
    if (!place->partner && !creates && !context_.store.is_member(group.row, session.account)) return not_a_member();
    // Before it is judged: it was made by the rules of another epoch.
    if (!continues(group, request)) return conflict(group, "the group is in another epoch: another commit came first");
    const auto audience = audience_of(session, *place, request, now);
    if (!audience) return audience.error();
    if (context_.store.envelope(session.peer.device, request.envelope.id))
        return {ErrorCode::invalid_argument, "this envelope id is in use: choose another"};
    const auto tree = trees_.whole(session, request);
    if (!tree)
        return {ErrorCode::invalid_argument, "the tree that this commit names is not here: put its pieces first"};
    if (!creates && joins_from_outside(request) && context_.store.welcome_waits(group.row, session.device))
        return slow_down(welcome_wait);
    const auto committer = who + "/" + to_hex(request.conversation.view());
    if (const auto wait = commits_.wait(committer, now.mono); wait > Duration::zero()) return slow_down(wait);
    const auto offender = offender_of(session.account, request.conversation);
    if (const auto wait = offences_.wait(offender, now.mono); wait > Duration::zero()) return slow_down(wait);
    if (group.row != 0 && !creates) {
        auto wait = settle(group, open_commits_max, now);
        if (wait > Duration::zero() && !place->partner && may_exceed(context_.store, group, session, *audience))
            wait = settle(group, open_commits_max + open_of_owner_more, now);
        if (wait > Duration::zero()) {
            ++context_.counters.group_commits_held;
            return slow_down(wait);
        }
        if (!place->partner && has_enough_open(context_.store, group, session, now.wall_ms)) {
            ++context_.counters.group_commits_held;
            return slow_down(open_commits_wait);
        }
    }
    if (const auto who_upsets = upsetting(session, *place, request); !who_upsets.empty()) {
        if (const auto wait = creations_.wait(who_upsets, now.mono); wait > Duration::zero()) return slow_down(wait);
        creations_.take(who_upsets, now.mono);
    }
    if (is_for_nobody(session, *audience, request)) {
        ++context_.counters.group_commits_held;
        return slow_down(open_commits_wait);
    }
    if (group.row == 0) {
        group.row = make_room(session, *place, request.conversation, now);
        if (group.row == 0)
            return {ErrorCode::quota_exceeded, "you or this contact take part in too many conversations"};
    }

    commits_.take(committer, now.mono);
    StoredCommit commit;
    commit.incarnation = request.incarnation;
    commit.epoch = request.epoch;
    commit.from = session.peer.device;
    commit.account = session.account;
    commit.id = request.envelope.id;
    commit.tree = *tree;
    commit.put_ms = now.wall_ms;
    if (!place->partner) commit.rules = rules_digest(request.group_info);
    auto judges = both(mailbox_.put_handshake(session, audience->recipients, request.envelope, now), audience->judges);
    if (!audience->newcomers.empty()) {
        context_.entropy.fill(commit.welcome.bytes);
        auto welcomed = mailbox_.put_handshake(session, audience->newcomers, {commit.welcome, request.welcome}, now);
        if (creates) judges = std::move(welcomed);
    }
    const auto row = context_.store.add_group_commit(group.row, commit, request.group_info);
    if (!place->partner) members_.apply(request.conversation, group.row, *audience, row, now);
    if (!place->partner || *tree != 0) trees_.use(request.conversation, group.row, *tree);
    // Whose mailboxes are full have not judged it yet. When they come they may, or whoever sees to it that there is no
    // room for others chooses who judges.
    const std::set<DeviceRow> got(judges.begin(), judges.end());
    std::vector<DeviceRow> missed;
    std::copy_if(audience->judges.begin(), audience->judges.end(), std::back_inserter(missed),
                 [&](DeviceRow one) { return !got.contains(one); });
    auto others = audience->newcomers; // In it from now on, and not asked about this one.
    others.push_back(session.device);
    const bool asks_later = !place->partner && !creates;
    if (!asks_later) others.insert(others.end(), missed.begin(), missed.end());
    context_.store.set_commit_voters(group.row, row, judges, asks_later ? missed : std::vector<DeviceRow>(), others);
    // Who goes on with them refuses none of those before.
    context_.store.withdraw_commit_votes(group.row, session.device);
    if (creates) context_.store.forget_commits_before(group.row, row, group_commits_kept);
    context_.store.set_group(group.row, commit.incarnation, commit.epoch + 1, now.wall_ms);
    ++context_.counters.group_commits;
    return frame::ResponseBody(
        frame::GroupState{commit.incarnation, commit.epoch + 1, commit.id, {}, trees_.pieces(commit.tree)});
}

/// Whose pace a commit goes at that costs everybody else something, and that one device could make without end; empty:
/// it is no such commit. A creation replaces the group of all the others, who have to come in anew. A join from outside
/// starts an epoch, which nobody needs from a device that is in it: with a few of them what is on its way is out of
/// reach.
std::string Groups::upsetting(const Session& session, const Place& place, const frame::GroupCommit& request)
{
    if (request.epoch == 0)
        return std::to_string(session.account) + "/" + (place.partner ? to_hex(request.conversation.view()) : "many");
    if (!joins_from_outside(request)) return {};
    return "joins/" + std::to_string(session.device) + "/" + to_hex(request.conversation.view());
}

/// Of the other accounts that could judge it, more are kept from it by how much of this sender's waits for them than
/// get it. Put for nobody nobody could refuse it, and it would stand. Mailboxes that are full anyhow do not count: who
/// is away for good does not stop a group.
bool Groups::is_for_nobody(const Session& session, const Members::Change& audience, const frame::GroupCommit& request)
{
    const bool creates = request.epoch == 0;
    const auto bytes = creates ? request.welcome.size() : request.envelope.sealed.size();
    std::map<AccountRow, Mailbox::Room> rooms;
    for (const auto device : creates ? audience.newcomers : audience.judges) {
        const auto account = context_.store.owner(device);
        if (account == session.account) continue;
        const auto room = mailbox_.room_for_handshake(session, device, bytes);
        const auto [known, first] = rooms.emplace(account, room);
        if (!first) known->second = std::min(known->second, room);
    }
    const auto count = [&](Mailbox::Room which) {
        return std::count_if(rooms.begin(), rooms.end(), [&](const auto& one) { return one.second == which; });
    };
    return count(Mailbox::Room::over_share) > count(Mailbox::Room::yes);
}

Result<Groups::Place> Groups::place_of(const Session& session, const std::string& with,
                                       const ConversationId& conversation)
{
    Place out;
    if (!with.empty()) {
        out.partner = partner_of(context_, session, with);
        if (!out.partner) return no_partner().error;
        if (!is_of(conversation, session, *out.partner)) return wrong_conversation().error;
    }
    out.group = context_.store.group(conversation);
    if (out.partner && out.group.row != 0 && out.group.of_many) {
        // The id is a hash of these two accounts' keys: who made a group of many of it knew them, and meant to be in
        // the way.
        context_.store.remove_group(out.group.row);
        out.group = {};
    }
    if (with.empty() && out.group.row != 0 && !out.group.of_many) return not_a_member().error;
    return out;
}

Result<Groups::Place> Groups::own_place_of(const Session& session, const std::string& with,
                                           const ConversationId& conversation)
{
    auto out = place_of(session, with, conversation);
    if (out && with.empty() && !context_.store.is_member(out->group.row, session.account)) return not_a_member().error;
    return out;
}

Result<Members::Change> Groups::audience_of(const Session& session, const Place& place,
                                            const frame::GroupCommit& request, Moment now)
{
    if (!place.partner) return members_.judge(session, request, place.group, now);
    auto recipients = devices_of(session, *place.partner, request.recipients);
    auto newcomers = devices_of(session, *place.partner, request.newcomers);
    if (!recipients || !newcomers)
        return Error{ErrorCode::invalid_argument, "a device belongs to neither account of this conversation", 0};
    Members::Change out;
    out.judges = *std::move(recipients);
    out.newcomers = *std::move(newcomers);
    if (request.epoch == 0) return out;
    // Whom the committer forgets, and who was in it by the commit before, is told and asked all the same.
    const std::set<DeviceRow> named(out.judges.begin(), out.judges.end());
    const auto newest =
        place.group.epoch == 0 ? std::nullopt : context_.store.group_commit(place.group, place.group.epoch - 1);
    const auto party = newest ? context_.store.commit_party(newest->row) : decltype(context_.store.commit_party(0)){};
    for (const auto& [device, account] : party) {
        const bool hears = account == session.account || place.partner->listens;
        if (hears && device != session.device && !named.contains(device)) out.judges.push_back(device);
    }
    out.recipients = out.judges;
    return out;
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

GroupRow Groups::make_room(const Session& session, const Place& place, const ConversationId& conversation, Moment now)
{
    if (!place.partner) return context_.store.add_group(conversation, session.account, 0, now.wall_ms);
    const auto& partner = *place.partner;
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
    const auto place = own_place_of(session, request.with, request.conversation);
    if (!place) return place.error();

    const auto& group = place->group;
    Bytes info;
    std::uint32_t tree_pieces = 0;
    if (group.epoch > 0)
        if (const auto newest = context_.store.group_commit(group, group.epoch - 1)) {
            info = context_.store.group_info(newest->row);
            tree_pieces = trees_.pieces(newest->tree);
        }
    return state_of(group, std::move(info), tree_pieces);
}

frame::GroupChanged Groups::changed(const ConversationId& conversation)
{
    const auto group = context_.store.group(conversation);
    return {conversation, group.incarnation, group.epoch, group.commit};
}

} // namespace godwit::relay

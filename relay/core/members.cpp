// SPDX-License-Identifier: Apache-2.0
#include "relay/core/members.hpp"

#include "lib/wire/mls_outline.hpp"
#include "relay/core/membership_rules.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

Error refuse(ErrorCode code, std::string why)
{
    return {code, std::move(why), 0};
}

} // namespace

Members::Members(Context& context, Mailbox& mailbox)
    : context_(context), mailbox_(mailbox),
      messages_(context.config.limits.group_messages, context.config.limits.throttled_max)
{
}

// ---- commit ----

Result<Members::Change> Members::judge(const Session& session, const frame::GroupCommit& request,
                                       const StoredGroup& group, Moment now)
{
    auto& store = context_.store;
    const auto& limits = context_.config.limits;
    const bool creates = group.row == 0;
    const auto before = creates ? std::map<std::string, AccountRow>() : store.member_names(group.row);
    if (!creates && !before.contains(session.user)) return not_a_member().error;
    if (request.members.size() > limits.group_members_max)
        return refuse(ErrorCode::quota_exceeded,
                      "this relay's limit is " + std::to_string(limits.group_members_max) + " members a group");
    const auto newest = creates || group.epoch == 0 ? std::nullopt : store.group_commit(group, group.epoch - 1);
    const auto rules_before = newest ? policy_of(store.group_info(newest->row)) : std::nullopt;
    if (!creates && !rules_before) {
        // Who may what is not known here, only what it was: whoever would be raised by this commit could rule the next.
        if (!newest || newest->rules.empty() || newest->rules != rules_digest(request.group_info) ||
            !request.joined.empty())
            return refuse(ErrorCode::not_allowed,
                          "this relay has lost the roles of this group: nothing but keys changes until a member has "
                          "renewed theirs");
    }
    const auto rules = judge_membership(rules_before, request, session.user);
    if (!rules) return rules.error();

    Change out;
    std::map<std::string, AccountRow> after;
    for (const auto& user : request.members) {
        const auto known = before.find(user);
        const auto row = user == session.user ? session.account : known != before.end() ? known->second : AccountRow{0};
        if (!after.emplace(user, row).second) return refuse(ErrorCode::invalid_argument, user + " is named twice");
        if (known != before.end()) continue;
        const auto account = store.account(session.app, user);
        const auto mutual = account && store.contact(session.account, account->row) == RosterState::accepted &&
                            store.contact(account->row, session.account) == RosterState::accepted;
        const auto asked = account && !creates ? store.join(group.row, account->row) : std::nullopt;
        const bool asks = asked && asked->state == StoredJoin::State::waits;
        const auto* refusal = account && !asks ? fresh_refusal(group.row, account->row, now) : nullptr;
        if (refusal != nullptr)
            return refuse(ErrorCode::not_a_contact,
                          user + " does not ask to join any more: " + refusal->by + " has said no");
        if (user != session.user && !mutual && !asks)
            return refuse(ErrorCode::not_a_contact,
                          user + " is no contact of yours on both sides, and has not asked to join");
        after[user] = account->row;
        if (rules->find(user)->account_key != account->account_key)
            return refuse(ErrorCode::invalid_argument, user + " is another account than the policy says");
        if (store.membership_count(account->row) >= limits.groups_max)
            return refuse(ErrorCode::quota_exceeded, user + " is in too many groups");
        out.in.push_back(account->row);
    }
    if (creates && !after.contains(session.user))
        return refuse(ErrorCode::invalid_argument, "who creates a group is in it");
    for (const auto& [user, row] : before)
        if (!after.contains(user)) out.out.push_back(row);
    const auto* const actor = rules_before ? rules_before->find(session.user) : nullptr;
    for (const auto& one : request.joined) {
        const auto found = after.find(one.user);
        if (found == after.end()) return refuse(ErrorCode::invalid_argument, one.user + " joins and is no member");
        // Or a member could take the name of the group from the devices that others will have.
        if (actor != nullptr && actor->role < Role::admin && before.contains(one.user))
            return refuse(ErrorCode::not_allowed, "only admins give those who are in a group another secret");
        out.secrets.emplace_back(found->second, one.secret);
    }

    std::set<AccountRow> stays;
    for (const auto& [user, row] : after)
        stays.insert(row);
    std::set<DeviceRow> new_devices;
    for (const auto& id : request.newcomers) {
        const auto device = store.device(id);
        if (!device || device->row == session.device) continue;
        if (!stays.contains(device->account))
            return refuse(ErrorCode::invalid_argument, "a device is added whose account is no member");
        if (new_devices.insert(device->row).second) out.newcomers.push_back(device->row);
    }
    if (creates) return out;
    // Who was in it is no newcomer by being called one: it gets the commit, and has its vote.
    std::set<DeviceRow> party;
    if (newest)
        for (const auto& [device, account] : store.commit_party(newest->row))
            party.insert(device);
    for (const auto& device : store.member_devices(group.row)) {
        const bool fresh = new_devices.contains(device.row) && !party.contains(device.row);
        if (device.row == session.device || fresh) continue;
        out.recipients.push_back(device.row);
        if (stays.contains(device.account)) out.judges.push_back(device.row);
    }
    return out;
}

void Members::refused(GroupRow group, AccountRow account, std::string by, Moment now)
{
    std::erase_if(refusals_, [&](const auto& one) { return one.second.until <= now.mono; });
    if (refusals_.size() < context_.config.limits.throttled_max)
        refusals_[{group, account}] = {std::move(by), now.mono + refusal_fresh_for};
}

const Members::Refusal* Members::fresh_refusal(GroupRow group, AccountRow account, Moment now) const
{
    const auto at = refusals_.find({group, account});
    return at == refusals_.end() || at->second.until <= now.mono ? nullptr : &at->second;
}

void Members::apply(const ConversationId& conversation, GroupRow group, const Change& change, std::int64_t commit,
                    Moment now)
{
    std::map<AccountRow, const Bytes*> secrets;
    for (const auto& [account, secret] : change.secrets)
        secrets[account] = &secret;
    for (const auto account : change.in) {
        const auto found = secrets.find(account);
        context_.store.set_member(group, account, true, found == secrets.end() ? nullptr : found->second, commit,
                                  now.wall_ms);
        if (found != secrets.end()) secrets.erase(found);
        context_.store.remove_join(group, account);
    }
    // Each is for one account's eyes: who else is in the group has nothing to fetch again.
    for (const auto& [account, secret] : secrets)
        context_.store.set_secret(group, account, *secret, commit);
    if (!secrets.empty()) context_.store.raise_roster_version(group);
    for (const auto account : change.out) {
        context_.store.set_member(group, account, false, nullptr, commit, now.wall_ms);
        context_.changes.outs.insert({account, conversation});
    }
    if (!change.in.empty() || !change.out.empty() || !secrets.empty()) context_.changes.circles.insert(conversation);
}

bool Members::is_vetoed(const StoredGroup& group, const StoredCommit& commit, BytesView before)
{
    if (!context_.store.commit_puts_out(commit.row)) return false;
    const auto by = owner(group.row, before);
    return by != 0 && commit.account != by && context_.store.commit_rejected_by_account(commit.row, by);
}

AccountRow Members::owner(GroupRow group, BytesView group_info)
{
    const auto rules = policy_of(group_info);
    if (!rules) return 0;
    const auto one = std::find_if(rules->members.begin(), rules->members.end(),
                                  [](const auto& member) { return member.role == Role::owner; });
    if (one == rules->members.end()) return 0;
    const auto members = context_.store.member_names(group);
    const auto account = members.find(one->user);
    return account == members.end() ? 0 : account->second;
}

bool Members::outranks(const StoredGroup& group, const StoredCommit& commit, BytesView before, const std::string& user)
{
    const auto rules = policy_of(before);
    const auto committer = context_.store.member(group.row, commit.account);
    if (!rules || !committer) return false;
    const auto* const by = rules->find(committer->user);
    const auto* const other = rules->find(user);
    return by != nullptr && other != nullptr && by->role > other->role;
}

void Members::take_back(const ConversationId& conversation, const StoredGroup& group,
                        const std::vector<std::int64_t>& commits, Moment now)
{
    std::set<AccountRow> changed;
    for (const auto commit : commits)
        for (const auto account : context_.store.take_back_members(group.row, commit, now.wall_ms))
            changed.insert(account);
    if (!changed.empty()) context_.changes.circles.insert(conversation);
    for (const auto account : changed)
        if (!context_.store.is_member(group.row, account)) context_.changes.outs.insert({account, conversation});
    for (const auto account : context_.store.members(group.row))
        context_.changes.groups.insert({account, conversation});
}

// ---- messages ----

Answer Members::put(const Session& session, const frame::GroupPut& request, Moment now)
{
    const auto who = std::to_string(session.account);
    if (const auto wait = messages_.wait(who, now.mono); wait > Duration::zero()) return slow_down(wait);
    messages_.take(who, now.mono);
    const auto header = wire::read_mls_header(request.envelope.sealed);
    if (!header || header->format != wire::MlsFormat::private_message ||
        header->content != wire::MlsContent::application || !header->group ||
        header->group->conversation != request.conversation)
        return {ErrorCode::invalid_argument, "this is no message of this group: what changes it goes by group commit"};
    const auto group = context_.store.group(request.conversation);
    if (group.row == 0 || !group.of_many || !context_.store.is_member(group.row, session.account))
        return not_a_member();

    const std::set<DeviceId> except(request.except.begin(), request.except.end());
    std::vector<MemberDevice> to;
    for (auto& device : context_.store.member_devices(group.row))
        if (device.row != session.device && !except.contains(device.key)) to.push_back(std::move(device));
    return mailbox_.put_group(session, group.row, to, request.envelope, now);
}

// ---- roster ----

Answer Members::roster(const Session& session, const frame::GroupRosterFetch& request)
{
    const auto group = context_.store.group(request.conversation);
    if (group.row == 0 || !context_.store.is_member(group.row, session.account)) return not_a_member();
    frame::GroupRoster out;
    out.version = request.after;
    std::size_t bytes = 0;
    bool own = false;
    for (auto& one : context_.store.roster(group.row, request.after, group_roster_page_max + 1)) {
        const auto size = 256 + one.device_list.size() + one.secret.size();
        if (out.entries.size() == group_roster_page_max - 1 || // one is the own one's
            (!out.entries.empty() && bytes + size > group_roster_page_bytes_max)) {
            out.more = true;
            break;
        }
        bytes += size;
        out.version = one.version;
        frame::GroupRoster::Entry entry;
        entry.user = std::move(one.user);
        entry.member = one.member;
        if (one.member) {
            entry.account_key = one.account_key;
            entry.device_list = std::move(one.device_list);
            if (one.account == session.account) entry.secret = std::move(one.secret);
        }
        own = own || one.account == session.account;
        out.entries.push_back(std::move(entry));
    }
    if (out.more) return frame::ResponseBody(std::move(out));
    // That there is another secret for this account does not show in the versions of the rows.
    out.version = context_.store.roster_version(group.row);
    const bool news = !own && request.after < out.version;
    auto one = news ? context_.store.member(group.row, session.account) : std::nullopt;
    if (one && !one->secret.empty())
        out.entries.push_back({std::move(one->user), true, one->account_key, {}, std::move(one->secret)});
    return frame::ResponseBody(std::move(out));
}

bool Members::expire(Moment now)
{
    const auto& limits = context_.config.limits;
    return context_.store.expire_members(now.wall_ms - limits.group_gone_ms_max, group_rows_expired_per_tick_max) >=
           group_rows_expired_per_tick_max;
}

// ---- after the commit ----

frame::GroupNews Members::news(const ConversationId& conversation, bool member)
{
    if (!member) return {conversation, 0, 0, false};
    const auto group = context_.store.group(conversation);
    return {conversation, context_.store.roster_version(group.row),
            static_cast<std::uint32_t>(context_.store.join_count(group.row)), true};
}

std::vector<frame::GroupNews> Members::news_of(AccountRow account, Moment now)
{
    std::vector<frame::GroupNews> out;
    const auto since = now.wall_ms - context_.config.limits.group_gone_ms_max;
    for (const auto& [conversation, member] : context_.store.memberships(account, since))
        out.push_back(news(conversation, member));
    return out;
}

} // namespace godwit::relay

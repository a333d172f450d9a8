// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/group_acts.hpp"

#include <algorithm>

namespace godwit::engine {
namespace {

/// Of a discussion whose time is over, whose owner cannot be stuck with it.
bool is_for_the_end(const GroupAct& act)
{
    if (const auto* role = std::get_if<request::GroupRole>(&act)) return role->role == Role::owner;
    return std::holds_alternative<request::GroupLeave>(act) || std::holds_alternative<request::GroupDissolve>(act);
}

ConversationId conversation_of(const GroupAct& act)
{
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.conversation; })
                return one.conversation;
            else
                return ConversationId{};
        },
        act);
}

Error no_group()
{
    return {ErrorCode::invalid_argument, "conversation: no group of this id, or this account is not in it", 0};
}

} // namespace

void GroupActs::start(const port::StoredIdentity& identity, const PublicKey& relay_key)
{
    self_ = {identity.user, identity.account_key};
    relay_key_ = relay_key;
    crowds_.clear();
}

KeyOf GroupActs::key_of() const
{
    return [this](const std::string& user) -> Result<PublicKey> {
        const auto* person = roster_.person(user);
        if (person == nullptr || person->own || person->stored.state != ContactState::accepted)
            return Error{ErrorCode::not_a_contact, user + " is no accepted contact: only contacts are taken in", 0};
        if (!person->may_talk())
            return Error{ErrorCode::account_key_changed,
                         "the relay shows another key for " + user + ": compare the safety number first", 0};
        return person->stored.account_key;
    };
}

Result<NextGroup> GroupActs::plan(const ConversationId& conversation, const GroupAct& act, Moment now)
{
    if (const auto* wanted = std::get_if<request::GroupCreate>(&act))
        return new_group(*wanted, self_, key_of(), now.wall_ms);
    const auto* group = book_.find(conversation);
    if (group == nullptr || group->own(self_.account_key) == nullptr) return no_group();
    if (group->shut_out) return why_shut_out();
    if (!book_.is_active(*group, now.wall_ms) && (group->policy->dissolved || !is_for_the_end(act)))
        return Error{ErrorCode::not_allowed, "this group is over", 0};
    if (group->readable) return next_group(*group->policy, &group->profile, act, self_, key_of(), context_.entropy);
    // The relay has shown all that it has, and none of it opens the profile: an admin goes on from what was known last.
    const bool restores =
        book_.is_settled(*group) && !group->profile.name.empty() && group->own(self_.account_key)->role >= Role::admin;
    auto next =
        next_group(*group->policy, restores ? &group->profile : nullptr, act, self_, key_of(), context_.entropy);
    if (next && restores && (next->profile || !next->joined.empty())) {
        if (!next->profile) next->profile = group->profile;
        next->renews = true;
        next->policy.stale = false;
    }
    return next;
}

std::optional<ConversationId> GroupActs::ask(RequestId id, GroupAct act, Moment now)
{
    auto conversation = conversation_of(act);
    auto next = plan(conversation, act, now);
    if (!next) {
        context_.refuse(id, next.error());
        return std::nullopt;
    }
    const bool creates = std::holds_alternative<request::GroupCreate>(act);
    if (!creates && !next->changes(*book_.find(conversation)->policy)) {
        answer(conversation, {id, std::move(act)});
        return std::nullopt;
    }
    if (creates && book_.all().size() >= groups_max) {
        context_.refuse(id, {ErrorCode::quota_exceeded, "at most " + std::to_string(groups_max) + " groups", 0});
        return std::nullopt;
    }
    if (creates) {
        context_.entropy.fill(conversation.bytes);
        WipingBytes secret(seal::group_secret_bytes, 0);
        context_.entropy.fill(secret);
        book_.begin(conversation, next->policy.kind, std::move(secret), *next->profile);
    }
    auto& queue = queues_[conversation];
    if (queue.size() >= group_acts_max) {
        context_.refuse(id, {ErrorCode::busy, "much is being changed in this group: try again", 1000});
        return std::nullopt;
    }
    queue.push_back({id, std::move(act)});
    return conversation;
}

bool GroupActs::take_in(const ConversationId& conversation, const std::string& user, RequestId id, Moment now)
{
    const auto* group = book_.find(conversation);
    if (group == nullptr) return false;
    const auto at = group->applicants.find(user);
    if (at == group->applicants.end()) return false;
    TakeIn act{conversation, user, at->second.account_key, at->second.said.asked_ms};
    if (id != 0) return ask(id, std::move(act), now).has_value();
    const auto next = plan(conversation, act, now);
    if (!next || next->joined.empty()) return false;
    return crowds_[conversation].add(std::move(act));
}

bool GroupActs::is_queue_empty(const ConversationId& conversation) const
{
    const auto at = queues_.find(conversation);
    return at == queues_.end() || at->second.empty();
}

bool GroupActs::wants(const ConversationId& conversation) const
{
    return !can_wait(conversation) || is_renewal_due(conversation);
}

bool GroupActs::can_wait(const ConversationId& conversation) const
{
    const auto crowd = crowds_.find(conversation);
    return is_queue_empty(conversation) && (crowd == crowds_.end() || crowd->second.empty());
}

Instant GroupActs::due(const ConversationId& conversation, Instant now) const
{
    const auto queue = queues_.find(conversation);
    if (!is_queue_empty(conversation) && queue->second.front().id != 0) return Instant{};
    const auto crowd = crowds_.find(conversation);
    if (crowd == crowds_.end()) return Instant{};
    const bool is_crowd_next = is_queue_empty(conversation) && !is_renewal_due(conversation) && !crowd->second.empty();
    return is_crowd_next ? crowd->second.due(now) : crowd->second.held_until();
}

bool GroupActs::is_renewal_due(const ConversationId& conversation) const
{
    const auto* group = book_.find(conversation);
    const auto* own = group == nullptr ? nullptr : group->own(self_.account_key);
    if (own == nullptr || own->role < Role::admin || !group->policy->stale || !group->readable) return false;
    if (group->policy->dissolved) return false;
    const auto tried = unrenewed_.find(conversation);
    return tried == unrenewed_.end() || tried->second.lock() != group->policy;
}

std::optional<seal::Circle> GroupActs::next(const ConversationId& conversation, Moment now)
{
    if (is_queue_empty(conversation) && is_renewal_due(conversation))
        queues_[conversation].push_back({0, RenewSecret{conversation}});
    if (const auto crowd = crowds_.find(conversation); crowd != crowds_.end()) crowd->second.begin(0);
    const auto at = queues_.find(conversation);
    const auto* group = book_.find(conversation);
    while (at != queues_.end() && !at->second.empty()) {
        auto& first = at->second.front();
        const bool creates = std::holds_alternative<request::GroupCreate>(first.act);
        if (is_moot(first)) {
            pop_moot(at->second);
            continue;
        }
        auto made = plan(conversation, first.act, now);
        if (made && std::holds_alternative<TakeIn>(first.act) && !first.alone) {
            take_in_others(conversation, *made, at->second);
            first.leads = made->joined.size() > 1;
        }
        if (!made || group == nullptr) {
            refused(conversation, made ? no_group() : made.error());
            continue;
        }
        if (!creates && !made->changes(*group->policy)) {
            done(conversation, now); // Somebody else has done it.
            continue;
        }
        auto out = planned(*group, std::move(*made));
        if (out) return std::move(*out);
        refused(conversation, out.error());
    }
    return gathered(conversation, now);
}

void GroupActs::pop_moot(std::deque<Waiting>& queue)
{
    const auto moot = std::move(queue.front());
    queue.pop_front();
    if (moot.id != 0 && moot.is_done) context_.reply_ok(moot.id);
    if (moot.id != 0 && !moot.is_done)
        context_.refuse(moot.id, {ErrorCode::conflict, "user: does not ask to be let in any more", 0});
}

std::optional<seal::Circle> GroupActs::gathered(const ConversationId& conversation, Moment now)
{
    const auto at = crowds_.find(conversation);
    const auto* group = book_.find(conversation);
    if (at == crowds_.end()) return std::nullopt;
    auto& crowd = at->second;
    const bool open = group != nullptr && group->policy && group->policy->join == JoinRule::link;
    crowd.forget([&](const TakeIn& one) {
        return !open || group->policy->find(one.account_key) != nullptr || is_moot(one, false);
    });
    while (!crowd.empty()) {
        crowd.begin(1);
        auto made = plan(conversation, crowd.waiting().front(), now);
        if (!made && is_temporary(made.error().code)) {
            crowd.held(now.mono + std::chrono::milliseconds(made.error().retry_after_ms));
            return std::nullopt;
        }
        if (!made || made->joined.empty()) {
            refused(conversation, made ? no_group() : made.error());
            continue;
        }
        // What is allowed for the first is for the others.
        std::size_t devices = 0;
        for (const auto& one : crowd.waiting()) {
            const auto count = group->applicants.at(one.user).list.devices.size();
            const bool is_first = &one == &crowd.waiting().front();
            if (!is_first && (made->joined.size() >= crowd.most() || devices + count > taken_in_at_once_max ||
                              made->policy.members.size() >= group_members_max))
                break;
            devices += count;
            if (is_first) continue;
            made->policy.members.push_back({one.user, one.account_key, Role::member, 0});
            made->joined.push_back(made->policy.members.back());
        }
        std::sort(made->policy.members.begin(), made->policy.members.end(),
                  [](const auto& a, const auto& b) { return a.account_key < b.account_key; });
        crowd.begin(made->joined.size());
        auto out = planned(*group, std::move(*made));
        if (out) return std::move(*out);
        refused(conversation, out.error());
    }
    return std::nullopt;
}

Result<seal::Circle> GroupActs::planned(const Group& group, NextGroup made)
{
    auto secret = group.secret;
    if (made.renews) {
        secret.assign(seal::group_secret_bytes, 0);
        context_.entropy.fill(secret);
        book_.keep_secret(group.id, secret);
    }
    seal::GroupPlan plan{std::move(made.policy), {}};
    if (made.profile) plan.policy.profile = seal::seal_profile(secret, group.id, *made.profile, context_.entropy);
    for (const auto& one : made.renews ? plan.policy.members : made.joined) {
        auto sealed = seal::seal_group_secret(one.account_key, group.id, secret, context_.entropy);
        if (!sealed) return Error{ErrorCode::invalid_argument, one.user + ": an account whose key is none", 0};
        plan.joined.push_back({one.user, std::move(*sealed)});
    }
    seal::Circle out{group.id, {}, true, {}};
    if (auto own = book_.party_of(self_.user, self_.account_key)) out.parties.push_back(std::move(*own));
    for (const auto& member : plan.policy.members) {
        if (member.account_key == self_.account_key) continue;
        auto party = book_.party_of(member.user, member.account_key);
        if (const auto applicant = group.applicants.find(member.user); !party && applicant != group.applicants.end()) {
            party.emplace(seal::Party{member.user, member.account_key, {}});
            for (const auto& device : applicant->second.list.devices)
                party->devices.push_back(device.device);
        }
        if (party) out.parties.push_back(std::move(*party));
    }
    out.plan = std::move(plan);
    return out;
}

/// Those who wait behind the first come in by the same commit; their turn finds them in.
void GroupActs::take_in_others(const ConversationId& conversation, NextGroup& made,
                               const std::deque<Waiting>& queue) const
{
    const auto* group = book_.find(conversation);
    for (const auto& one : queue) {
        const auto* act = std::get_if<TakeIn>(&one.act);
        if (act == nullptr || group == nullptr || made.joined.size() >= group_invites_max) return;
        if (is_moot(one) || made.policy.find(act->user) != nullptr) continue;
        auto more = next_group(made.policy, &group->profile, one.act, self_, key_of(), context_.entropy);
        if (!more || more->joined.empty()) return;
        made.policy = std::move(more->policy);
        made.joined.push_back(more->joined.front());
    }
}

std::string GroupActs::link_of(const Group& group) const
{
    return seal::encode_group_link({group.id, group.profile.link_secret, relay_key_});
}

void GroupActs::answer(const ConversationId& conversation, const Waiting& what)
{
    if (const auto* taken = std::get_if<TakeIn>(&what.act)) book_.answered_applicant(conversation, taken->user);
    if (what.id == 0) return;
    if (std::holds_alternative<request::GroupCreate>(what.act)) return context_.reply(what.id, conversation);
    if (std::holds_alternative<request::GroupLink>(what.act))
        if (const auto* group = book_.find(conversation)) return context_.reply(what.id, link_of(*group));
    context_.reply_ok(what.id);
}

void GroupActs::done(const ConversationId& conversation, Moment now)
{
    if (const auto crowd = crowds_.find(conversation); crowd != crowds_.end() && crowd->second.is_under_way()) {
        crowd->second.accepted(now.mono);
        const auto* group = book_.find(conversation);
        crowd->second.forget([&](const TakeIn& one) {
            if (group == nullptr || !group->policy || group->policy->find(one.account_key) == nullptr) return false;
            book_.answered_applicant(conversation, one.user);
            return true;
        });
        return;
    }
    answer_first(conversation);
}

void GroupActs::answer_first(const ConversationId& conversation)
{
    const auto at = queues_.find(conversation);
    if (at == queues_.end() || at->second.empty()) return;
    const auto first = std::move(at->second.front());
    at->second.pop_front();
    answer(conversation, first);
}

void GroupActs::held(const ConversationId& conversation, const Error& why, Instant until)
{
    auto& crowd = crowds_[conversation];
    const bool is_queues = !crowd.is_under_way() && !is_queue_empty(conversation);
    crowd.held(until);
    if (is_queues && queues_[conversation].front().id != 0) refused(conversation, why);
}

void GroupActs::refused(const ConversationId& conversation, const Error& why)
{
    if (const auto crowd = crowds_.find(conversation); crowd != crowds_.end() && crowd->second.is_under_way()) {
        const auto who = crowd->second.waiting().front().user;
        if (crowd->second.refused()) context_.log(who + " is not taken into a group: " + why.detail);
        return;
    }
    const auto at = queues_.find(conversation);
    if (at == queues_.end() || at->second.empty()) return;
    const bool takes_in = std::holds_alternative<TakeIn>(at->second.front().act);
    const bool answered = takes_in && why.code == ErrorCode::not_a_contact; // By somebody else, who said no.
    if (answered && std::exchange(at->second.front().leads, false)) {
        at->second.front().alone = true;
        return;
    }
    const auto first = std::move(at->second.front());
    at->second.pop_front();
    if (first.id != 0) context_.refuse(first.id, answered ? Error{ErrorCode::conflict, "user: " + why.detail, 0} : why);
    if (std::holds_alternative<RenewSecret>(first.act)) {
        const auto* group = book_.find(conversation);
        unrenewed_[conversation] = group == nullptr ? nullptr : group->policy;
        context_.log("the secret of a group is not renewed: " + why.detail);
    }
    if (std::holds_alternative<request::GroupCreate>(first.act)) book_.forget(conversation);
}

void GroupActs::lost(const ConversationId& conversation)
{
    const auto* group = book_.find(conversation);
    if (group == nullptr) return;
    // One that is being made is not known to the relay yet.
    if (const auto at = queues_.find(conversation);
        at != queues_.end() && !at->second.empty() &&
        std::holds_alternative<request::GroupCreate>(at->second.front().act))
        return;
    went(conversation);
    if (group->policy || context_.store.conversation(conversation))
        book_.out(conversation, {});
    else
        book_.forget(conversation);
}

void GroupActs::policy_came(const ConversationId& conversation)
{
    const auto at = queues_.find(conversation);
    const auto* group = book_.find(conversation);
    if (group == nullptr || group->state != Group::State::in ||
        (group->policy && group->own(self_.account_key) == nullptr))
        return went(conversation);
    if (!group->policy || at == queues_.end()) return;
    // The first may be under way, so that none is taken out of the queue here.
    for (auto& one : at->second)
        if (const auto* act = std::get_if<TakeIn>(&one.act))
            one.is_done = one.is_done || group->policy->find(act->account_key) != nullptr;
}

/// This account is out of it, by whatever way: nothing that waits is done any more, and nobody looks there again.
void GroupActs::went(const ConversationId& conversation)
{
    crowds_.erase(conversation);
    const auto at = queues_.find(conversation);
    while (at != queues_.end() && !at->second.empty()) {
        if (std::holds_alternative<request::GroupLeave>(at->second.front().act))
            answer_first(conversation);
        else
            refused(conversation,
                    {ErrorCode::not_allowed, "this account is not in this group any more: others were quicker", 0});
    }
}

bool GroupActs::is_moot(const Waiting& what) const
{
    const auto* act = std::get_if<TakeIn>(&what.act);
    return act != nullptr && (what.is_done || is_moot(*act, what.id != 0));
}

/// It answers one asking. Who was taken in and put out by others, and asks no more, is not let in by this.
bool GroupActs::is_moot(const TakeIn& act, bool is_asked_for) const
{
    const auto* group = book_.find(act.conversation);
    if (group == nullptr) return false;
    const auto applicant = group->applicants.find(act.user);
    return applicant == group->applicants.end() || (!is_asked_for && applicant->second.said.asked_ms != act.asked_ms);
}

void GroupActs::stop(const Error& why)
{
    unrenewed_.clear();
    for (auto& [conversation, crowd] : crowds_)
        crowd.held({});
    for (auto& [conversation, queue] : std::exchange(queues_, {}))
        for (const auto& one : queue)
            if (one.id != 0) context_.refuse(one.id, why);
}

} // namespace godwit::engine

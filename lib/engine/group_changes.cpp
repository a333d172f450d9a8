// SPDX-License-Identifier: Apache-2.0
// Of the group book: an epoch was entered, and what that means to the application.
#include "lib/engine/group_book.hpp"

#include "lib/identity/conversation_id.hpp"

#include <algorithm>

namespace godwit::engine {

using What = event::GroupChanged::What;

void GroupBook::take_policy(Group& group, std::shared_ptr<const seal::Policy> policy)
{
    group.policy = std::move(policy);
    group.kind = group.policy->kind;
    group.circle.reset();
    (void)open_profile(group);
}

bool GroupBook::open_profile(Group& group)
{
    if (!group.policy || group.secret.empty()) return false;
    auto profile = seal::open_profile(group.secret, group.id, group.policy->profile);
    if (!profile) {
        context_.log("the profile of a group does not open: " + profile.error().detail);
        return false;
    }
    group.profile = std::move(*profile);
    return true;
}

void GroupBook::tell(const Group& group, What what, std::string by, std::vector<std::string> users)
{
    shown_.insert(group.id);
    context_.event(event::GroupChanged{what, group.id, group.profile.name, std::move(by), std::move(users)});
}

void GroupBook::entered(const seal::Changes& changes, WallMs now_ms)
{
    if (!changes.policy && !changes.policy_before) return; // A conversation of two.
    auto* group = get(changes.conversation);
    const auto* judge = changes.policy_before ? changes.policy_before.get() : changes.policy.get();
    const auto* by_member = judge->find(changes.committer_account);
    const std::string by = by_member == nullptr ? std::string() : by_member->user;
    if (changes.self_removed) {
        // Who is still in the policy was put out by mistake, and comes back by itself.
        if (changes.policy && changes.policy->find(account_key_) == nullptr) out(changes.conversation, by);
        return;
    }
    if (group == nullptr) group = &make(changes.conversation);
    const bool joined = !group->policy || group->state != Group::State::in;
    const bool was_out = group->state == Group::State::out || group->rejoins;
    const auto before = group->policy;
    group->state = Group::State::in;
    group->rejoins = false;
    for (const auto& member : changes.policy->members)
        if (member.account_key != account_key_) load_list(member.account_key);
    take_policy(*group, changes.policy);
    count_accounts();
    save(*group);
    changed_.insert(group->id);
    if (!context_.store.conversation(group->id)) {
        context_.store.put_conversation({group->id, group->kind, {}, now_ms});
        tell(*group, What::joined, by, {own_user_});
    } else if (joined) {
        returned_.insert(group->id);
        if (was_out) tell(*group, What::joined, by, {own_user_});
    }
    group->closed_told = false;
    if (before) tell_changes(*group, before.get(), by);
    if (group->policy->dissolved) handle_deadline({Instant{}, now_ms});
}

void GroupBook::tell_changes(Group& group, const seal::Policy* before, const std::string& by)
{
    const auto& now = *group.policy;
    std::vector<std::string> added, removed;
    bool rules = before->invite != now.invite || before->join != now.join || before->all_muted != now.all_muted ||
                 before->receipts != now.receipts;
    for (const auto& member : now.members) {
        const auto* was = before->find(member.account_key);
        if (was == nullptr)
            added.push_back(member.user);
        else
            rules = rules || *was != member;
    }
    for (const auto& member : before->members)
        if (now.find(member.account_key) == nullptr) removed.push_back(member.user);
    if (!added.empty()) tell(group, What::added, by, std::move(added));
    if (!removed.empty()) tell(group, What::removed, by, std::move(removed));
    if (rules) tell(group, What::rules, by, {});
    if (before->profile != now.profile) tell(group, What::profile, by, {});
    if (before->kind != now.kind) tell(group, What::promoted, by, {});
    if (now.dissolved && !before->dissolved) {
        group.closed_told = true;
        tell(group, What::closed, by, {});
    }
}

bool GroupBook::is_active(const Group& group, WallMs now_ms) const
{
    return group.own(account_key_) != nullptr && !group.policy->dissolved &&
           (group.policy->expires_ms == 0 || now_ms < group.policy->expires_ms);
}

GroupInfo GroupBook::describe(const Group& group, WallMs now_ms) const
{
    GroupInfo out;
    out.conversation = group.id;
    out.kind = group.kind;
    out.active = is_active(group, now_ms);
    out.name = group.profile.name;
    out.about = group.profile.about;
    out.announcement = group.profile.announcement;
    if (!group.profile.avatar.empty()) out.avatar = group.profile.avatar.front();
    if (!group.policy) return out;
    const auto& policy = *group.policy;
    out.dissolved = policy.dissolved;
    out.expires_ms = policy.expires_ms;
    const auto* own = group.own(account_key_);
    out.own_role = own == nullptr ? Role::none : own->role;
    out.invite = policy.invite;
    out.join = policy.join;
    out.all_muted = policy.all_muted;
    out.receipts = policy.receipts;
    out.members = policy.members;
    std::sort(out.members.begin(), out.members.end(), [](const auto& a, const auto& b) { return a.user < b.user; });
    if (own != nullptr && own->role >= policy.invite)
        for (const auto& [user, applicant] : group.applicants)
            out.applicants.push_back(applicant.said);
    return out;
}

// ---- time ---------------------------------------------------------------------------------------

WallMs GroupBook::next_end_ms() const
{
    WallMs out = 0;
    for (const auto& [id, group] : groups_)
        if (!group.closed_told && group.policy && group.policy->expires_ms > 0 &&
            (out == 0 || group.policy->expires_ms < out))
            out = group.policy->expires_ms;
    return out;
}

Instant GroupBook::deadline(Moment now) const
{
    const auto end = next_end_ms();
    if (end == 0) return never;
    return now.mono + std::chrono::milliseconds(std::clamp<WallMs>(end - now.wall_ms, 0, WallMs{24} * 3600 * 1000));
}

void GroupBook::handle_deadline(Moment now)
{
    for (auto& [id, group] : groups_) {
        if (group.closed_told || !group.policy || group.own(account_key_) == nullptr) continue;
        if (is_active(group, now.wall_ms)) continue;
        group.closed_told = true;
        changed_.insert(id);
        if (!group.policy->dissolved) tell(group, What::closed, {}, {});
    }
}

// ---- whether to follow --------------------------------------------------------------------------

/// The relay lets in only whom a contact takes along, or who has asked; it is not believed.
bool GroupBook::follows(const ConversationId& id, const seal::Policy& policy, const wire::DeviceCertificate& by) const
{
    const auto* own = policy.find(account_key_);
    if (own == nullptr || own->user != own_user_) return false;
    // The id of a conversation of two is no secret to who knows both keys: a group there would be in its way.
    if (roster_.person_of(id) != nullptr) return false;
    for (const auto& member : policy.members)
        if (identity::conversation_of(account_key_, member.account_key) == id) return false;
    if (by.account_key == account_key_) return true;
    if (const auto* group = find(id); group != nullptr && (group->state == Group::State::asked || group->policy))
        return true;
    namespace shared = conversation::shared;
    if (const auto asked = context_.store.register_named(shared::name_of(id, shared::asked));
        asked && !asked->value.empty())
        return true; // On whichever device of the account.
    const auto is_contact = [&](const std::string& user, const PublicKey& account) {
        const auto* person = roster_.person(user);
        return person != nullptr && !person->own && person->stored.state == ContactState::accepted &&
               person->stored.account_key == account;
    };
    if (is_contact(by.user, by.account_key)) return true;
    // A device of ours that comes later, by whoever made the newest epoch: somebody in it is a contact.
    return find(id) != nullptr && std::any_of(policy.members.begin(), policy.members.end(), [&](const auto& member) {
               return is_contact(member.user, member.account_key);
           });
}

} // namespace godwit::engine

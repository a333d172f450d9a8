// SPDX-License-Identifier: Apache-2.0
// Policy as pure functions. judge() asks three questions, each by itself: may the actor change these rules, these
// members, these leaves? A commit is good when all three say yes.
#include "lib/policy/policy.hpp"

#include "lib/wire/names.hpp"

#include <algorithm>
#include <set>

namespace godwit::policy {
namespace {

bool is_less(const GroupMember& a, const PublicKey& b)
{
    return a.account_key < b;
}

} // namespace

const GroupMember* Policy::find(const PublicKey& account) const
{
    const auto at = std::lower_bound(members.begin(), members.end(), account, is_less);
    return at != members.end() && at->account_key == account ? &*at : nullptr;
}

const GroupMember* Policy::find(std::string_view user) const
{
    const auto at = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.user == user; });
    return at != members.end() ? &*at : nullptr;
}

namespace {

using Refusal = std::optional<std::string>;

bool is_sound_member(const GroupMember& member)
{
    return wire::is_user_name(member.user) && member.role >= Role::member && member.role <= Role::owner &&
           member.muted_until_ms >= 0;
}

// Profile and rules; what only the owner touches: kind, end, dissolution.
Refusal judge_rules(const Policy& before, const Policy& after, const GroupMember& actor)
{
    const bool owner = actor.role == Role::owner;
    if (after.dissolved && !owner) return "only the owner dissolves a group";
    if (before.kind != after.kind) {
        if (!owner) return "only the owner promotes a discussion";
        if (before.kind != ConversationKind::discussion || after.kind != ConversationKind::group)
            return "a discussion becomes a group, and nothing else becomes another kind";
    }
    if (before.expires_ms != after.expires_ms && !owner) return "only the owner says when a discussion ends";
    const bool same = before.invite == after.invite && before.join == after.join &&
                      before.all_muted == after.all_muted && before.receipts == after.receipts &&
                      before.profile == after.profile;
    if (!same && actor.role < Role::admin) return "only admins change a group's profile and rules";
    return std::nullopt;
}

/// Who goes knows what opens the profile, and may be shown later ones.
Refusal judge_secret(const Policy& before, const Policy& after)
{
    const bool renewed = before.profile != after.profile;
    const bool somebody_goes = std::any_of(before.members.begin(), before.members.end(), [&](const GroupMember& one) {
        return after.find(one.account_key) == nullptr;
    });
    if (before.stale && !after.stale && !renewed) return "a secret that others know is not renewed by saying so";
    if (after.stale && !before.stale && !somebody_goes) return "nobody goes who knows the secret";
    if (somebody_goes && !renewed && !after.stale) return "somebody goes who knows the secret, and it stays";
    return std::nullopt;
}

Refusal judge_newcomer(const Policy& before, const GroupMember& fresh, const GroupMember& actor)
{
    if (actor.role < before.invite) return "only admins take others in";
    if (fresh.role != Role::member || fresh.muted_until_ms != 0) return "who comes in is a member, and not muted";
    return std::nullopt;
}

Refusal judge_leaver(const GroupMember& gone, const GroupMember& actor)
{
    if (gone.account_key == actor.account_key) {
        if (actor.role == Role::owner) return "the owner hands the group over before leaving it";
        return std::nullopt;
    }
    if (actor.role < Role::admin) return "only admins take others out";
    if (actor.role <= gone.role) return "only the owner takes admins out";
    return std::nullopt;
}

Refusal judge_member(const GroupMember& was, const GroupMember& is, const GroupMember& actor)
{
    if (was.user != is.user) return "an account's name does not change";
    if (was.role != is.role) {
        if (actor.role != Role::owner) return "only the owner gives roles";
        if (was.role == Role::owner && is.role != Role::admin) return "who hands a group over is an admin of it then";
    }
    if (was.muted_until_ms != is.muted_until_ms && actor.role != Role::owner) {
        if (actor.role < Role::admin) return "only admins mute others";
        if (actor.role <= was.role) return "only the owner mutes admins";
    }
    return std::nullopt;
}

/// Both are sorted by account.
Refusal judge_members(const Policy& before, const Policy& after, const GroupMember& actor)
{
    auto was = before.members.begin();
    auto is = after.members.begin();
    while (was != before.members.end() || is != after.members.end()) {
        const bool came =
            was == before.members.end() || (is != after.members.end() && is->account_key < was->account_key);
        const bool went = !came && (is == after.members.end() || was->account_key < is->account_key);
        Refusal why;
        if (came)
            why = judge_newcomer(before, *is++, actor);
        else if (went)
            why = judge_leaver(*was++, actor);
        else
            why = judge_member(*was++, *is++, actor);
        if (why) return why;
    }
    return std::nullopt;
}

Refusal judge_leaves(const Policy& before, const Policy& after, const Act& act)
{
    for (const PublicKey& account : act.added)
        if (after.find(account) == nullptr) return "a device of no member comes in";
    for (const Act::Gone& gone : act.removed) {
        const bool stays = before.find(gone.account) != nullptr && after.find(gone.account) != nullptr;
        if (stays && gone.account != act.actor && !gone.delisted)
            return "a member's device goes out that its account has not withdrawn";
    }
    std::size_t own = 0;
    for (const PublicKey& account : act.left) {
        if (before.find(account) == nullptr || after.find(account) != nullptr) continue;
        if (account != act.actor) return "somebody is taken out whose devices stay";
        if (++own > 1) return "somebody leaves whose other devices stay";
    }
    return std::nullopt;
}

} // namespace

bool is_sound(const Policy& policy)
{
    const bool discussion = policy.kind == ConversationKind::discussion;
    if (policy.kind != ConversationKind::group && !discussion && policy.kind != ConversationKind::channel) return false;
    if (policy.invite != Role::member && policy.invite != Role::admin) return false;
    if (policy.join > JoinRule::link) return false;
    if (policy.expires_ms < 0 || (policy.expires_ms > 0) != (discussion && !policy.dissolved)) return false;
    if (policy.profile.empty() || policy.profile.size() > profile_bytes_max) return false;
    if (policy.members.empty() || policy.members.size() > group_members_max) return false;
    std::size_t owners = 0;
    std::set<std::string_view> users;
    for (std::size_t i = 0; i < policy.members.size(); ++i) {
        const GroupMember& one = policy.members[i];
        if (!is_sound_member(one) || !users.insert(one.user).second) return false;
        if (i > 0 && !(policy.members[i - 1].account_key < one.account_key)) return false;
        owners += one.role == Role::owner ? 1 : 0;
    }
    return owners == 1;
}

std::optional<std::string> judge(const Policy& before, const Policy& after, const Act& act)
{
    if (before.dissolved) return "the group is dissolved";
    const GroupMember* const actor = before.find(act.actor);
    if (actor == nullptr) return "who is no member changes nothing";
    if (act.external) {
        if (before == after && act.added.empty() && act.removed.empty()) return std::nullopt;
        return "a device that joins by itself changes nothing else";
    }
    if (auto why = judge_rules(before, after, *actor)) return why;
    if (auto why = judge_members(before, after, *actor)) return why;
    if (auto why = judge_secret(before, after)) return why;
    return judge_leaves(before, after, act);
}

std::optional<std::string> doubt(const Policy& known, const Policy& shown, const PublicKey& signer, bool back)
{
    const GroupMember* const by = known.find(signer);
    const bool owner = by != nullptr && by->role == Role::owner;
    if (shown.dissolved && !known.dissolved && !owner) return "dissolved, and not by its owner's word";
    for (const GroupMember& one : shown.members) {
        const GroupMember* const was = known.find(one.account_key);
        if (back && was == nullptr) return one.user + " is in it again";
        const Role role = was == nullptr ? Role::member : was->role;
        if (one.role > role && !owner) return one.user + " has another role, and not by the owner's word";
    }
    return std::nullopt;
}

std::optional<std::string> hush(const Policy& policy, const PublicKey& account, Speech what, std::int64_t hlc_ms)
{
    if (policy.dissolved) return "the group is dissolved";
    if (policy.expires_ms != 0 && hlc_ms >= policy.expires_ms) return "the discussion is over";
    const GroupMember* const member = policy.find(account);
    if (member == nullptr) return "not a member of the group";
    const bool admin = member->role >= Role::admin;
    if (what == Speech::rule) {
        if (!admin) return "only admins do that to what all see";
        return std::nullopt;
    }
    if (member->muted_until_ms > hlc_ms) return "muted in the group";
    if (admin) return std::nullopt;
    if (policy.all_muted) return "all who are no admins are muted in the group";
    if (policy.kind == ConversationKind::channel && what == Speech::post) return "in a channel only admins write";
    return std::nullopt;
}

} // namespace godwit::policy
